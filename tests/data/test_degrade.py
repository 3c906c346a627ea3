"""fca2_plugin.data.degrade against the definition, and against each other's phase."""

import cv2
import numpy as np
import pytest

from fca2_plugin.data import DOWNSAMPLERS, bicubic_upsample, crop_to_multiple, downsample
from fca2_plugin.metrics import psnr
from tests.codec.footage import moving_clip


def smooth_frame(height=64, width=96):
    return moving_clip(1, height, width)[0]


def test_comisr_is_gaussian_blur_and_every_fourth_pixel():
    frame = smooth_frame()
    offsets = np.arange(-5, 6)  # OpenCV's kernel for uint8 and sigma 1.5
    kernel = np.exp(-(offsets**2) / (2 * 1.5**2))
    kernel /= kernel.sum()
    padded = np.pad(frame.astype(float), ((5, 5), (5, 5), (0, 0)), mode="reflect")
    expected = np.zeros((16, 24, 3))
    for i, j in np.ndindex(16, 24):
        block = padded[4 * i : 4 * i + 11, 4 * j : 4 * j + 11]
        expected[i, j] = np.einsum("a,b,abc->c", kernel, kernel, block)
    assert np.abs(downsample(frame).astype(float) - expected).max() <= 1


def test_downsample_leaves_its_input_and_takes_views():
    frame = smooth_frame()
    before = frame.copy()
    flipped = downsample(frame[:, ::-1])
    assert np.array_equal(flipped, downsample(np.ascontiguousarray(frame[:, ::-1])))
    assert np.array_equal(frame, before)
    assert np.array_equal(downsample(frame, 1, "none"), frame)


def test_every_downsampler_gives_the_promised_size():
    for kind in DOWNSAMPLERS:
        scale = 1 if kind == "none" else 4
        assert downsample(smooth_frame(), scale, kind).shape == (64 // scale, 96 // scale, 3)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((4, "comsir"), "unknown downsampling kind 'comsir'.*did you mean 'comisr'"),
        ((5, "comisr"), "a frame of 96x64 does not divide by scale 5"),
        ((0, "comisr"), "scale must be a whole number from 1, got 0"),
        ((2.0, "comisr"), "scale must be a whole number from 1, got 2.0"),
        ((2, "none"), "kind 'none' keeps the size, so scale must be 1, got 2"),
    ],
)
def test_bad_arguments(args, message):
    with pytest.raises(ValueError, match=message):
        downsample(smooth_frame(), *args)


def test_crop_to_multiple():
    frame = smooth_frame(67, 97)
    assert np.array_equal(crop_to_multiple(frame, 4), frame[:64, :96])
    with pytest.raises(ValueError, match="a frame of 3x9 is too small for scale 4"):
        crop_to_multiple(frame[:9, :3], 4)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_phase_0_keeps_the_given_pixels(scale):
    frame = smooth_frame(9, 13)
    large = bicubic_upsample(frame, scale)
    assert large.shape == (9 * scale, 13 * scale, 3)
    assert np.array_equal(large[::scale, ::scale], frame)


def test_phase_0_is_exact_on_a_ramp():
    ramp = np.tile((np.arange(16) * 8).astype(np.uint8)[None, :, None], (8, 1, 3))
    large = bicubic_upsample(ramp, 4).astype(float)
    assert np.allclose(large[16, 4:-8, 0], np.arange(64)[4:-8] * 2)  # a cubic is exact on lines


def test_centre_aligned_is_opencv():
    frame = smooth_frame(9, 13)
    expected = cv2.resize(frame, (52, 36), interpolation=cv2.INTER_CUBIC)
    assert np.array_equal(bicubic_upsample(frame, 4, phase0=False), expected)


def test_the_right_phase_is_better_on_comisr_data():
    frame = smooth_frame()
    lq = downsample(frame)
    right, wrong = (psnr(frame, bicubic_upsample(lq, 4, phase0=p)) for p in (True, False))
    assert right > wrong + 1
