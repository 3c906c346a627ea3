"""fca2_plugin.data.footage: motion that is smooth, slow and inside the photograph."""

import functools
import socket

import cv2
import numpy as np
import pytest

from fca2_plugin.data import camera_clip, demo_clips, footage, photo_names, read_photo
from tests.conftest import require_host

require_host("skimage")


def test_every_photograph_is_there_without_a_network(monkeypatch):
    monkeypatch.setattr(socket, "socket", lambda *args: pytest.fail("a download was tried"))
    for name in photo_names():
        photo = read_photo(name)
        assert photo.dtype == np.uint8 and photo.ndim == 3 and photo.shape[2] == 3
        assert min(photo.shape[:2]) >= 300 and photo.std() > 15


def test_no_photograph_is_in_both_splits():
    assert not set(photo_names("train")) & set(photo_names("test"))
    assert set(photo_names()) == set(photo_names("train")) | set(photo_names("test"))


def test_a_photograph_that_is_not_shipped():
    with pytest.raises(FileNotFoundError, match="does not contain the photograph kodim01.png"):
        read_photo("kodim01.png")


def test_the_same_seed_gives_the_same_clip():
    photo = read_photo("astronaut.png")
    clips = [camera_clip(photo, 5, (48, 64), np.random.default_rng(s)) for s in (1, 1, 2)]
    assert all(map(np.array_equal, clips[0], clips[1]))
    assert not np.array_equal(clips[0][0], clips[2][0])
    assert all(f.shape == (48, 64, 3) and f.dtype == np.uint8 for f in clips[0])


def test_the_motion_is_real_and_within_the_limit():
    photo = read_photo("gravel.png")
    speeds = []
    for seed in range(6):
        clip = camera_clip(photo, 8, (96, 96), np.random.default_rng(seed), max_speed=3.0)
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip]
        for a, b in zip(grey, grey[1:], strict=False):
            flow = cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 2, 21, 5, 7, 1.5, 0)
            speeds.append(np.hypot(flow[..., 0], flow[..., 1])[16:-16, 16:-16])
    assert max(speed.max() for speed in speeds) < 3.3
    assert 0.3 < np.median([np.median(speed) for speed in speeds]) < 3


def test_a_resting_camera_gives_one_picture():
    clip = camera_clip(read_photo("coins.png"), 4, (64, 64), np.random.default_rng(0), max_speed=0)
    assert all(np.array_equal(frame, clip[0]) for frame in clip)


def test_geometry_against_the_photograph():
    """On a picture whose value is its x coordinate, each frame is the affine map itself."""
    ramp = np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (256, 1, 3))
    clip = camera_clip(ramp, 6, (64, 64), np.random.default_rng(4))
    y, x = np.mgrid[:64, :64]
    design = np.stack([np.ones(64 * 64), x.ravel(), y.ravel()], 1)
    for frame in clip:
        values = frame[..., 0].ravel().astype(float)
        fit, *_ = np.linalg.lstsq(design, values, rcond=None)
        assert np.abs(design @ fit - values).max() < 1.01
        assert 1.15 < np.hypot(*fit[1:]) < 1.9  # SHRINK, give or take the zoom


def test_long_clips_stay_inside():
    white = np.full((300, 300, 3), 255, np.uint8)
    white[[0, -1]] = white[:, [0, -1]] = 0
    for seed in range(2):
        clip = camera_clip(white, 80, (220, 220), np.random.default_rng(seed))
        assert min(frame.min() for frame in clip) == 255


@pytest.mark.parametrize(
    ("num_frames", "size", "max_speed", "message"),
    [
        (0, (8, 8), 1, "num_frames and sides of at least 1"),
        (1, (0, 8), 1, r"got num_frames=1, size=\(0, 8\)"),
        (1, (8, 8), -1, "max_speed=-1"),
        (2, (64, 400), 1, "a photograph of 384x303 is too small for moving frames of 400x64"),
    ],
)
def test_bad_arguments(num_frames, size, max_speed, message):
    with pytest.raises(ValueError, match=message):
        camera_clip(read_photo("coins.png"), num_frames, size, np.random.default_rng(0), max_speed)


def test_demo_clips():
    source = demo_clips(9, 2, 3, (32, 48), seed=5)
    clips = list(source)
    assert len(clips) == len(source) == 11
    assert [split for split, _, _ in clips] == ["train"] * 9 + ["test"] * 2
    assert len({(split, name) for split, name, _ in clips}) == 11
    assert all(len(frames) == 3 and frames[0].shape == (32, 48, 3) for _, _, frames in clips)
    assert clips[0][1].endswith("astronaut") and clips[8][1].endswith("astronaut")
    assert not np.array_equal(clips[0][2][0], clips[8][2][0])
    fewer = list(demo_clips(1, 1, 3, (32, 48), seed=5))
    assert np.array_equal(fewer[0][2][2], clips[0][2][2])
    assert np.array_equal(fewer[1][2][2], clips[9][2][2])
    assert source.recipe != demo_clips(9, 2, 3, (32, 48), seed=6).recipe


def test_every_photograph_is_large_enough_for_220_pixels(monkeypatch):
    monkeypatch.setattr(footage, "_film", lambda *args: None)  # the geometry alone
    monkeypatch.setattr(footage, "read_photo", functools.cache(read_photo))
    for seed in range(20):
        list(demo_clips(8, 3, 60, (220, 220), seed))


@pytest.mark.parametrize("counts", [(0, 0), (-1, 2)])
def test_no_clips_to_make(counts):
    with pytest.raises(ValueError, match="demo_clips needs at least one clip"):
        demo_clips(*counts, 3, (32, 32))
