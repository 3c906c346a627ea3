"""VMAF through the ffmpeg that imageio-ffmpeg brings."""

import os
import stat

import numpy as np
import pytest

from fca2_plugin.metrics import start_metrics, vmaf
from tests.codec.footage import moving_clip
from tests.conftest import require_host


def measure(sr, gt):
    (vmaf,) = start_metrics(["vmaf"])
    for pair in zip(sr, gt, strict=True):
        vmaf.add(*pair)
    return vmaf.finish()


def test_equal_clips_are_near_100_and_noise_costs():
    require_host("imageio_ffmpeg")
    gt = moving_clip(5, 131, 161)  # odd sides
    noise = np.random.default_rng(0).normal(0, 20, gt[0].shape)
    noisy = [np.clip(frame + noise, 0, 255).astype(np.uint8) for frame in gt]
    same, worse = measure(gt, gt), measure(noisy, gt)
    assert len(same) == len(worse) == 5
    assert min(same) > 95
    assert max(worse) < min(same) - 10


def test_no_frames():
    require_host("imageio_ffmpeg")
    assert measure([], []) == []


def fake_ffmpeg(folder, script):
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture
def only(tmp_path, monkeypatch):
    """Only this ffmpeg is there."""

    def use(script):
        path = fake_ffmpeg(tmp_path, script)
        find = vmaf.importlib.util.find_spec
        absent = {"imageio_ffmpeg"}
        monkeypatch.setattr(
            vmaf.importlib.util, "find_spec", lambda name: None if name in absent else find(name)
        )
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
        vmaf.find_ffmpeg.cache_clear()
        return path

    yield use
    vmaf.find_ffmpeg.cache_clear()


def test_an_ffmpeg_without_libvmaf(only):
    only("echo ' .. scale V->V'")
    with pytest.raises(
        FileNotFoundError, match="an ffmpeg with libvmaf.*pip install imageio-ffmpeg"
    ):
        start_metrics(["vmaf"])


def test_an_ffmpeg_that_fails(only):
    path = only(
        'case "$*" in *-filters*) echo " .. libvmaf VV->V";; *) echo broken >&2; exit 3;; esac'
    )
    with pytest.raises(ValueError, match=f"{path} could not measure VMAF: broken"):
        measure(moving_clip(9, 64, 64), moving_clip(9, 64, 64))
