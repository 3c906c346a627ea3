"""COMISR: the published sizes, and what its parts do."""

import pytest
import torch

from fca2_plugin.nets import COMISRNet
from fca2_plugin.ops.resize import bicubic_enlarge


def small(**settings) -> COMISRNet:
    torch.manual_seed(0)
    return COMISRNet(mid_channels=8, num_blocks=1, flow_channels=4, **settings).eval()


def clip(t: int = 4, h: int = 9, w: int = 12) -> torch.Tensor:
    return torch.rand(1, t, 3, h, w, generator=torch.Generator().manual_seed(t))


def test_parameters_are_the_published_codes():
    net = COMISRNet()
    count = {name: sum(p.numel() for p in part.parameters()) for name, part in net.named_children()}
    assert count == {"flow_net": 1_745_506, "refine_flow": 39_298, "generator": 843_587}


@torch.no_grad()
def test_starts_from_bicubic():
    net = small()
    for parameter in net.generator[-1].parameters():
        parameter.zero_()
    x = clip()
    expected = bicubic_enlarge(x[0], 4, "first")
    torch.testing.assert_close(net(x)[0], expected)


@torch.no_grad()
def test_a_frame_depends_on_the_past_alone():
    net, x = small(), clip()
    later = x.clone()
    later[:, 3] = 0
    assert torch.equal(net(x)[:, :3], net(later)[:, :3])
    earlier = x.clone()
    earlier[:, 0] = 0
    assert not torch.equal(net(x)[:, 3], net(earlier)[:, 3])


@torch.no_grad()
def test_sharpening_adds_what_a_blur_takes():
    net = small()
    flat = torch.full((1, 3, 6, 6), 0.4)
    torch.testing.assert_close(net._sharpen(flat), flat)
    point = torch.zeros(1, 3, 7, 7)
    point[..., 3, 3] = 1
    assert float(net._sharpen(point)[0, 0, 3, 3]) == pytest.approx(2 - net.blur_kernel[0, 0, 1, 1])
    assert float(net.blur_kernel[0].sum()) == pytest.approx(1)


@torch.no_grad()
def test_warm_up_runs_the_mirrored_start():
    x = clip(4)
    plain, warm = small(), small(warmup_frames=2)
    mirrored = torch.cat([x[:, [2, 1]], x], dim=1)
    assert torch.equal(warm(x), plain(mirrored)[:, 2:])
    assert warm(x[:, :1]).shape == (1, 1, 3, 36, 48)  # nothing to mirror


def test_a_negative_warm_up():
    with pytest.raises(ValueError, match="warmup_frames must be at least 0"):
        small(warmup_frames=-1)
