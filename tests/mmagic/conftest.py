"""Clips and finished pre-training runs that the tests of this folder share."""

import logging
from pathlib import Path

import pytest

from tests.conftest import require_host

require_host("mmagic")

from mmengine.registry import init_default_scope  # noqa: E402

from fca2_plugin.data import build_clips, demo_clips  # noqa: E402
from fca2_plugin.mmagic import runner  # noqa: E402
from tests.mmagic import runs  # noqa: E402


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Work in an empty folder, and leave no open log behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCAL_RANK", "0")
    yield
    for name in list(logging.Logger.manager.loggerDict):
        if name.startswith("mmengine"):
            logging.getLogger(name).handlers.clear()


@pytest.fixture(scope="session", autouse=True)
def host_scope():
    """Names without a prefix are the host's, as in a Runner."""
    init_default_scope("mmagic")


@pytest.fixture(scope="session")
def clips(tmp_path_factory) -> Path:
    """Two training clips and a test clip of 7 frames, 64 x 64."""
    return build_clips(demo_clips(2, 1, 7, (64, 64)), tmp_path_factory.mktemp("clips") / "data")


@pytest.fixture(scope="session")
def pretrained(clips, tmp_path_factory) -> dict[str, Path]:
    """The work directories of a cleaning and an autoencoder run of two iterations."""
    folder = tmp_path_factory.mktemp("pretrained")
    work_dirs = {}
    for stage, split in (("cleaning", "lq"), ("autoencoder", "gt")):
        settings = runs.options(clips)
        inputs = {"cleaning": "lq_crf25", "autoencoder": "gt"}[stage]
        for loader, part in (("train", "train"), ("val", "test")):
            dataset = settings[f"{loader}_dataloader.dataset"]
            dataset["data_prefix"] = {"img": f"{part}/{inputs}", "gt": f"{part}/{split}"}
        del settings["train_dataloader.dataset.pipeline.4.gt_patch_size"]
        settings["train_dataloader.dataset.pipeline.3.dictionary.scale"] = 1
        settings["train_dataloader.dataset.pipeline.4.gt_patch_size"] = 16
        cfg = runs.load(folder, stage, runs.wrapped(stage=stage, color_correction=None), settings)
        runner.train(cfg)
        work_dirs[stage] = folder / stage
    return work_dirs
