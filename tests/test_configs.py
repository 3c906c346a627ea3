"""Every config reads its data, builds a small version of its model, and trains a step."""

import functools
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml

from tests.conftest import require_host

require_host("mmagic")

from mmagic.registry import DATASETS, MODELS  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.dataset import pseudo_collate  # noqa: E402
from mmengine.optim import build_optim_wrapper  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402

from fca2_plugin.data import build_clips, demo_clips  # noqa: E402
from fca2_plugin.mmagic import runner  # noqa: E402
from fca2_plugin.nets.build import STAGES  # noqa: E402

pytestmark = pytest.mark.mmagic

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "configs/mmagic"
CONFIGS = {
    path.relative_to(FOLDER).as_posix(): path
    for path in sorted(FOLDER.rglob("*.py"))
    if "_base_" not in path.parts
}
FRAMES = 3  # of a step: the host's BasicVSR++ is slow on a CPU
METAFILES = {path.parent.name: path for path in sorted(FOLDER.rglob("metafile.yml"))}


@functools.cache
def load(name: str) -> Config:
    return runner.load_config(CONFIGS[name])


def walk(node):
    """All mappings of a config."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list | tuple):
        for child in node:
            yield from walk(child)


def make_small(cfg: Config) -> Config:
    """Narrow nets without downloads, small crops, short windows, no worker processes."""
    cfg = Config(cfg.to_dict())
    for node in walk(cfg.model):
        for key in ("mid_channels", "num_blocks"):
            if key in node:
                node[key] = {"mid_channels": 8, "num_blocks": 1}[key]
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
    for node in walk(cfg.train_dataloader):
        if "gt_patch_size" in node:
            node["gt_patch_size"] = patch
        if node.get("num_input_frames", 0) > 7:
            node["num_input_frames"] = 7
    return cfg


def write_clip(folder: Path, names: list[str], size: int = 64) -> None:
    folder.mkdir(parents=True)
    frame = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    smooth = cv2.GaussianBlur(frame, (0, 0), 2)
    for index, name in enumerate(names):
        cv2.imwrite(str(folder / name), np.roll(smooth, index, axis=1))


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """The data sets' folders and lists as the configs expect them below ``data``."""
    root = tmp_path_factory.mktemp("root")
    vimeo, reds, vid4 = (root / "data" / name for name in ("vimeo90k", "REDS", "Vid4"))
    write_clip(vimeo / "GT/00001/0001", [f"im{i}.png" for i in range(1, 8)], 256)
    (vimeo / "meta_info_Vimeo90K_train_GT.txt").write_text("00001/0001 7 (256,256,3)\n")
    write_clip(reds / "train_sharp/001", [f"{i:08d}.png" for i in range(30)], 256)
    write_clip(reds / "train_sharp/000", [f"{i:08d}.png" for i in range(100)])
    (reds / "meta_info_reds4_train.txt").write_text("001/00000000.png (256, 256, 3)\n")
    (reds / "meta_info_reds4_val.txt").write_text("000/00000000.png (64, 64, 3)\n")
    write_clip(vid4 / "GT/calendar", [f"{i:08d}.png" for i in range(3)])
    (vid4 / "meta_info_Vid4_GT.txt").write_text("calendar 3 (64,64,3)\n")
    build_clips(demo_clips(1, 1, 7, (96, 96)), root / "data/demo")
    return root


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_trains_a_step(name, data, monkeypatch):
    monkeypatch.chdir(data)
    init_default_scope("mmagic")
    torch.manual_seed(0)
    np.random.seed(0)
    cfg = make_small(load(name))
    model = MODELS.build(cfg.model).train()
    item = DATASETS.build(cfg.train_dataloader.dataset)[0]
    scale = 1 if getattr(model.generator, "stage", None) in ("cleaning", "autoencoder") else 4
    height, width = item["data_samples"].gt_img.shape[-2:]
    assert item["inputs"].shape[-2:] == (height // scale, width // scale)
    assert len(item["inputs"]) == len(item["data_samples"].gt_img)

    item["inputs"] = item["inputs"][:FRAMES]
    item["data_samples"].gt_img = item["data_samples"].gt_img[:FRAMES]
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


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_reads_its_test_clips(name, data, monkeypatch):
    monkeypatch.chdir(data)
    init_default_scope("mmagic")
    cfg = load(name)
    assert len(cfg.test_dataloader) == len(cfg.test_evaluator)
    for loader in (cfg.val_dataloader, *cfg.test_dataloader):
        item = DATASETS.build(loader.dataset)[0]
        stage = cfg.model.get("stage", cfg.model.get("generator", {}).get("stage"))
        scale = 1 if stage in ("cleaning", "autoencoder") else 4
        height, width = item["data_samples"].gt_img.shape[-2:]
        assert item["inputs"].shape[-2:] == (height // scale, width // scale)
        assert len(item["inputs"]) == len(item["data_samples"].gt_img) > 1


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
                assert STAGES[generator.stage].learns == (part,), (name, path)


def count_parameters(name: str) -> int:
    cfg = Config(load(name).to_dict())
    for node in walk(cfg.model):
        if "spynet_pretrained" in node:
            node["spynet_pretrained"] = None
    with torch.device("meta"):  # shapes are enough
        return sum(weight.numel() for weight in MODELS.build(cfg.model).generator.parameters())


def test_every_config_is_in_its_familys_metafile():
    init_default_scope("mmagic")
    listed = Counter()
    for family, path in METAFILES.items():
        content = yaml.safe_load(path.read_text())
        collections = {collection["Name"] for collection in content["Collections"]}
        for model in content["Models"]:
            config = Path(model["Config"])
            assert config.relative_to("configs/mmagic").parts[0] == family
            assert model["Name"] == config.stem
            assert model["In Collection"] in collections
            name = config.relative_to("configs/mmagic").as_posix()
            assert model["Metadata"]["Parameters"] == count_parameters(name), name
            listed[name] += 1
        assert all((ROOT / collection["README"]).is_file() for collection in content["Collections"])
    assert listed == Counter(CONFIGS.keys())
