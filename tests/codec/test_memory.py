"""The encoder gives the same bits whatever the process did before."""

import numpy as np
import pytest

from fca2_plugin.codec import CodecSettings, encode_decode
from fca2_plugin.data import camera_clip, downsample, read_photo


@pytest.mark.parametrize(
    ("settings", "repeats"),
    [
        (CodecSettings(crf=15), 40),
        (CodecSettings("libx265", crf=25), 10),
        (CodecSettings("libx265", qp=37, pix_fmt="yuv420p"), 10),
        (CodecSettings("libvpx-vp9", pix_fmt="yuv420p"), 10),
        (CodecSettings("libsvtav1", pix_fmt="yuv420p", preset="8"), 10),
    ],
    ids=lambda value: getattr(value, "codec", None),
)
def test_the_same_frames_give_the_same_bits_in_a_used_heap(settings, repeats):
    rng = np.random.default_rng(0)
    photo = read_photo("coffee.png")
    frames = [downsample(frame) for frame in camera_clip(photo, 14, (192, 192), rng)]
    outcomes = set()
    for _ in range(repeats):
        # leave blocks of many sizes behind, full of something else
        sizes = rng.integers(1, 200_000, size=5)
        junk = [np.full(size, rng.integers(256), np.uint8) for size in sizes]
        del junk
        outcomes.add(np.stack(encode_decode(frames, settings)).tobytes())
    assert len(outcomes) == 1
