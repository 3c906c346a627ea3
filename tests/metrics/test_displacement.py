"""A result that lies beside its ground truth is found out."""

import numpy as np
import pytest

from fca2_plugin.data import bicubic_upsample, downsample
from fca2_plugin.metrics import rgb_to_y
from fca2_plugin.metrics.displacement import find_displacement
from tests.codec.footage import moving_clip


@pytest.mark.parametrize(
    ("kind", "phase", "pixels"),
    [
        ("gaussian", "centred", 0),
        ("gaussian", "first", 1.5),
        ("comisr", "first", 0),
        ("comisr", "centred", -1.5),
    ],
)
def test_finds_the_wrong_phase(kind, phase, pixels):
    frame = moving_clip(1, 96, 128)[0]
    sr = bicubic_upsample(downsample(frame, 4, kind), 4, phase)
    found = find_displacement(rgb_to_y(sr), rgb_to_y(frame))
    assert found.pixels == pixels
    assert (found.gain_db > 0.3) == bool(pixels)


def test_identical_and_tiny_frames():
    plane = np.random.default_rng(0).uniform(16, 235, (24, 24))
    assert find_displacement(plane, plane).gain_db == 0
    assert find_displacement(plane[:8, :8], plane[:8, :8] + 3).gain_db == 0
