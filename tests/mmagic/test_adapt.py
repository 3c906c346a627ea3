"""Stage ``adapt``: FCA² learns around a trained network of the host, which stays as it is."""

import pytest
import torch

from fca2_plugin.checkpoints import read_state_dict, select_part
from fca2_plugin.mmagic import runner
from tests.mmagic import runs

pytestmark = pytest.mark.mmagic


@pytest.fixture(scope="module")
def trained(clips, tmp_path_factory):
    """The folder of a run that trained the network alone."""
    folder = tmp_path_factory.mktemp("alone")
    settings = runs.options(clips, generator="model.generator")
    runner.train(runs.load(folder, "alone", f"_base_ = {runs.BASES['BasicVSRNet']!r}", settings))
    return folder / "alone"


@pytest.mark.parametrize("cached", [False, True])
def test_the_network_stays_and_fca2_learns(trained, clips, tmp_path, cached):
    more = dict(autoencoder=dict(clean_channels=0), vsr_cache=str(tmp_path / "c")) if cached else {}
    text = runs.wrapped(
        stage="adapt", preset="tiny_fast", checkpoints=dict(vsr=str(trained)), **more
    )
    settings = {**runs.options(clips), "model.model.train_cfg.fix_iter": 0}
    cfg = runs.load(tmp_path, "adapt", text, settings)
    runner.train(cfg)
    cfg.train_cfg.max_iters = 3
    runner.use_resume(cfg)
    run = runner.train(cfg)
    before = select_part(read_state_dict(trained), "generator")
    path = f"{run.work_dir}/iter_2.pth"
    after = runs.read_weights(path, "vsr")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert all(torch.equal(before[k], v) for k, v in run.model.generator.vsr.state_dict().items())
    fusion = runs.read_weights(path, "autoencoder.fusion")
    assert fusion["1.weight"].abs().sum() > 0  # it starts at zero
    assert bool(list((tmp_path / "c").rglob("*.safetensors"))) == cached
