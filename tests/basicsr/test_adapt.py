"""Stage ``adapt``: FCA² learns around a trained network of the host, which stays as it is."""

import pytest
import torch

from fca2_plugin.basicsr import runner
from fca2_plugin.checkpoints import read_state_dict, select_part
from tests.basicsr import runs

pytestmark = pytest.mark.basicsr


@pytest.fixture(scope="module")
def trained(clips, tmp_path_factory):
    """The folder of a run that trained the network alone."""
    root = tmp_path_factory.mktemp("alone")
    cfg = runs.options(clips, name="alone")
    # nothing but padding, which the host's network needs for frames this small
    cfg["network_g"] = runs.wrapped(autoencoder=False, cleaning=False)
    runner.train(runs.load(root, cfg))
    return root / "experiments/alone"


@pytest.mark.parametrize("cached", [False, True])
def test_the_network_stays_and_fca2_learns(trained, clips, tmp_path, cached):
    more = dict(autoencoder=dict(clean_channels=0), vsr_cache=str(tmp_path / "c")) if cached else {}
    cfg = runs.options(clips, name="adapt", train__fix_flow=None)
    cfg["network_g"] = runs.wrapped(
        stage="adapt", preset="tiny_fast", checkpoints={"vsr": str(trained)}, **more
    )
    cfg = runs.load(tmp_path, cfg)
    runner.train(cfg)
    cfg["train"]["total_iter"] = 3
    runner.use_resume(cfg)
    model = runner.train(cfg)
    before = select_part(read_state_dict(trained), "vsr")
    state = runs.read_weights(tmp_path / "experiments/adapt", "net_g_2")
    after = select_part(state, "vsr")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert all(torch.equal(before[k], v) for k, v in model.net_g.vsr.state_dict().items())
    assert state["autoencoder.fusion.1.weight"].abs().sum() > 0  # it starts at zero
    assert bool(list((tmp_path / "c").rglob("*.safetensors"))) == cached
