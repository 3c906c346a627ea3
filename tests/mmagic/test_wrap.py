"""A stock config of the host, wrapped in three lines: trains, validates, saves, resumes."""

import json

import pytest
import torch

from fca2_plugin.mmagic import runner
from fca2_plugin.mmagic.generator import FCA2Generator
from tests.mmagic import runs

pytestmark = pytest.mark.mmagic

# IconVSR is made of EDVR-M, whose features have 64 channels
ICONVSR = dict(mid_channels=64, edvr_pretrained=None)


@pytest.mark.parametrize(
    ("net", "kind", "settings"),
    [
        ("BasicVSRNet", "FCA2Wrapper", {}),
        ("BasicVSRPlusPlusNet", "fca2_plugin.FCA2Wrapper", {}),
        ("IconVSRNet", "FCA2Wrapper", ICONVSR),
    ],
)
def test_a_stock_config_wraps_in_three_lines(net, kind, settings, clips, tmp_path):
    text = runs.wrapped(net, kind=kind)
    options = runs.options(clips, **settings)
    first = runner.train(runs.load(tmp_path, "wrapped", text, options))
    generator = first.model.generator
    assert isinstance(generator, FCA2Generator)
    assert type(generator.vsr).__name__ == net
    assert type(first.model).__name__ == "BasicVSR"  # the host's own class

    work_dir = tmp_path / "wrapped"
    assert (work_dir / "iter_2.pth").is_file()
    assert _logged(work_dir, "PSNR") > 0
    assert list(work_dir.rglob("*.png"))  # the host's visualiser wrote its pictures

    cfg = runs.load(tmp_path, "wrapped", text, {**options, "train_cfg.max_iters": 3})
    cfg.default_hooks.checkpoint.interval = 1
    runner.use_resume(cfg)
    second = runner.train(cfg)
    assert second.iter == 3
    assert second.model.step_counter == 3
    before, after = (torch.load(work_dir / f"iter_{i}.pth")["state_dict"] for i in (2, 3))
    assert before.keys() == after.keys()
    for part in ("cleaning", "autoencoder", "vsr"):  # joint: all of them learn, still
        keys = [key for key in before if key.startswith(f"generator.{part}.")]
        assert any(not torch.equal(before[key], after[key]) for key in keys), part


def _logged(work_dir, key):
    lines = [line for path in work_dir.rglob("scalars.json") for line in path.read_text().split("\n")]
    values = [json.loads(line) for line in lines if line]
    return next(value[name] for value in values for name in value if name.endswith(key))
