"""Stage ``vsr``: FCA² stays bit-equal, and flow follows the number of the iteration alone."""

import pytest
import torch

from fca2_plugin.basicsr import runner
from fca2_plugin.checkpoints import read_state_dict, select_part
from tests.basicsr import runs

pytestmark = pytest.mark.basicsr

FROZEN = ("cleaning", "autoencoder")
FLOW = "vsr.spynet.basic_module.5.basic_module.8.weight"


@pytest.fixture(scope="module")
def frozen_runs(clips, pretrained, tmp_path_factory):
    """Three iterations past ``fix_flow: 2``, where the host un-freezes, and one after a resume."""
    root = tmp_path_factory.mktemp("frozen")
    checkpoints = {
        "cleaning": str(pretrained["cleaning"]),  # a run's folder, and a file
        "autoencoder": str(pretrained["autoencoder"] / "models/net_g_2.pth"),
    }
    cfg = runs.options(clips, train__total_iter=3)
    cfg["network_g"] = runs.wrapped(stage="vsr", checkpoints=checkpoints)
    cfg = runs.load(root, cfg)
    first = runner.train(cfg)
    cfg["train"]["total_iter"] = 4
    cfg["network_g"]["checkpoints"] = {"cleaning": "gone.pth"}  # a resumed run needs none
    runner.use_resume(cfg)
    return root / "experiments/run", first, runner.train(cfg)


@pytest.mark.parametrize("part", FROZEN)
@pytest.mark.parametrize("kind", ["params", "params_ema"])
@pytest.mark.parametrize("iteration", [3, 4])
def test_frozen_weights_are_bit_equal(frozen_runs, pretrained, part, kind, iteration):
    before = select_part(read_state_dict(pretrained[part]), part)
    state = runs.read_weights(frozen_runs[0], f"net_g_{iteration}", kind)
    after = select_part(state, part)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_the_vsr_network_learns_through_the_frozen_decoder(frozen_runs):
    states = [runs.read_weights(frozen_runs[0], f"net_g_{i}") for i in (1, 2, 3, 4)]
    means = [runs.read_weights(frozen_runs[0], f"net_g_{i}", "params_ema") for i in (1, 2, 3, 4)]
    for before, after in zip(states[:-1], states[1:], strict=True):
        assert not torch.equal(before["vsr.conv_last.weight"], after["vsr.conv_last.weight"])
        assert not torch.equal(before[FLOW], after[FLOW])  # from iteration 2 on
    assert torch.equal(means[0][FLOW], states[0][FLOW])  # iteration 1
    for mean, state in zip(means[1:], states[1:], strict=True):
        assert not torch.equal(mean[FLOW], state[FLOW])


def test_the_optimiser_holds_what_learns(frozen_runs):
    for model in frozen_runs[1:]:
        net = model.net_g
        held = {id(v) for group in model.optimizer_g.param_groups for v in group["params"]}
        assert held == set(map(id, net.vsr.parameters()))
        normal, flow = model.optimizer_g.param_groups
        assert set(map(id, flow["params"])) == set(map(id, net.vsr.spynet.parameters()))
        assert flow["lr"] == pytest.approx(0.125 * normal["lr"], rel=1e-4)
        for part in FROZEN:
            assert not getattr(net, part).training
            assert not any(v.requires_grad for v in getattr(net, part).parameters())


def test_the_schedule_is_the_iteration_alone(clips, tmp_path):
    """Resumed in the middle of the frozen time; the host freezes at iteration 1 only."""
    cfg = runs.options(clips, train__fix_flow=4, train__total_iter=2)
    cfg = runs.load(tmp_path, cfg)
    runner.train(cfg)
    cfg["train"]["total_iter"] = 4
    runner.use_resume(cfg)
    model = runner.train(cfg)
    flow = [
        runs.read_weights(tmp_path / "experiments/run", f"net_g_{i}")[FLOW] for i in (1, 2, 3, 4)
    ]
    assert torch.equal(flow[0], flow[1])
    assert torch.equal(flow[1], flow[2])
    assert not torch.equal(flow[2], flow[3])
    for iteration, learns in ((1, False), (3, False), (4, True), (2, False), (100, True)):
        model.hold_flow(iteration)
        assert {v.requires_grad for v in model.net_g.vsr.spynet.parameters()} == {learns}
        assert all(v.requires_grad for v in model.net_g.vsr.conv_last.parameters())


def test_the_average_moves_as_the_hosts(clips, tmp_path):
    model = runner.train(runs.load(tmp_path, runs.options(clips, train__fix_flow=None)))
    expected = {k: v.clone() for k, v in model.net_g_ema.named_parameters()}
    for key, value in model.net_g.named_parameters():
        expected[key].data.mul_(0.9).add_(value.data, alpha=0.1)
    model.model_ema(0.9)
    assert all(torch.equal(v, expected[k]) for k, v in model.net_g_ema.named_parameters())


def test_edvr_is_held_with_the_flow(clips, tmp_path):
    cfg = runs.options(clips, train__total_iter=1, train__ema_decay=0, train__flow_lr_mul=1)
    cfg["network_g"] = runs.wrapped("IconVSR", cleaning=False, autoencoder=False)
    cfg["val"] = None
    model = runner.train(runs.load(tmp_path, cfg))
    assert not any(v.requires_grad for v in model.net_g.vsr.edvr.parameters())
    (group,) = model.optimizer_g.param_groups
    assert set(map(id, group["params"])) == set(map(id, model.net_g.parameters()))
