"""A config of MMagic and BasicSR's config of the same name train and test on the same samples."""

import functools
import inspect
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from fca2_plugin.data import SampleRecipe, open_clip_set
from fca2_plugin.data.clip_set import CLIP_KEYS
from tests.config_trees import ROOT, is_enhancement, write_data
from tests.conftest import require_host

for host in ("mmagic", "basicsr"):
    require_host(host)

from mmagic.registry import DATASETS  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402

from fca2_plugin.basicsr import runner as basicsr_runner  # noqa: E402
from fca2_plugin.basicsr.datasets import FCA2VideoDataset, FCA2VideoTestDataset  # noqa: E402
from fca2_plugin.mmagic import runner as mmagic_runner  # noqa: E402

pytestmark = [pytest.mark.mmagic, pytest.mark.basicsr]

BASICSR = ROOT / "configs/basicsr"
NAMES = [
    path.relative_to(BASICSR).with_suffix("").as_posix()
    for path in sorted(BASICSR.rglob("*.yml"))
    if path.name != "metafile.yml"
]
NAMES = [name for name in NAMES if not is_enhancement(name)]
DEFAULTS = {
    key: parameter.default
    for function in (SampleRecipe, open_clip_set)
    for key, parameter in inspect.signature(function).parameters.items()
    if key in CLIP_KEYS - {"backend"}
}


@functools.cache
def both_hosts(name: str) -> list[tuple[dict, dict]]:
    """The data sets of a config on both hosts, in pairs: for training, validation and tests."""
    cfg = mmagic_runner.load_config(ROOT / f"configs/mmagic/{name}.py").to_dict()
    ours = basicsr_runner.load_config(BASICSR / f"{name}.yml")["datasets"]
    tests = [value for key, value in ours.items() if key.startswith("test")] or [ours["val"]]
    loaders = [cfg["train_dataloader"], cfg["val_dataloader"], *cfg["test_dataloader"]]
    return list(
        zip(
            [loader["dataset"] for loader in loaders],
            [{"scale": 4, **opt} for opt in (ours["train"], ours["val"], *tests)],
            strict=True,
        )
    )


def settings(dataset: Mapping) -> dict:
    """What decides about its samples."""
    crop = () if str(dataset["dataroot_gt"]).startswith("data/demo") else ("gt_size",)
    keys = DEFAULTS.keys() - {"gt_size"} | set(crop)  # the tiny configs of the hosts crop otherwise
    found = {key: dataset.get(key, DEFAULTS[key]) for key in keys}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_data(tmp_path_factory.mktemp("root"))


@pytest.mark.parametrize("name", NAMES)
def test_a_config_has_the_same_data_on_both_hosts(name):
    for mmagic, basicsr in both_hosts(name):
        assert mmagic["type"] == "FCA2ClipsDataset"
        assert bool(mmagic.get("test_mode")) == (basicsr["type"] == "FCA2VideoTestDataset")
        assert settings(mmagic) == settings(basicsr)


@pytest.mark.slow
def test_the_same_settings_give_the_same_bits(data, monkeypatch):
    monkeypatch.chdir(data)
    init_default_scope("mmagic")
    pairs = {}
    for name in NAMES:
        for mmagic, basicsr in both_hosts(name):
            if settings(mmagic).get("gt_size") == basicsr.get("gt_size"):
                pairs.setdefault(repr(sorted(settings(mmagic).items(), key=str)), (mmagic, basicsr))
    assert len(pairs) > 10
    for mmagic, basicsr in pairs.values():
        kind = FCA2VideoDataset if basicsr["type"] == "FCA2VideoDataset" else FCA2VideoTestDataset
        first, second = DATASETS.build(mmagic), kind(basicsr)
        first.rounds_given = second.rounds_given = True
        visits = (0, len(second)) if kind is FCA2VideoDataset else (0,)
        for index in visits:
            item, other = first[index], second[index]
            for key, frames in (("lq", item["inputs"]), ("gt", item["data_samples"].gt_img)):
                assert torch.equal(other[key], frames.float() / 255), (mmagic, key)
