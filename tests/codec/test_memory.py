"""The encoder gives the same bits whatever the process did before."""

import numpy as np

from fca2_plugin.codec import CodecSettings, encode_decode
from fca2_plugin.data import camera_clip, downsample, read_photo


def test_the_same_frames_give_the_same_bits_in_a_used_heap():
    rng = np.random.default_rng(0)
    photo = read_photo("coffee.png")
    frames = [downsample(frame) for frame in camera_clip(photo, 14, (192, 192), rng)]
    settings = CodecSettings(crf=15)
    outcomes = set()
    for _ in range(40):
        # leave blocks of many sizes behind, full of something else
        sizes = rng.integers(1, 200_000, size=5)
        junk = [np.full(size, rng.integers(256), np.uint8) for size in sizes]
        del junk
        outcomes.add(np.stack(encode_decode(frames, settings)).tobytes())
    assert len(outcomes) == 1
