"""The tables' other networks, alone and inside FCA², train and test in MMagic's Runner."""

import pytest
import torch

from fca2_plugin.mmagic import runner
from tests.conftest import require_host
from tests.mmagic import runs
from tests.nets.families import COMISR, FTVSR, STDF

require_host("mmagic")

pytestmark = pytest.mark.mmagic

BASICVSR = dict(type="BasicVSRNet", **runs.TINY_NET)
PEERS = {
    "comisr": COMISR,
    "ftvsr": FTVSR,
    "stdf": dict(type="FCA2FrontEnd", front=STDF, vsr=BASICVSR),
}


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "wrapped"])
@pytest.mark.parametrize("name", PEERS)
def test_training(name, inside, clips, tmp_path):
    net = PEERS[name]
    if inside:
        net = dict(type="FCA2Net", stage="joint", preset="tiny", vsr=net)
    text = "\n".join(
        [
            f"_base_ = {runs.BASES['BasicVSRNet']!r}",
            runs.IMPORTS,
            f"model = dict(generator=dict(_delete_=True, **{net!r}))",
        ]
    )
    settings = {k: v for k, v in runs.options(clips).items() if not k.startswith("model")}
    for part in ("train", "val"):
        settings[f"{part}_dataloader.dataset"]["num_input_frames"] = 3
    finished = runner.train(runs.load(tmp_path, "run", text, settings))
    saved = torch.load(tmp_path / "run/iter_2.pth", map_location="cpu")["state_dict"]
    generator = finished.model.generator.state_dict()
    for key, value in generator.items():
        assert torch.equal(saved[f"generator.{key}"], value)
    prefix = "vsr." if inside else ""
    if name == "stdf":
        assert {f"{prefix}front.enhance.0.weight", f"{prefix}vsr.spynet.mean"} <= generator.keys()
