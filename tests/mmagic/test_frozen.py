"""Stage ``vsr``: FCA² stays bit-equal, whatever the host un-freezes."""

import pytest
import torch

from fca2_plugin.checkpoints import read_state_dict, select_part
from fca2_plugin.mmagic import runner
from tests.mmagic import runs

pytestmark = pytest.mark.mmagic


@pytest.fixture(scope="module")
def frozen_run(clips, pretrained, tmp_path_factory):
    """Three iterations past ``fix_iter=1`` with EMA, then one more after a resume.

    The cleaning network comes from a work directory, the autoencoder from a file.
    """
    folder = tmp_path_factory.mktemp("frozen")
    checkpoints = {
        "cleaning": str(pretrained["cleaning"]),
        "autoencoder": str(pretrained["autoencoder"] / "iter_2.pth"),
    }
    text = runs.wrapped(stage="vsr", checkpoints=checkpoints)
    text += "\ncustom_hooks = [dict(type='EMAHook'), dict(type='FCA2ProgressHook')]\n"
    settings = {
        **runs.options(clips),
        "model.model.train_cfg.fix_iter": 1,
        "train_cfg.max_iters": 3,
        "default_hooks.checkpoint.interval": 1,
    }
    assert runs.load(folder, "vsr", text, settings).find_unused_parameters
    first = runner.train(runs.load(folder, "vsr", text, settings))
    # a resumed run takes all weights from its own checkpoint
    text = text.replace(str(pretrained["cleaning"]), "gone")
    cfg = runs.load(folder, "vsr", text.replace("'gone'", repr(str(pretrained["cleaning"]))), settings)
    cfg.train_cfg.max_iters = 4
    runner.use_resume(cfg)
    second = runner.train(cfg)
    return folder / "vsr", first, second


@pytest.mark.parametrize("part", ["cleaning", "autoencoder"])
@pytest.mark.parametrize("iteration", [3, 4])
def test_frozen_weights_are_bit_equal(frozen_run, pretrained, part, iteration):
    work_dir = frozen_run[0]
    before = select_part(read_state_dict(pretrained[part]), part)
    after = runs.read_weights(work_dir / f"iter_{iteration}.pth", part)
    assert before.keys() == after.keys() and before
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_the_vsr_network_learns_through_the_frozen_decoder(frozen_run):
    work_dir = frozen_run[0]
    weights = [runs.read_weights(work_dir / f"iter_{i}.pth", "vsr") for i in (1, 2, 3, 4)]
    for before, after in zip(weights, weights[1:], strict=False):
        assert not torch.equal(before["conv_last.weight"], after["conv_last.weight"])
    flow = "spynet.basic_module.5.basic_module.4.conv.weight"
    assert not torch.equal(weights[0][flow], weights[2][flow])  # un-frozen by the host at fix_iter


def test_frozen_parts_have_no_optimiser_state(frozen_run):
    for run in frozen_run[1:]:
        generator = run.model.generator
        state = run.optim_wrapper.optimizer.state
        assert not any(p in state for p in generator.cleaning.parameters())
        assert not any(p in state for p in generator.autoencoder.parameters())
        assert all(p in state for p in generator.vsr.conv_last.parameters())
        assert not any(
            module.training or any(p.requires_grad for p in module.parameters())
            for module in (generator.cleaning, generator.autoencoder)
        )


def test_ema_keeps_frozen_parts_too(frozen_run, pretrained):
    saved = torch.load(frozen_run[0] / "iter_4.pth", map_location="cpu")
    # MMEngine saves the averaged weights as state_dict, and those that learn as ema_state_dict
    live = saved["ema_state_dict"]
    part = select_part(read_state_dict(pretrained["autoencoder"]), "autoencoder")
    for key, value in part.items():
        assert torch.equal(live[f"module.generator.autoencoder.{key}"], value)
    key = "generator.vsr.conv_last.weight"
    assert not torch.equal(saved["state_dict"][key], live[f"module.{key}"])
