"""Networks side by side: counts against arithmetic, turns, what comes back, bad input."""

import importlib
import json

import pytest
import torch
from torch import nn
from torchvision.ops import DeformConv2d

from fca2_plugin.apps.benchmark import compare, count_macs, count_parameters, timing
from fca2_plugin.nets.cleaning import CleaningNet
from fca2_plugin.nets.fca2 import FCA2Net


class PerFrame(nn.Module):
    """A convolution on every frame of a clip; writes down who ran, when and how."""

    def __init__(self, name: str = "", log: list | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.name, self.log = name, log if log is not None else []

    def forward(self, clip):
        self.log.append((self.name, self.training, torch.is_grad_enabled()))
        n, t, c, h, w = clip.shape
        return self.conv(clip.view(n * t, c, h, w)).view(n, t, 3, h, w)


class CentreFrame(nn.Module):
    def forward(self, clip):
        return clip[:, 1]


@pytest.fixture
def clip():
    return torch.rand(1, 3, 3, 8, 10)


def test_macs_of_convolutions():
    x = torch.rand(2, 4, 9, 11)
    assert count_macs(nn.Conv2d(4, 6, 3, padding=1), x) == 2 * 6 * 4 * 9 * 9 * 11
    assert count_macs(nn.Conv2d(4, 6, 3, groups=2), x) == 2 * 6 * 2 * 9 * 7 * 9


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("stride", [1, 2])
def test_macs_of_deformable_convolution(groups, stride):
    class Deformable(nn.Module):
        def __init__(self):
            super().__init__()
            self.dcn = DeformConv2d(4, 6, 3, stride=stride, padding=1, groups=groups)

        def forward(self, x):
            out = 8 // stride
            return self.dcn(x, x.new_zeros(2, 18, out, out), x.new_ones(2, 9, out, out))

    macs = 2 * 6 * (4 // groups) * 9 * (8 // stride) ** 2
    assert count_macs(Deformable(), torch.rand(2, 4, 8, 8)) == macs


def test_macs_of_the_stand_in_for_mmcv():
    ext = importlib.import_module("fca2_plugin.compat.mmcv_ext")

    class StandIn(nn.Module):
        def forward(self, x):
            offset, weight = x.new_zeros(1, 36, 8, 8), x.new_zeros(6, 4, 3, 3)
            return ext.deform_conv2d(x, offset, weight, 1, 1, 1, 1, 2)

    assert count_macs(StandIn(), torch.rand(1, 4, 8, 8)) == 6 * 4 * 9 * 8 * 8


def test_counts_leave_the_model_as_it_was():
    model = FCA2Net(cleaning=CleaningNet(mid_channels=4, num_blocks=1), frozen=("cleaning",))
    before = [module.training for module in model.modules()]
    assert count_macs(model, torch.rand(1, 1, 3, 8, 8)) > 0
    assert count_parameters(model) == sum(p.numel() for p in model.parameters())
    assert [module.training for module in model.modules()] == before
    assert model.training and not model.cleaning.training


def test_takes_turns_in_evaluation_mode_without_gradients(clip):
    log, steps = [], []
    models = {"a": PerFrame("a", log), "b": PerFrame("b", log)}
    compare(models, clip, repeats=2, warmup=1, progress=lambda *step: steps.append(step))
    assert [name for name, *_ in log] == ["a", "b"] * 4  # counted, warmed up, timed twice
    assert all((training, grad) == (False, False) for _, training, grad in log)
    assert models["a"].training and models["a"].conv.training
    assert steps == [(i, 8) for i in range(1, 9)]


def test_result_is_plain_and_complete(clip):
    result = compare({"base": PerFrame(), "same": PerFrame()}, clip, repeats=3)
    assert json.loads(json.dumps(result)) == result
    assert result["shape"] == [1, 3, 3, 8, 10] and result["dtype"] == "float32"
    assert result["repeats"] == 3 and result["threads"] == torch.get_num_threads()
    assert result["ratios"]["base"] == 1
    assert "CUDA" in result["peak_memory_note"]
    for values in result["models"].values():
        assert values["ms_per_frame"] > 0 and values["iqr_ms_per_frame"] >= 0
        assert values["parameters"] == 84 and values["macs_per_frame"] == 3 * 3 * 9 * 80
        assert values["peak_memory_mib"] is None


def test_times_are_medians_per_frame(clip, monkeypatch):
    # warm-up, then three rounds, two networks in turns; each pair is start and end
    durations = [90, 90, 3, 6, 30, 60, 6, 12]
    ticks = iter([tick for d in durations for tick in (0.0, float(d))])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(ticks))
    result = compare({"fast": PerFrame(), "slow": PerFrame()}, clip, repeats=3, warmup=1)
    fast, slow = result["models"]["fast"], result["models"]["slow"]
    assert fast["ms_per_frame"] == pytest.approx(2000)  # median of 3, 30, 6 s over 3 frames
    assert fast["iqr_ms_per_frame"] == pytest.approx(4500)  # quartiles 4.5 and 18 s
    assert slow["ms_per_frame"] == pytest.approx(4000)
    assert result["ratios"] == pytest.approx({"fast": 1, "slow": 0.5})


def test_one_repeat_has_no_spread(clip):
    result = compare({"a": PerFrame()}, clip, repeats=1, warmup=0)
    assert result["models"]["a"]["iqr_ms_per_frame"] == 0


def test_as_many_frames_must_come_out_as_went_in(clip):
    model = CentreFrame()
    with pytest.raises(ValueError, match="'edvr' returned .* as many frames"):
        compare({"edvr": model}, clip)
    assert model.training  # its flags come back after an error


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_peak_memory_on_cuda(clip):
    models = {"a": PerFrame().cuda(), "b": PerFrame().cuda()}
    result = compare(models, clip.cuda(), repeats=1)
    least = (84 + clip.numel()) * 4 / timing.MIB
    assert all(values["peak_memory_mib"] > least for values in result["models"].values())


def test_long_rounds_are_fewer(monkeypatch):
    clip = torch.rand(1, 2, 3, 4, 4)
    assert compare({"a": PerFrame()}, clip)["repeats"] == 5
    monkeypatch.setattr(timing, "LONG_ROUND_SECONDS", 0)
    assert compare({"a": PerFrame()}, clip)["repeats"] == 3
