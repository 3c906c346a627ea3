"""Training steps: what they do, what is frozen, what is counted, memory, bad input."""

import pytest
import torch
from rich.console import Console
from torch import nn

from fca2_plugin.apps.benchmark import Choice, Setting, compare, memory, run
from fca2_plugin.apps.benchmark.command import benchmark_command, benchmark_table, ratios_text
from fca2_plugin.apps.benchmark.counting import count_macs, count_work, held_bytes
from fca2_plugin.apps.benchmark.networks import VSR_STAGES, build_pair
from fca2_plugin.apps.benchmark.passes import OTHER, PARTS, STEP_PARTS, TrainingStep
from fca2_plugin.apps.report.results_page import write_results
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.nets import CompactVSRNet, FCA2Net
from fca2_plugin.nets.build import build_parts
from tests.conftest import require_host

QUIET = Console(quiet=True)
CPU = InferenceSettings("cpu")
SMALL = Setting(frames=3, size=(16, 12), repeats=1, inference=CPU, training=True, memory=False)
FROZEN = ("cleaning", "autoencoder")


def build(preset: str, frozen=()) -> FCA2Net:
    parts = {k: v for k, v in build_parts("joint", preset).items() if v is not None}
    vsr = CompactVSRNet(mid_channels=4, num_blocks=1)
    return FCA2Net(vsr=vsr, frozen=[one for one in frozen if one in parts], **parts)


@pytest.fixture
def clip():
    return torch.rand(1, 7, 3, 12, 16)


@pytest.fixture
def pair(monkeypatch):
    """Toy networks in place of a host's."""
    wrapped = build("tiny", FROZEN)
    pair = {"baseline": FCA2Net(vsr=wrapped.vsr), "wrapped": wrapped}
    monkeypatch.setattr(run, "build_pair", lambda choice: pair)
    return pair


@pytest.mark.parametrize("frozen", [FROZEN, ()])
@pytest.mark.parametrize("preset", ["tiny", "tiny_fast"])
def test_a_step_trains_what_is_not_frozen(clip, preset, frozen):
    net = build(preset, frozen)
    step = TrainingStep(net, clip)
    before = {name: one.clone() for name, one in net.state_dict().items()}
    assert step(clip).shape == (1, 7, 3, 48, 64)
    moved = {name for name, one in net.state_dict().items() if not torch.equal(one, before[name])}
    assert any(name.startswith("vsr.") for name in moved)
    assert any(name.startswith("autoencoder.") for name in moved) is (not frozen)
    assert {name.partition(".")[0] for name in moved} <= {"vsr", *FROZEN} - set(frozen)
    assert all(one.grad is None for one in net.parameters())  # let go before the next batch


def test_steps_lower_the_loss(clip):
    step = TrainingStep(build("tiny_fast"), clip)
    for group in step.optimizer.param_groups:
        group["lr"] = 1e-2
    losses = [step.loss(step(clip)).item() for _ in range(4)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("preset", ["paper", "fast"])
def test_no_gradient_is_kept_for_what_is_frozen(preset):
    """Activations of frozen cleaning and encoding are not saved for the backward pass."""
    clip = torch.rand(1, 3, 3, 8, 8)
    net = build(preset, FROZEN).train()
    codes, _ = net.encode(net.clean(clip))
    assert not codes.requires_grad and codes.grad_fn is None
    sr = net(clip)
    sr.mean().backward()
    assert all(one.grad is not None for one in net.vsr.parameters())
    assert all(one.grad is None for part in FROZEN for one in _parameters(getattr(net, part)))


def _parameters(part: nn.Module | None):
    return () if part is None else part.parameters()


def test_backward_is_counted_and_its_parts_add_up(clip):
    class PerFrame(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1, bias=False)

        def forward(self, x):
            return self.conv(x.flatten(0, 1)).unflatten(0, x.shape[:2])

    net = FCA2Net(cleaning=PerFrame())
    whole, parts = count_work(TrainingStep(net, clip), clip)
    forward = count_macs(net, clip)
    assert forward == 9 * 9 * 7 * 12 * 16
    # the clip needs no gradient, so that the backward pass is that of the weights alone
    assert parts["cleaning"]["macs"] == parts["backward"]["macs"] == forward
    assert whole["macs"] == 2 * forward
    assert set(parts) == {"cleaning", *STEP_PARTS, OTHER}


def test_frozen_parts_cost_less(clip):
    macs = {
        frozen: count_macs(TrainingStep(build("tiny", frozen), clip), clip)
        for frozen in (FROZEN, ())
    }
    assert macs[FROZEN] < macs[()]


def test_what_is_held_before_a_step(clip):
    net = FCA2Net(cleaning=build("tiny").cleaning)
    step = TrainingStep(net, clip)
    weights = held_bytes(net)
    assert held_bytes(step) == weights + 4 * clip.numel()  # the ground truth
    step(clip)
    scalars = 4 * len(list(net.parameters()))  # Adam's count of steps
    assert held_bytes(step) == 3 * weights + 4 * clip.numel() + scalars
    step.expect(clip[:, :2])
    assert step.gt.shape == (1, 2, 3, 12, 16)


def test_steps_in_turns_leave_the_mode_as_it_was(clip):
    nets = {name: build("tiny", FROZEN) for name in ("baseline", "wrapped")}
    modes = [module.training for net in nets.values() for module in net.modules()]
    steps = {name: TrainingStep(net, clip) for name, net in nets.items()}
    models = compare(steps, clip, repeats=1)["models"]
    assert set(models["wrapped"]["parts"]) == {*PARTS, *STEP_PARTS, OTHER}
    assert modes == [module.training for net in nets.values() for module in net.modules()]


def test_what_comes_back(pair, tmp_path):
    path = tmp_path / "t.json"
    result = benchmark_command(Choice(), SMALL, json_path=path, console=QUIET)
    assert (result["kind"], result["schema"]) == ("benchmark_training", 2)
    assert result["frozen"] == ["autoencoder", "cleaning"] and result["peak_ratio"] is None
    assert {"loss", "backward", "optimiser"} < set(result["wrapped"]["parts"])
    assert "peak memory" not in ratios_text(result) and "of the MACs" in ratios_text(result)
    console = Console(record=True, width=160)
    console.print(benchmark_table([{**result, "stage": "vsr"}]))
    assert "training step, stage vsr (autoencoder, cleaning frozen)" in console.export_text()
    page, text = write_results([path], tmp_path / "report")
    assert "Training steps" in page.read_text() and "stage" in text.read_text()


@pytest.mark.mmagic
def test_stages_by_name():
    require_host("mmagic")
    assert set(VSR_STAGES) == {"vsr", "joint", "finetune"}
    frozen = {
        stage: build_pair(Choice(preset="fast", tiny=True, stage=stage))["wrapped"].frozen
        for stage in VSR_STAGES
    }
    assert frozen == {"vsr": {"autoencoder"}, "joint": set(), "finetune": set()}
    wrapped = build_pair(Choice(preset="fast", tiny=True))["wrapped"]
    assert wrapped.stage == "joint"  # the preset's own
    with pytest.raises(ValueError, match=r"unknown stage 'vrs' .did you mean 'vsr'"):
        build_pair(Choice(stage="vrs"))
    with pytest.raises(ValueError, match=r"a.py sets its own stage, so leave --stage out"):
        build_pair(Choice(stage="vsr", config="a.py"))


@pytest.mark.mmagic
@pytest.mark.skipif(not memory.CLEAR_REFS.exists(), reason="needs Linux")
def test_memory_of_a_step_is_mostly_what_backward_needs():
    require_host("mmagic")
    choice, side = Choice(tiny=True, preset="fast", stage="vsr"), 64
    baseline, wrapped = (
        memory.measure_memory(choice, name, (1, 7, 3, side, side), CPU, training=True)
        for name in ("baseline", "wrapped")
    )
    plane = (4 * side) ** 2 * 4 / memory.MIB  # one channel of one frame at the output's size
    # BasicVSR keeps 64 channels of every frame before and after its last activation
    assert baseline["above_model_mib"] > 7 * 2 * 64 * plane
    assert wrapped["above_model_mib"] < 0.8 * baseline["above_model_mib"]
    for values in (baseline, wrapped):
        assert values["peak_mib"] > values["above_model_mib"] + 7 * 3 * plane  # the ground truth


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"inference": InferenceSettings(dtype="float16")},
            "cannot be timed with float16; expected flo",
        ),
        (
            {"inference": InferenceSettings(cuda_graphs=True)},
            "cannot be timed with float32, CUDA graphs",
        ),
    ],
)
def test_settings_that_do_not_train(monkeypatch, arguments, message):
    monkeypatch.setattr(InferenceSettings, "find_device", lambda self: torch.device("cpu"))
    with pytest.raises(ValueError, match=message):
        Setting(training=True, **arguments)


def test_training_is_not_swept(pair, tmp_path):
    with pytest.raises(ValueError, match="--training measures one clip size only; leave --sw"):
        benchmark_command(Choice(), SMALL, sweep="size", json_path=tmp_path / "s.json")
