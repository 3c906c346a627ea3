"""Samples in and out of PyAV, of every kind of pixel format."""

import av
import numpy as np
import pytest

from fca2_plugin.codec.colors import ColorTags
from fca2_plugin.codec.frames import reformat
from fca2_plugin.codec.picture import (
    PixelFormat,
    from_picture,
    planar_format,
    read_tags,
    to_picture,
)
from tests.codec.footage import moving_clip


def frame_of(pix_fmt, height=37, width=51):
    rgb = moving_clip(1, height, width)[0]
    return reformat(av.VideoFrame.from_ndarray(rgb, format="rgb24"), format=pix_fmt)


@pytest.mark.parametrize(
    ("pix_fmt", "name", "bits", "steps"),
    [
        ("yuv420p", "yuv420p", 8, (2, 2)),
        ("yuvj420p", "yuv420p", 8, (2, 2)),
        ("yuva420p", "yuv420p", 8, (2, 2)),
        ("nv12", "yuv420p", 8, (2, 2)),
        ("yuyv422", "yuv422p", 8, (2, 1)),
        ("yuv411p", "yuv411p", 8, (4, 1)),
        ("yuv410p", "yuv410p", 8, (4, 4)),
        ("yuv440p", "yuv440p", 8, (1, 2)),
        ("yuv420p10le", "yuv420p10le", 10, (2, 2)),
        ("yuv420p10be", "yuv420p10le", 10, (2, 2)),
        ("p010le", "yuv420p10le", 10, (2, 2)),
        ("yuv444p12le", "yuv444p12le", 12, (1, 1)),
        ("gray", "gray", 8, (0, 0)),
        ("gray16le", "gray16le", 16, (0, 0)),
        ("rgb24", "gbrp", 8, (1, 1)),
        ("bgr0", "gbrp", 8, (1, 1)),
        ("gbrp10le", "gbrp10le", 10, (1, 1)),
        ("rgb48le", "gbrp16le", 16, (1, 1)),
    ],
)
def test_the_samples_are_those_that_are_stored(pix_fmt, name, bits, steps):
    frame = frame_of(pix_fmt)
    picture = to_picture(frame)
    assert picture.format == planar_format(pix_fmt)
    assert (picture.format.name, picture.format.bits) == (name, bits)
    assert (picture.format.step_x, picture.format.step_y) == steps
    assert picture.size == (37, 51)
    expected = frame if frame.format.name == name else reformat(frame, format=name)
    if pix_fmt == "yuvj420p":  # reformat would convert the range
        expected = frame
    again = from_picture(picture)
    count = len(picture.planes)
    for made, kept, samples in zip(
        again.planes, list(expected.planes)[:count], picture.planes, strict=True
    ):
        assert made.width == kept.width
        dtype = samples.dtype
        stored = [np.frombuffer(p, dtype).reshape(p.height, -1)[:, : p.width] for p in (made, kept)]
        assert np.array_equal(*stored)
        assert np.array_equal(stored[0], samples)


def test_the_planes_are_copies():
    frame = frame_of("yuv420p")
    picture = to_picture(frame)
    before = picture.planes[0].copy()
    frame.make_writable()
    np.frombuffer(frame.planes[0], np.uint8)[:] = 0
    assert np.array_equal(picture.planes[0], before)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("yuv42p", "unknown pixel format 'yuv42p'"),
        ("nv12", "'nv12' does not store Y, U and V in separate planes; expected yuv420p"),
    ],
)
def test_formats_that_cannot_be_written(name, message):
    with pytest.raises(ValueError, match=message):
        PixelFormat.of(name)


def test_formats_that_cannot_be_read():
    with pytest.raises(ValueError, match="the pixel format xyz12le cannot be read; convert"):
        planar_format("xyz12le")


def test_sizes_that_chroma_covers():
    half, full, grey = map(PixelFormat.of, ("yuv420p", "yuv444p", "gray"))
    assert half.chroma_size(5, 7) == (3, 4)
    assert half.accepts(4, 6)
    assert not half.accepts(5, 6)
    assert not half.accepts(4, 7)
    assert full.accepts(5, 7)
    assert grey.accepts(5, 7)


def test_tags_are_the_frames_or_a_guess():
    assert ColorTags().resolved(719) == ColorTags(6, 1)
    assert ColorTags().resolved(720) == ColorTags(1, 1)
    assert ColorTags(0, 2).resolved(100) == ColorTags(6, 1)  # of RGB
    tagged = ColorTags(9, 2, 9, 16)
    assert tagged.resolved(100) == tagged
    assert str(tagged) == "matrix BT.2020, full range, primaries BT.2020, transfer PQ"
    assert str(ColorTags(99)) == (
        "matrix number 99, untagged range, primaries untagged, transfer untagged"
    )


@pytest.mark.parametrize(("pix_fmt", "expected"), [("yuvj420p", 2), ("gray", 2), ("yuv420p", 0)])
def test_some_formats_are_of_full_range(pix_fmt, expected):
    class Stream:
        class codec_context:
            color_primaries, color_trc = 2, 2

    frame = av.VideoFrame(16, 16, pix_fmt)
    assert read_tags(frame, Stream).range == expected
