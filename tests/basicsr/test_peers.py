"""The tables' other networks, alone and inside FCA², train and test in BasicSR's pipeline."""

import pytest

from fca2_plugin.basicsr import runner
from tests.basicsr import runs
from tests.conftest import require_host
from tests.nets.families import COMISR, FTVSR, STDF

require_host("basicsr")

pytestmark = pytest.mark.basicsr

BASICVSR = dict(type="BasicVSR", **runs.NETS["BasicVSR"])
PEERS = {
    "comisr": COMISR,
    "ftvsr": FTVSR,
    # padded to what BasicSR's SPyNet asks for
    "stdf": dict(type="FCA2FrontEnd", front=STDF, vsr=BASICVSR),
}


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "wrapped"])
@pytest.mark.parametrize("name", PEERS)
def test_training(name, inside, clips, tmp_path):
    cfg = runs.options(clips, datasets__train__num_frame=3)
    net = PEERS[name]
    if inside:
        net = dict(type="FCA2Net", stage="joint", preset="tiny", vsr=net)
    cfg["network_g"] = net
    model = runner.train(runs.load(tmp_path, cfg))
    saved = runs.read_weights(tmp_path / "experiments/run")
    assert saved.keys() == model.net_g.state_dict().keys()
    if name == "stdf":
        prefix = "vsr." if inside else ""
        assert {f"{prefix}front.enhance.0.weight", f"{prefix}vsr.spynet.mean"} <= saved.keys()


def test_a_network_is_missing(clips, tmp_path):
    cfg = runs.options(clips)
    cfg["network_g"] = dict(type="FCA2FrontEnd", front=STDF)
    with pytest.raises(TypeError, match="FCA2FrontEnd got no vsr; expected vsr as a network's co"):
        runner.train(runs.load(tmp_path, cfg))
