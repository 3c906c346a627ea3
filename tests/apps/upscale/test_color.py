"""Samples to RGB and back, against swscale and by hand."""

import numpy as np
import pytest
import torch

from fca2_plugin.apps.upscale.color import (
    resize_chroma,
    rgb_to_picture,
    rgb_to_yuv,
    to_luma,
    to_planes,
    to_rgb,
    to_yuv,
)
from fca2_plugin.codec.colors import ColorTags, luma_shares
from fca2_plugin.codec.picture import Picture, PixelFormat, from_picture
from tests.apps.upscale.films import picture

CPU = torch.device("cpu")


def smooth(pix_fmt, height=32, width=48):
    pixels = PixelFormat.of(pix_fmt)
    rgb = torch.from_numpy(picture(3, height, width)).permute(2, 0, 1) / 255
    return rgb, pixels


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv440p"])
@pytest.mark.parametrize("matrix", [1, 4, 5, 6, 7, 9, 10])
@pytest.mark.parametrize("color_range", [1, 2])
def test_there_and_back(pix_fmt, matrix, color_range):
    rgb, pixels = smooth(pix_fmt)
    tags = ColorTags(matrix, color_range)
    made = to_planes(rgb_to_yuv(rgb, tags, pixels), tags, pixels)
    assert [plane.shape for plane in made.planes] == [
        (32, 48),
        *[pixels.chroma_size(32, 48)] * 2,
    ]
    assert (to_rgb(made, tags, CPU) - rgb).abs().mean() < 0.008


@pytest.mark.parametrize(("matrix", "name"), [(1, "ITU709"), (5, "ITU601"), (7, "SMPTE240M")])
@pytest.mark.parametrize("color_range", [1, 2])
def test_as_swscale_converts(matrix, name, color_range):
    rgb, pixels = smooth("yuv444p")
    tags = ColorTags(matrix, color_range)
    made = to_planes(rgb_to_yuv(rgb, tags, pixels), tags, pixels)
    frame = from_picture(made)
    other = "SMPTE240M" if name != "SMPTE240M" else "ITU709"
    theirs = frame.reformat(
        format="rgb24",
        src_colorspace=name,
        src_color_range=color_range,
        dst_colorspace=other,  # PyAV drops the source's where both are the same
        dst_color_range=3 - color_range,
    ).to_ndarray()
    ours = (to_rgb(made, tags, CPU) * 255).round().permute(1, 2, 0).numpy()
    assert np.abs(ours - theirs).max() <= 2


def test_chroma_stands_on_the_left_column_and_between_the_rows():
    ramp = torch.arange(8.0).expand(8, 8) / 16 + torch.arange(8.0)[:, None] / 32
    pixels = PixelFormat.of("yuv420p")
    y, chroma = rgb_to_yuv(torch.stack([ramp, ramp, ramp + 0.1]), ColorTags(6, 2), pixels)
    blue = rgb_to_yuv(
        torch.stack([ramp, ramp, ramp + 0.1]), ColorTags(6, 2), PixelFormat.of("yuv444p")
    )[1][0]
    middle = (blue[2::2, 2::2] + blue[3::2, 2::2]) / 2
    assert torch.allclose(chroma[0, 1:, 1:], middle, atol=1e-6)
    assert y.shape == (8, 8)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv410p", "yuv444p10le", "gray"])
@pytest.mark.parametrize("height", [64, 161])
def test_bands_of_rows_are_the_picture(pix_fmt, height):
    rgb, pixels = torch.rand(3, height, 48), PixelFormat.of(pix_fmt)
    tags = ColorTags(5, 1)
    whole = to_planes(rgb_to_yuv(rgb, tags, pixels), tags, pixels)
    for band, plane in zip(rgb_to_picture(rgb, tags, pixels).planes, whole.planes, strict=True):
        assert np.array_equal(band, plane)


def test_grey_and_rgb():
    grey = Picture((np.array([[0, 128, 255]], np.uint8),), PixelFormat.of("gray"))
    assert torch.equal(to_rgb(grey, ColorTags(6, 2), CPU)[1], torch.tensor([[0, 128, 255]]) / 255)
    assert to_yuv(grey, ColorTags(6, 2), CPU)[1] is None
    planes = tuple(np.full((1, 2), value, np.uint8) for value in (51, 102, 204))  # G, B, R
    rgb = to_rgb(Picture(planes, PixelFormat.of("gbrp")), ColorTags(6, 1), CPU)
    assert rgb[:, 0, 0].tolist() == pytest.approx([0.8, 0.2, 0.4])
    made = to_planes((torch.zeros(2, 2), None), ColorTags(6, 1), PixelFormat.of("yuv420p"))
    assert [plane.tolist() for plane in made.planes] == [[[16, 16]] * 2, [[128]], [[128]]]


def test_luma_is_the_sample_over_the_largest():
    planes = (np.array([[64, 940]], np.uint16),)
    found = to_luma(Picture(planes, PixelFormat.of("gray10le")), CPU)
    assert found.tolist() == [[[pytest.approx(64 / 1023), pytest.approx(940 / 1023)]]]


def test_samples_outside_their_range_are_cut():
    high = (torch.full((2, 2), 1.5), torch.full((2, 2, 2), -0.9))
    made = to_planes(high, ColorTags(6, 1), PixelFormat.of("yuv444p"))
    assert [plane[0, 0] for plane in made.planes] == [255, 0, 0]


def test_chroma_of_another_size():
    chroma = torch.rand(2, 4, 4)
    assert resize_chroma(chroma, PixelFormat.of("yuv420p"), (8, 8)) is chroma
    assert resize_chroma(chroma, PixelFormat.of("yuv444p"), (8, 8)).shape == (2, 8, 8)


def test_an_unknown_matrix_is_refused():
    with pytest.raises(ValueError, match="colour matrix number 8 is not supported"):
        luma_shares(ColorTags(8, 1))
