"""Clips and finished pre-training runs that the tests of this folder share."""

from pathlib import Path

import pytest

from tests.conftest import require_host

require_host("basicsr")

from fca2_plugin.basicsr import runner  # noqa: E402
from fca2_plugin.basicsr.pipeline import forget_logger  # noqa: E402
from fca2_plugin.data import build_clips, demo_clips  # noqa: E402
from tests.basicsr import runs  # noqa: E402


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Work in an empty folder, and leave no open log behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCAL_RANK", "0")
    yield
    forget_logger()


@pytest.fixture(scope="session")
def clips(tmp_path_factory) -> Path:
    """Two training clips and a test clip of 7 frames, 64 x 64."""
    return _build(tmp_path_factory, 7, 64)


@pytest.fixture(scope="session")
def large_clips(tmp_path_factory) -> Path:
    """Three frames of a size that BasicSR's networks take unwrapped: SPyNet needs 33 pixels."""
    return _build(tmp_path_factory, 3, 144)


def _build(tmp_path_factory, frames: int, size: int) -> Path:
    folder = tmp_path_factory.mktemp("clips") / "data"
    build_clips(demo_clips(2, 1, frames, (size, size)), folder)
    names = sorted(path.name for path in (folder / "train/gt").iterdir())
    # one start a clip: BasicSR takes every clip to have 100 frames
    (folder / "meta_info.txt").write_text("".join(f"{name} 1 (h,w,3)\n" for name in names))
    return folder


@pytest.fixture(scope="session")
def pretrained(clips, tmp_path_factory) -> dict[str, Path]:
    """The folders of a cleaning and an autoencoder run of two iterations."""
    folders = {}
    for stage, inputs, gt in (("cleaning", "lq_crf25", "lq"), ("autoencoder", "gt", "gt")):
        root = tmp_path_factory.mktemp(stage)
        cfg = runs.options(clips, name=stage, scale=1, train__fix_flow=None)
        cfg["network_g"] = runs.wrapped(stage=stage, color_correction=None)
        for phase, split in (("train", "train"), ("val", "test")):
            cfg["datasets"][phase]["dataroot_lq"] = f"{clips}/{split}/{inputs}"
            cfg["datasets"][phase]["dataroot_gt"] = f"{clips}/{split}/{gt}"
        cfg["datasets"]["train"]["gt_size"] = 16
        runner.train(runs.load(root, cfg))
        folders[stage] = root / "experiments" / stage
    return folders
