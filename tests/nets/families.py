"""What every host's network must show inside FCA², through its adapter."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.nets import FCA2Net, SlidingWindow
from fca2_plugin.ops.padding import pad_space
from fca2_plugin.ops.windows import window_indices

__all__ = ["COMISR", "FTVSR", "STDF", "SWINIR", "check_family", "tof_input"]

#: Configs of our networks, small, for both hosts.
COMISR = dict(type="FCA2COMISRNet", mid_channels=8, num_blocks=1, flow_channels=4)
FTVSR = dict(type="FCA2FTVSRNet", mid_channels=4, num_blocks=1, band_channels=1, num_band_blocks=1)
STDF = dict(
    type="FCA2STDFNet", radius=1, in_channels=3, mid_channels=4, qe_channels=4, num_layers=2
)
#: SwinIR's settings are the same on both hosts.
SWINIR = dict(
    img_size=16,
    embed_dim=12,
    depths=[2],
    num_heads=[2],
    window_size=8,
    mlp_ratio=2,
    upscale=4,
    upsampler="pixelshuffle",
)


def tof_input(frames: Tensor) -> Tensor:
    """What TOFlow is given: frames (t, 3, h, w) enlarged before."""
    return F.interpolate(frames, scale_factor=4, mode="bicubic", antialias=True)


def check_family(
    fca2: FCA2Net,
    prepare: Callable[[Tensor], Tensor] = lambda frames: frames,
    finish: Callable[[Tensor], Tensor] = lambda image: image,
) -> None:
    """Odd sizes, gradients, and the same output as the network alone on the codes.

    Args:
        fca2: A model around an adapter.
        prepare: What the adapter is to do with the codes (k, 3, h, w) before.
        finish: What it is to do with an image (1, 3, H, W) after.
    """
    adapter: nn.Module = fca2.vsr
    assert fca2.spec.scale == 4
    generator = torch.Generator().manual_seed(0)
    for size in ((13, 17), (2, 3)):
        lq = torch.rand(1, 8, 3, *size, generator=generator)
        sr = fca2(lq)
        assert sr.shape == (1, 8, 3, 4 * size[0], 4 * size[1])
        assert sr.isfinite().all()
    sr.square().mean().backward()
    for name, parameter in adapter.named_parameters():
        if not parameter.requires_grad:  # ECBSR's fixed filters
            continue
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    assert any(p.grad is not None and p.grad.any() for p in adapter.parameters())

    fca2.eval()
    with torch.no_grad():
        codes, _ = fca2.encode(torch.rand(1, 7, 3, 13, 17, generator=generator))
        padded = pad_space(codes, adapter.spec.size_multiple, adapter.spec.min_size)
        frames = prepare(padded[0])
        for index in range(codes.shape[1]):
            if isinstance(adapter, SlidingWindow):
                windows = window_indices(len(frames), adapter.num_frames, "reflection")
                image = adapter.net(frames[windows[index]][None])
            else:
                image = adapter.net(frames[index : index + 1])
            image = finish(image[0] if isinstance(image, tuple) else image)[..., :52, :68]
            sr = fca2.super_resolve(codes)[:, index]
            torch.testing.assert_close(sr, image, rtol=1e-5, atol=1e-5)
