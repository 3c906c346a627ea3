"""fca2_plugin.codec.roundtrip: real encoders, every size, colours, and what is refused."""

import functools
import importlib
import re

import numpy as np
import pytest

from fca2_plugin.codec import (
    CodecSettings,
    encode_decode,
    encoders,
    library_versions,
    roundtrip,
    stream_through,
)
from fca2_plugin.codec.encoders import ENCODERS
from fca2_plugin.codec.frames import reformat, rgb_to_yuv, yuv_to_rgb
from fca2_plugin.codec.picture import to_picture
from fca2_plugin.metrics import psnr
from tests.codec.footage import moving_clip
from tests.conftest import require_host

require_host("av")
av = importlib.import_module("av")


def mean_psnr(frames, others):
    return np.mean([psnr(a, b, y=False) for a, b in zip(frames, others, strict=True)])


@pytest.mark.parametrize("codec", ENCODERS)
@pytest.mark.parametrize("pix_fmt", ["yuv444p", "yuv420p"])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (17, 31), (48, 64)])
@pytest.mark.parametrize("num_frames", [1, 7])
def test_frames_in_are_frames_out(codec, pix_fmt, size, num_frames):
    if pix_fmt not in ENCODERS[codec].pix_fmts:
        pix_fmt = None  # the encoder's own
    frames = moving_clip(num_frames, *size)
    rate = {"crf": 25} if codec in ("libx264", "libx265") else {"bits_per_pixel": 50.0}
    coded = encode_decode(frames, CodecSettings(codec=codec, pix_fmt=pix_fmt, **rate))
    assert len(coded) == num_frames
    assert all(frame.shape == (*size, 3) and frame.dtype == np.uint8 for frame in coded)
    assert mean_psnr(coded, frames) > 25


def test_long_clips_keep_their_order():
    frames = [np.full((16, 16, 3), 5 * t, np.uint8) for t in range(48)]
    coded = encode_decode(frames, CodecSettings(crf=10))
    assert np.all(np.diff([frame.mean() for frame in coded]) > 0)


@pytest.mark.parametrize("pix_fmt", ["yuv444p", "yuv420p"])
@pytest.mark.parametrize("knob", ["crf", "qp"])
def test_quality_falls_as_the_number_rises(knob, pix_fmt):
    frames = moving_clip(7, 48, 64)
    quality = [
        mean_psnr(encode_decode(frames, CodecSettings(pix_fmt=pix_fmt, **{knob: value})), frames)
        for value in (5, 15, 25, 35, 45)
    ]
    assert all(np.diff(quality) < 0)


@pytest.mark.parametrize("codec", ["libvpx-vp9", "libsvtav1"])
def test_bits_follow_the_rate(codec):
    frames = moving_clip(40, 96, 128)
    sizes, quality = [], []
    for rate in (0.02, 0.1, 0.5):
        packets = []
        settings = CodecSettings(codec, bits_per_pixel=rate, preset="6", pix_fmt="yuv420p")
        watch = functools.partial(lambda kept, packet, *size: kept.append(packet.size), packets)
        coded = list(stream_through(frames, settings, watch))
        quality.append(mean_psnr(coded, frames))
        sizes.append(8 * sum(packets) / (40 * 96 * 128) / rate)
    assert all(np.diff(quality) > 0)
    assert 0.3 < sizes[1] < 3  # one pass over a short clip: near the target, no more


@pytest.mark.parametrize("codec", ENCODERS)
def test_a_stream_is_taken_and_given_as_it_comes(codec):
    """Not more frames are in flight than the encoder looks ahead."""
    taken = 0

    def frames():
        nonlocal taken
        for frame in moving_clip(20, 32, 32) * 10:
            taken += 1
            yield frame

    settings = CodecSettings(codec, preset="ultrafast" if "x26" in codec else "8")
    ahead = [taken - given for given, _ in enumerate(stream_through(frames(), settings), start=1)]
    assert len(ahead) == 200
    assert max(ahead) < 100


def test_no_frames_give_no_frames():
    assert list(stream_through([], CodecSettings())) == []


def test_an_encoder_that_is_not_there(monkeypatch):
    monkeypatch.setitem(encoders.ENCODERS, "libnothing", encoders.Encoder("h267", "h264", ".x"))
    with pytest.raises(
        ValueError,
        match="this PyAV has no encoder libnothing for h267; it can write x264, x265, vp9, av1: c",
    ):
        encode_decode(moving_clip(1, 16, 16), CodecSettings("libnothing"))


def test_crf_0_loses_only_the_colour_rounding():
    frames = moving_clip(7, 48, 64)
    coded = encode_decode(frames, CodecSettings(crf=0))
    converted = [yuv_to_rgb(rgb_to_yuv(frame, "yuv444p")) for frame in frames]
    assert all(map(np.array_equal, coded, converted))
    assert 51 < mean_psnr(coded, frames) < 54


def test_the_luma_is_bt601_in_limited_range():
    frame = np.full((8, 8, 3), (200, 60, 30), np.uint8)
    planes = rgb_to_yuv(frame, "yuv444p").to_ndarray()
    expected = (  # ITU-R BT.601
        16 + (65.481 * 200 + 128.553 * 60 + 24.966 * 30) / 255,
        128 + (-37.797 * 200 - 74.203 * 60 + 112 * 30) / 255,
        128 + (112 * 200 - 93.786 * 60 - 18.214 * 30) / 255,
    )
    assert np.abs(planes[:, 0, 0] - expected).max() < 1


@pytest.mark.parametrize("tag_range", [1, 2])
@pytest.mark.parametrize(
    ("matrix", "kr", "kb"),
    [(5, 0.299, 0.114), (6, 0.299, 0.114), (1, 0.2126, 0.0722), (9, 0.2627, 0.0593)],
)
def test_a_decoded_frame_is_converted_by_its_own_matrix_and_range(matrix, kr, kb, tag_range):
    y, u, v = 120, 100, 150
    planes = np.empty((3, 16, 16), np.uint8)
    planes[:] = np.array([y, u, v]).reshape(3, 1, 1)
    picture = av.VideoFrame.from_ndarray(planes, format="yuv444p")
    picture.colorspace, picture.color_range = matrix, tag_range
    luma, span = (y / 255, 255) if tag_range == 2 else ((y - 16) / 219, 224)
    red = luma + 2 * (1 - kr) * (v - 128) / span
    blue = luma + 2 * (1 - kb) * (u - 128) / span
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    expected = 255 * np.array([red, green, blue])
    assert np.abs(yuv_to_rgb(picture)[8, 8] - expected).max() < 1


def test_a_matrix_that_ffmpeg_does_not_know_is_refused():
    picture = rgb_to_yuv(moving_clip(1, 16, 16)[0], "yuv444p")
    picture.colorspace = 8  # YCgCo
    with pytest.raises(ValueError, match="does not convert colour matrix number 8 to RGB"):
        yuv_to_rgb(picture)


def test_a_conversion_gives_the_same_pixels_in_a_used_heap():
    """PyAV's own, by several threads, does not at this width."""
    rgb = av.VideoFrame.from_ndarray(moving_clip(1, 36, 51)[0], format="rgb24")
    rng = np.random.default_rng(0)
    outcomes = set()
    for _ in range(400):
        junk = [
            np.full(size, rng.integers(256), np.uint8) for size in rng.integers(1000, 60_000, 6)
        ]
        del junk
        picture = reformat(reformat(rgb, format="p010le"), format="yuv420p10le")
        outcomes.add(b"".join(plane.tobytes() for plane in to_picture(picture).planes))
    assert len(outcomes) == 1


def test_the_same_call_gives_the_same_frames_and_leaves_its_input():
    frames = moving_clip(7, 33, 47)
    before = [frame.copy() for frame in frames]
    settings = CodecSettings(crf=30, pix_fmt="yuv420p")
    once, again = encode_decode(frames, settings), encode_decode(frames, settings)
    assert all(map(np.array_equal, once, again))
    assert all(map(np.array_equal, frames, before))


def test_views_are_taken():
    frames = [frame[:, ::-1] for frame in moving_clip(3, 16, 16)]
    straight = [np.ascontiguousarray(frame) for frame in frames]
    settings = CodecSettings(crf=25)
    coded = encode_decode(frames, settings)
    assert all(map(np.array_equal, coded, encode_decode(straight, settings)))


@pytest.mark.parametrize(
    ("frames", "error", "message"),
    [
        ([], ValueError, "encode_decode got no frames"),
        ([np.zeros((4, 4, 3))], TypeError, "frame 0 must be a numpy uint8 array, got float64"),
        (["x"], TypeError, "frame 0 must be a numpy uint8 array, got str"),
        ([np.zeros((4, 4), np.uint8)], ValueError, r"frame 0 must be RGB .* got \(4, 4\)"),
        ([np.zeros((0, 4, 3), np.uint8)], ValueError, r"frame 0 must be RGB .* got \(0, 4, 3\)"),
        (
            [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 6, 3), np.uint8)],
            ValueError,
            "frame 1 is 6x4, but frame 0 is 4x4",
        ),
    ],
)
def test_bad_frames_are_refused(frames, error, message):
    with pytest.raises(error, match=message):
        encode_decode(frames, CodecSettings(crf=25))


def test_a_codec_that_loses_frames_is_noticed(monkeypatch):
    decoder = type("Decoder", (), {"decode": lambda self, packet: []})
    monkeypatch.setattr(roundtrip, "open_decoder", lambda name: decoder())
    with pytest.raises(RuntimeError, match="libx264 returned 0 frames for 2"):
        encode_decode(moving_clip(2, 16, 16), CodecSettings(crf=25))


@pytest.mark.parametrize("codec", ENCODERS)
def test_library_versions_name_the_encoder(codec):
    versions = library_versions(codec)
    assert versions["av"] == av.__version__
    assert re.search(r"\d+\.?\d+", versions[codec])
    if codec in ("libx264", "libx265"):
        assert versions[codec].startswith(codec[3:])
    assert versions["libavcodec"].count(".") == 2
