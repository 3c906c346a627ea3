"""Stage ``vsr``: FCA² stays bit-equal, whatever the host un-freezes."""

import pytest
import torch

from fca2_plugin.checkpoints import read_state_dict, select_part
from fca2_plugin.mmagic import runner
from tests.mmagic import runs

pytestmark = pytest.mark.mmagic

FROZEN = ("cleaning", "autoencoder")


@pytest.fixture(scope="module")
def frozen_config(clips, pretrained, tmp_path_factory):
    """Stage ``vsr``; the cleaning network from a work directory, the autoencoder from a file."""
    folder = tmp_path_factory.mktemp("frozen")
    checkpoints = {
        "cleaning": str(pretrained["cleaning"]),
        "autoencoder": str(pretrained["autoencoder"] / "iter_2.pth"),
    }
    settings = {
        **runs.options(clips),
        "model.model.train_cfg.fix_iter": 1,
        "train_cfg.max_iters": 3,
        "default_hooks.checkpoint.interval": 1,
    }
    text = runs.wrapped(stage="vsr", checkpoints=checkpoints)
    return lambda name, **more: runs.load(folder, name, text, {**settings, **more})


@pytest.fixture(scope="module")
def frozen_runs(frozen_config):
    """Three iterations past ``fix_iter=1``, where the host un-freezes, and one after a resume."""
    cfg = frozen_config("vsr")
    assert cfg.find_unused_parameters  # as the host's configs have it
    first = runner.train(cfg)
    cfg.train_cfg.max_iters = 4
    runner.use_resume(cfg)
    return first, runner.train(cfg)


@pytest.mark.parametrize("part", FROZEN)
@pytest.mark.parametrize("iteration", [3, 4])
def test_frozen_weights_are_bit_equal(frozen_runs, pretrained, part, iteration):
    before = select_part(read_state_dict(pretrained[part]), part)
    after = runs.read_weights(f"{frozen_runs[0].work_dir}/iter_{iteration}.pth", part)
    assert before
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_the_vsr_network_learns_through_the_frozen_decoder(frozen_runs):
    path = frozen_runs[0].work_dir
    weights = [runs.read_weights(f"{path}/iter_{i}.pth", "vsr") for i in (1, 2, 3, 4)]
    for before, after in zip(weights[:-1], weights[1:], strict=True):
        assert not torch.equal(before["conv_last.weight"], after["conv_last.weight"])
    flow = "spynet.basic_module.5.basic_module.4.conv.weight"
    assert not torch.equal(weights[0][flow], weights[2][flow])  # the host un-froze it at fix_iter


def test_frozen_parts_have_no_optimiser_state(frozen_runs):
    for run in frozen_runs:
        generator = run.model.generator
        state = run.optim_wrapper.optimizer.state
        assert all(weight in state for weight in generator.vsr.conv_last.parameters())
        for module in (generator.cleaning, generator.autoencoder):
            assert not module.training
            assert not any(w.requires_grad or w in state for w in module.parameters())


def test_the_hosts_ema(frozen_config, pretrained):
    hooks = [dict(type="EMAHook")]
    run = runner.train(frozen_config("ema", custom_hooks=hooks))
    saved = torch.load(f"{run.work_dir}/iter_3.pth", map_location="cpu")
    averaged, live = saved["state_dict"], saved["ema_state_dict"]
    key = "generator.vsr.conv_last.weight"
    assert not torch.equal(averaged[key], live[f"module.{key}"])
    for part in FROZEN:
        for key, value in select_part(read_state_dict(pretrained[part]), part).items():
            name = f"generator.{part}.{key}"
            assert torch.equal(live[f"module.{name}"], value)
            # MMagic's average of equal weights, (1 - m) w + m w, is not w to the last bit
            torch.testing.assert_close(averaged[name], value, rtol=1e-5, atol=1e-7)
