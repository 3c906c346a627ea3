"""Any network becomes one from clips to clips, with what it needs known."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from fca2_plugin.apps.upscale.plan import make_segments, windows
from fca2_plugin.inference.bicubic import enlarge
from fca2_plugin.inference.load import load_runner
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.inference.sizes import Sizes
from fca2_plugin.inference.weights_list import list_weights
from fca2_plugin.nets import (
    CompactVSRNet,
    FCA2Net,
    FramesAsBatch,
    FrontEnd,
    GuidedAutoencoder,
    NetSpec,
    SlidingWindow,
    STDFNet,
)
from fca2_plugin.nets.spec import RECURRENT_CONTEXT
from tests.apps.upscale.films import Blend, Enlarge

CPU = InferenceSettings("cpu")


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
    runner = ClipRunner(network, "it", CPU)
    assert (runner.scale, runner.context) == (scale, context)
    assert isinstance(runner.network, kind)
    assert runner(torch.rand(1, 3, 3, 18, 21)).shape == (1, 3, 3, 18 * scale, 21 * scale)


def joined(vsr: nn.Module, **settings) -> FCA2Net:
    torch.manual_seed(0)
    guided = GuidedAutoencoder(clean_channels=4, clean_blocks=1, mid_channels=4, num_blocks=1)
    for tail in (guided.cleaner[-1], guided.fusion[-1]):  # they start at zero
        nn.init.normal_(tail.weight, std=0.1)
    return FCA2Net(guided, vsr, color_correction=None, **settings)


@pytest.mark.parametrize(
    ("network", "context", "align"),
    [
        (joined(Enlarge(2), join_codes=True), 6, 1),
        (joined(Blend(2, 1), join_codes=True), 10, 1),
        (joined(CompactVSRNet(4, 1), join_codes=True), RECURRENT_CONTEXT, 1),
        (joined(Enlarge(2)), 0, 7),
        (joined(Enlarge(2), join_codes=True, grouping="adaptive"), 0, 1),
    ],
)
def test_what_fca2_needs_to_see(network, context, align):
    runner = ClipRunner(network, "it", CPU)
    assert (runner.context, runner.align) == (context, align)


@pytest.mark.parametrize("types", ["", "IBBBPBBBPBBPPBBBPBBBPBBBPBBBPBBBPBBB"])
@pytest.mark.parametrize("size", [21, 25])
@torch.no_grad()
def test_windows_of_a_shot_give_what_the_whole_shot_gives(types, size):
    runner = ClipRunner(joined(Blend(2, 1), join_codes=True), "it", CPU)
    first, last = shot = 5, 41
    clip = torch.rand(1, last, 3, 16, 16)
    whole = runner(clip[:, first:], runner.plan_window(shot, first, last, types))
    sizes = Sizes(size, runner.context, None, 0)
    (segment,) = make_segments(first, last, (), 100)
    seen = list(windows(segment, sizes, runner.align))
    assert len(seen) > 2
    for window in seen:
        groups = runner.plan_window(window.shot, window.start, window.stop, types)
        part = runner(clip[:, window.start : window.stop], groups)[:, window.keep]
        start = window.start + window.keep.start - first
        expected = whole[:, start : start + part.shape[1]]
        torch.testing.assert_close(part, expected, rtol=1e-4, atol=1e-5)


def test_presets():
    assert "bicubic" in list_weights()
    runners = [load_runner(weights=name, settings=CPU) for name in list_weights()]
    assert [runner.name for runner in runners] == list(list_weights())
    runner = load_runner(weights="bicubic", settings=CPU)
    clip = torch.full((1, 2, 3, 8, 8), 0.5)
    assert torch.allclose(runner(clip), torch.full((1, 2, 3, 32, 32), 0.5))
    assert (runner.scale, runner.context, runner.align) == (4, 0, 1)
    assert enlarge(clip, 1) is clip


def test_the_fingerprint_is_of_the_structure_and_the_weights():
    torch.manual_seed(0)
    one, same, other = (nn.Conv2d(3, 3, 1) for _ in range(3))
    same.load_state_dict(one.state_dict())
    prints = []
    for conv in (one, same, other, nn.Sequential(one)):
        network = Enlarge(1)
        network.conv = conv
        prints.append(ClipRunner(network, "it", CPU).fingerprint())
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_half_precision_stays_close():
    class Conv(Enlarge):
        def __init__(self):
            super().__init__(2)
            self.conv = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, lq):
            return enlarge(self.conv(lq[0])[None].float(), 2)

    network = Conv()
    clip = torch.rand(1, 2, 3, 16, 16)
    full, half = (
        ClipRunner(deepcopy(network), "it", InferenceSettings("cpu", dtype))(clip)
        for dtype in ("float32", "bfloat16")
    )
    assert not torch.equal(full, half)
    assert (full - half).abs().max() < 0.05
