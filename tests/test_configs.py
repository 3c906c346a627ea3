"""Every config reads its data, builds a small version of its model, and trains a step."""

import functools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.config_trees import (
    ROOT,
    check_metafiles,
    is_enhancement,
    is_only_tested,
    shapes_alone,
    walk,
    write_data,
)
from tests.conftest import require_host

require_host("mmagic")

from mmagic.registry import DATASETS, MODELS  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.dataset import pseudo_collate  # noqa: E402
from mmengine.optim import build_optim_wrapper  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402

from fca2_plugin.mmagic import runner  # noqa: E402
from fca2_plugin.nets.build import STAGES  # noqa: E402

pytestmark = pytest.mark.mmagic

FOLDER = ROOT / "configs/mmagic"
CONFIGS = {
    path.relative_to(FOLDER).as_posix(): path
    for path in sorted(FOLDER.rglob("*.py"))
    if "_base_" not in path.parts
}
ENHANCEMENT = list(filter(is_enhancement, CONFIGS))
SR = [name for name in CONFIGS if name not in ENHANCEMENT]
FRAMES = 3  # of a step: the host's BasicVSR++ is slow on a CPU
SMALL = {
    "mid_channels": 8,
    "num_blocks": 1,
    "num_blocks_extraction": 1,
    "num_blocks_reconstruction": 1,
    "num_propagation_blocks": 1,
    "num_cleaning_blocks": 1,
}
#: What the configs leave at its default, or what has to stay.
SMALL_TYPES = {
    "FCA2FTVSRNet": {"band_channels": 1, "num_band_blocks": 1},
    "IconVSRNet": {"mid_channels": 64},  # as many as its EDVR has
}


@functools.cache
def load(name: str) -> Config:
    return runner.load_config(CONFIGS[name])


def make_small(cfg: Config) -> Config:
    """Narrow nets without downloads, small crops, short windows, no worker processes."""
    cfg = Config(cfg.to_dict())
    for node in walk(cfg.model):
        node.update({key: SMALL[key] for key in SMALL.keys() & node.keys()})
        node.update(SMALL_TYPES.get(node.get("type"), {}))
        if "spynet_pretrained" in node:
            node["spynet_pretrained"] = None
        if "stage" in node:
            small = dict(mid_channels=8, num_blocks=1)
            for part in ("autoencoder", "cleaning"):
                if node.get(part) is not False:
                    node[part] = {**(node.get(part) or {}), **small}
            node.pop("checkpoints", None)
    # the host's BasicVSR++ refuses less than 64 x 64, and wrapped is given that
    patch = 256 if cfg.model.get("generator", {}).get("type") == "BasicVSRPlusPlusNet" else 16
    cfg.train_dataloader.dataset.update(gt_size=patch, num_frame=7)
    return cfg


def scale_of(cfg: Config, dataset: Config) -> int:
    stage = cfg.model.get("stage", cfg.model.get("generator", {}).get("stage"))
    return 1 if {stage, dataset.get("task")} & {"cleaning", "autoencoder"} else 4


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_data(tmp_path_factory.mktemp("root"))


@pytest.mark.parametrize("name", SR)
def test_a_config_trains_a_step(name, data, monkeypatch):
    monkeypatch.chdir(data)
    init_default_scope("mmagic")
    torch.manual_seed(0)
    np.random.seed(0)
    cfg = make_small(load(name))
    model = MODELS.build(cfg.model).train()
    item = DATASETS.build(cfg.train_dataloader.dataset)[0]
    scale = scale_of(cfg, cfg.train_dataloader.dataset)
    height, width = item["data_samples"].gt_img.shape[-2:]
    assert item["inputs"].shape[-2:] == (height // scale, width // scale)
    assert len(item["inputs"]) == len(item["data_samples"].gt_img)

    frames = 5 if "iconvsr" in name else FRAMES  # the least that IconVSR takes
    item["inputs"] = item["inputs"][:frames]
    item["data_samples"].gt_img = item["data_samples"].gt_img[:frames]
    optim_wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    losses = model.train_step(pseudo_collate([item]), optim_wrapper)
    assert losses["loss"].isfinite()
    learns = getattr(model.generator, "frozen", frozenset())
    changed = {key for key, value in model.state_dict().items() if not value.equal(before[key])}
    assert any(key.startswith("generator.") for key in changed)
    assert not any(
        key.startswith(tuple(f"generator.{part}." for part in learns)) for key in changed
    )


def first_shapes(dataset: Config, known={}) -> tuple[torch.Size, torch.Size]:  # noqa: B006
    """The shapes of a data set's first clip; many configs share it, and it is read once."""
    key = repr(dataset)
    if key not in known:
        item = DATASETS.build(dataset)[0]
        known[key] = item["inputs"].shape, item["data_samples"].gt_img.shape
    return known[key]


@pytest.mark.parametrize("name", SR)
def test_a_config_reads_its_test_clips(name, data, monkeypatch):
    monkeypatch.chdir(data)
    init_default_scope("mmagic")
    cfg = load(name)
    assert len(cfg.test_dataloader) == len(cfg.test_evaluator)
    for loader in (cfg.val_dataloader, *cfg.test_dataloader):
        lq, gt = first_shapes(loader.dataset)
        scale = scale_of(cfg, loader.dataset)
        assert lq[-2:] == (gt[-2] // scale, gt[-1] // scale)
        assert lq[0] == gt[0] > 1


@pytest.mark.parametrize("name", ENHANCEMENT)
def test_an_enhancement_config_trains_a_step_and_is_tested(name, data, monkeypatch):
    monkeypatch.chdir(data)
    init_default_scope("mmagic")
    torch.manual_seed(0)
    cfg = Config(load(name).to_dict())
    model = MODELS.build(cfg.model).train()
    if not is_only_tested(name):
        cfg.train_dataloader.dataset.gt_size = 32
        item = DATASETS.build(cfg.train_dataloader.dataset)[0]
        optim_wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
        before = {key: value.clone() for key, value in model.state_dict().items()}
        assert model.train_step(pseudo_collate([item]), optim_wrapper)["loss"].isfinite()
        assert any(not value.equal(before[key]) for key, value in model.state_dict().items())
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        videos = DATASETS.build(loader.dataset)
        assert len(videos) == 1 and len(videos[0]["inputs"]) > 1
    assert cfg.val_evaluator == cfg.test_evaluator


def test_names_and_work_dirs_are_unique():
    work_dirs = Counter(load(name).work_dir for name in CONFIGS)
    assert max(work_dirs.values()) == 1
    for name in CONFIGS:
        assert load(name).work_dir == f"work_dirs/{Path(name).stem}"
        assert load(name).get("experiment_name") is None  # the host's would name the base


def test_checkpoints_come_from_runs_of_these_configs():
    stems = {Path(name).stem: name for name in CONFIGS}
    for name in CONFIGS:
        for node in walk(load(name).model.to_dict()):
            for part, path in (node.get("checkpoints") or {}).items():
                if "://" in path:
                    continue
                assert Path(path).parent == Path("work_dirs"), (name, path)
                generator = load(stems[Path(path).name]).model.generator
                if "spynet" in part:
                    assert generator.type == "FCA2CompactFlowNet", (name, path)
                elif part == "vsr":  # trained alone
                    assert "stage" not in generator, (name, path)
                else:
                    assert STAGES[generator.stage].learns == (part,), (name, path)


def count_parameters(path: Path) -> int:
    cfg = Config(load(path.relative_to(FOLDER).as_posix()).to_dict())
    for node in walk(cfg.model):
        if "spynet_pretrained" in node:
            node["spynet_pretrained"] = None
    with shapes_alone():
        return sum(weight.numel() for weight in MODELS.build(cfg.model).generator.parameters())


def test_every_config_is_in_its_familys_metafile():
    init_default_scope("mmagic")
    check_metafiles("mmagic", CONFIGS.values(), count_parameters)
