"""The training scripts from end to end, on two tiny videos and for two iterations."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fca2_plugin.codec import CodecSettings, write_video
from tests.codec.footage import moving_clip
from tests.conftest import require_host

require_host("mmagic")
require_host("basicsr")

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture
def clone(tmp_path) -> Path:
    """A clone whose lists name the videos of the test; what the scripts write stays in it."""
    root = tmp_path / "clone"
    root.mkdir()
    for folder in ("tools", "configs"):
        shutil.copytree(ROOT / folder, root / folder)
    (root / "fca2_plugin").symlink_to(ROOT / "fca2_plugin")
    for split in ("train", "train_enhancement", "val"):
        (root / f"configs/small_clips/{split}.txt").write_text(f"{split}\n")
        path = root / "videos" / f"{split}.mp4"
        path.parent.mkdir(exist_ok=True)
        write_video(path, moving_clip(7, 192, 192), CodecSettings(crf=10))
    (root / "test_videos").mkdir()
    shutil.copy(path, root / "test_videos" / "shown.mp4")
    return root


def run(warm: Path, root: Path, script: str, *arguments: str) -> str:
    done = subprocess.run(
        ["bash", root / "tools" / script, *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "VIRTUAL_ENV": str(warm.parents[1]), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


def test_train_small(clone, warm):
    options = "train_cfg.max_iters=2 train_cfg.val_interval=2 default_hooks.checkpoint.interval=2"
    output = run(
        warm,
        clone,
        "train_small.sh",
        *("videos", "mmagic", "small_flow", "--", "--cfg-options", *options.split()),
    )
    assert (clone / "work_dirs/small_flow/iter_2.pth").is_file()
    assert "CRF25/PSNR" in output or "PSNR" in output
    assert sorted(path.name for path in (clone / "data/real").iterdir()) == ["area", "bi"]


def test_train_enhancement(clone, warm):
    options = "train.total_iter=2 train.scheduler.periods=[2] logger.save_checkpoint_freq=2"
    output = run(
        warm,
        clone,
        "train_enhancement.sh",
        *("videos", "test_videos", "basicsr", "small_stdf-r3"),
        *("--", "--cfg-options", *options.split()),
    )
    assert (clone / "experiments/small_stdf-r3/models/net_g_2.pth").is_file()
    assert "delta_psnr" in output
