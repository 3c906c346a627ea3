"""Any network becomes one from clips to clips, with what it needs known."""

import pytest
import torch
from torch import nn

from fca2_plugin.apps.upscale import Upscaler, list_presets
from fca2_plugin.apps.upscale.network import RECURRENT_CONTEXT
from fca2_plugin.apps.upscale.presets import enlarge, load_preset
from fca2_plugin.nets import FCA2Net, FramesAsBatch, FrontEnd, NetSpec, SlidingWindow, STDFNet
from tests.apps.upscale.films import Enlarge


class Images(nn.Module):
    spec = NetSpec(scale=2, num_frames=1, size_multiple=4)

    def forward(self, x):
        assert x.shape[-1] % 4 == 0
        return enlarge(x[None], 2)[0]


class Middle(nn.Module):
    spec = NetSpec(scale=2, num_frames=5, center_only=True)

    def forward(self, window):
        return enlarge(window[:, 2:3], 2)[:, 0]


class Recurrent(nn.Module):
    """Says nothing of itself."""

    def forward(self, clip):
        return enlarge(clip, 3)


class Fussy(Recurrent):
    spec = NetSpec(scale=3, size_multiple=8)

    def forward(self, clip):
        assert clip.shape[-1] % 8 == 0
        return super().forward(clip)


@pytest.mark.parametrize(
    ("network", "scale", "context", "kind"),
    [
        (Images(), 2, 0, FramesAsBatch),
        (Middle(), 2, 2, SlidingWindow),
        (Recurrent(), 3, RECURRENT_CONTEXT, Recurrent),
        (Fussy(), 3, RECURRENT_CONTEXT, FCA2Net),
        (Enlarge(2, 5), 2, 5, Enlarge),
        (FCA2Net(vsr=Enlarge(2, 3)), 2, 3, FCA2Net),
        (FrontEnd(STDFNet(in_channels=3), Recurrent()), 3, 3 + RECURRENT_CONTEXT, FrontEnd),
    ],
)
def test_scale_context_and_adapter(network, scale, context, kind):
    upscaler = Upscaler(network, "it", "cpu")
    assert (upscaler.scale, upscaler.context) == (scale, context)
    assert isinstance(upscaler.network, kind)
    assert upscaler(torch.rand(1, 3, 3, 18, 21)).shape == (1, 3, 3, 18 * scale, 21 * scale)


def test_presets():
    assert "bicubic" in list_presets()
    assert all(load_preset(name) for name in list_presets())
    upscaler = Upscaler(load_preset("bicubic"), "bicubic", "cpu")
    clip = torch.full((1, 2, 3, 8, 8), 0.5)
    assert torch.allclose(upscaler(clip), torch.full((1, 2, 3, 32, 32), 0.5))
    assert (upscaler.scale, upscaler.context, upscaler.align) == (4, 0, 1)
    assert enlarge(clip, 1) is clip


def test_the_fingerprint_is_of_the_structure_and_the_weights():
    torch.manual_seed(0)
    one, same, other = (nn.Conv2d(3, 3, 1) for _ in range(3))
    same.load_state_dict(one.state_dict())
    prints = []
    for conv in (one, same, other, nn.Sequential(one)):
        network = Enlarge(1)
        network.conv = conv
        prints.append(Upscaler(network, "it", "cpu").fingerprint())
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_half_precision_stays_close():
    network = Enlarge(2)
    network.conv = nn.Conv2d(3, 3, 3, padding=1)
    network.forward = lambda lq: enlarge(network.conv(lq[0])[None].float(), 2)
    clip = torch.rand(1, 2, 3, 16, 16)
    full, half = (Upscaler(network, "it", "cpu", p)(clip) for p in ("fp32", "bf16"))
    assert not torch.equal(full, half)
    assert (full - half).abs().max() < 0.05
