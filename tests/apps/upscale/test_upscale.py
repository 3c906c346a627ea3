"""A file in, a larger file out, with all that was in it."""

import gc
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from fca2_plugin.apps.upscale import UpscaleOptions, plan_upscale, upscale
from fca2_plugin.codec.layout import read_layout
from fca2_plugin.codec.scan import scan
from tests.apps.upscale.films import (
    STEP,
    Blend,
    Enlarge,
    ffmpeg,
    film,
    full_film,
    packets,
    picture,
    times,
)

FAST = UpscaleOptions(encoder_preset="ultrafast", cuts=False)


def rgb(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def found(path):
    return scan(path, read_layout(path).pictures.index)


def test_frames_times_and_sound_are_those_of_the_source(tmp_path):
    source = film(tmp_path / "in.mp4", languages=["deu", "fra"])
    before = source.read_bytes()
    result = upscale(source, tmp_path / "out.mp4", network=Enlarge(2), options=FAST)
    assert (result.num_frames, result.height, result.width) == (12, 96, 128)
    assert {frame.shape for frame in rgb(result.out)} == {(96, 128, 3)}
    assert times(result.out) == times(source)
    assert packets(result.out, "audio") == packets(source, "audio")
    assert len(packets(source, "audio")) == 2
    assert source.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]


def test_the_pictures_are_the_network_s(tmp_path):
    source = film(tmp_path / "in.mkv", 5, pix_fmt="yuv444p", options={"crf": "0"})
    out = upscale(source, tmp_path / "out.mkv", network=Enlarge(1), options=replace(FAST, crf=1))
    for number, frame in enumerate(rgb(out.out)):
        assert np.abs(frame.astype(int) - picture(number, 48, 64)).mean() < 1


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov"])
def test_a_variable_rate_and_a_late_start_are_kept(tmp_path, ending):
    ticks = [15360, 15900, 17000, 17001, 20000, 26000, 26100, 27000]
    source = film(tmp_path / "in.mp4", 8, times=ticks)
    assert times(source)[0] == 1
    out = upscale(source, tmp_path / f"out{ending}", network=Enlarge(2), options=FAST).out
    error = Fraction(1, 2000) if ending == ".mkv" else 0  # Matroska has milliseconds
    assert all(abs(a - b) <= error for a, b in zip(times(out), times(source), strict=True))


def test_segments_do_not_show_in_the_times(tmp_path):
    source = film(tmp_path / "in.mp4", 20, times=[STEP * n + 97 * (n % 4) for n in range(20)])
    options = UpscaleOptions(segment=3, cuts=False)  # x264 with frames out of order
    out = upscale(source, tmp_path / "out.mp4", network=Enlarge(2), options=options).out
    assert times(out) == times(source)
    with av.open(str(out)) as container:
        assert sum(p.is_keyframe for p in container.demux(video=0) if p.size) == 7


@pytest.mark.parametrize("ending", [".mkv", ".mp4"])
def test_everything_else_is_copied(tmp_path, ending):
    source = full_film(tmp_path / f"in{ending}")
    out = upscale(source, tmp_path / f"out{ending}", network=Enlarge(2), options=FAST).out
    before, after = read_layout(source), read_layout(out)
    assert [str(track) for track in after.others] == [str(track) for track in before.others]
    assert after.chapters == before.chapters == (0.0, 0.2)
    assert after.metadata["title"] == "A film"
    for kind in ("audio", "subtitle"):
        assert packets(out, kind) == packets(source, kind)
    attached = [track for track in after.tracks if track.kind == "attachment"]
    assert len(attached) == (ending == ".mkv")


@pytest.mark.parametrize("ending", [".mkv", ".mp4"])
def test_rotation_and_the_shape_of_pixels_are_kept(tmp_path, ending):
    plain = film(tmp_path / "plain.mp4", 4, aspect=Fraction(4, 3))
    source = tmp_path / "in.mp4"
    ffmpeg("-display_rotation", 90, "-i", plain, "-c", "copy", source)
    out = upscale(source, tmp_path / f"out{ending}", network=Enlarge(2), options=FAST).out
    assert (found(out).rotation, found(out).aspect) == (90, Fraction(4, 3))
    assert (found(out).height, found(out).width) == (96, 128)  # stored as it was


@pytest.mark.parametrize(
    ("pix_fmt", "codec", "expected"),
    [
        ("yuv420p10le", "libx264", "yuv420p10le"),
        ("yuv422p", "libx264", "yuv422p"),
        ("yuv444p", "libx264", "yuv444p"),
        ("yuv420p16le", "ffv1", "yuv420p10le"),
        ("gray", "ffv1", "yuvj420p"),  # FFmpeg takes grey for full range
        ("bgr0", "ffv1", "yuv444p"),
    ],
)
def test_depth_and_chroma_follow_the_source(tmp_path, pix_fmt, codec, expected):
    source = film(tmp_path / "in.mkv", 3, pix_fmt=pix_fmt, codec=codec)
    out = upscale(source, tmp_path / "out.mkv", network=Enlarge(1), options=FAST).out
    assert found(out).pix_fmt == expected
    mean = np.mean([np.abs(a.astype(int) - b) for a, b in zip(rgb(source), rgb(out), strict=True)])
    assert mean < 3


@pytest.mark.parametrize(("scale", "expected"), [(1, "yuv444p"), (2, "yuv420p"), (3, "yuv444p")])
def test_odd_sizes_are_exact(tmp_path, scale, expected):
    source = film(tmp_path / "in.mkv", 3, (45, 61), codec="ffv1")
    out = upscale(source, tmp_path / "out.mp4", network=Enlarge(scale), options=FAST).out
    after = found(out)
    assert (after.height, after.width, after.pix_fmt) == (45 * scale, 61 * scale, expected)


@pytest.mark.parametrize("matrix", [1, 5, 6, 7, 9])
@pytest.mark.parametrize("color_range", [1, 2])
def test_colours_and_their_tags_are_kept(tmp_path, matrix, color_range):
    tags = {"colorspace": matrix, "color_range": color_range}
    tags |= {"color_primaries": 1, "color_trc": 1}
    source = film(tmp_path / "in.mkv", 2, tags=tags)
    out = upscale(source, tmp_path / "out.mp4", network=Enlarge(1), options=replace(FAST, crf=1))
    assert found(out.out).tags == found(source).tags
    assert not out.notes
    before, after = (next(av.open(str(p)).decode(video=0)) for p in (source, out.out))
    for a, b in zip(before.planes, after.planes, strict=True):  # samples, whatever they mean
        a, b = (np.frombuffer(x, np.uint8).astype(int) for x in (a, b))
        assert np.abs(a - b).mean() < 1


def test_untagged_colours_are_guessed_by_the_size_and_said(tmp_path):
    for height, name, number in ((48, "BT.601", 6), (720, "BT.709", 1)):
        source = film(tmp_path / f"{height}.mkv", 1, (height, 16))
        result = upscale(source, tmp_path / f"{height}.mp4", network=Enlarge(1), options=FAST)
        assert found(result.out).tags.matrix == number
        assert f"{name} is assumed, as is usual for {height} lines" in result.notes[0]


def test_interlaced_pictures_are_said(tmp_path):
    plain = film(tmp_path / "plain.mp4", 4)
    source = tmp_path / "in.mp4"
    ffmpeg("-i", plain, "-c:v", "libx264", "-flags", "+ildct+ilme", "-x264opts", "tff=1", source)
    job = plan_upscale(source, tmp_path / "out.mp4", network=Enlarge(1))
    assert "the source is interlaced: --deinterlace auto gives a better result" in job.notes


def test_raw_streams_without_times_get_them(tmp_path):
    source = film(tmp_path / "in.mp4", 7)
    raw = tmp_path / "in.264"
    ffmpeg("-i", source, "-c", "copy", raw)
    result = upscale(
        raw, tmp_path / "out.mp4", network=Enlarge(1), options=replace(FAST, segment=3)
    )
    assert len(times(result.out)) == 7
    assert "7 frames had no time, or" in result.notes[-1]


def test_sound_from_a_transport_stream_is_repacked(tmp_path):
    source = film(tmp_path / "in.ts", languages=["deu"])
    out = upscale(source, tmp_path / "out.mp4", network=Enlarge(1), options=FAST).out
    assert times(out) == times(source)
    with av.open(str(source)) as a, av.open(str(out)) as b:
        samples = [[f.to_ndarray() for f in c.decode(audio=0)] for c in (a, b)]
    assert all(np.array_equal(x, y) for x, y in zip(*samples, strict=True))


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_a_cover_is_no_film(tmp_path, ending):
    from PIL import Image

    Image.new("RGB", (20, 20), "red").save(tmp_path / "cover.png")
    plain = film(tmp_path / "plain.mp4", 3, languages=["deu"])
    source = tmp_path / "in.mp4"
    ffmpeg(
        *("-i", tmp_path / "cover.png", "-i", plain, "-map", "0", "-map", "1", "-c", "copy"),
        *("-disposition:v:0", "attached_pic", source),
    )
    out = upscale(source, tmp_path / f"out{ending}", network=Enlarge(2), options=FAST).out
    assert (found(out).height, found(out).width) == (96, 128)
    covers = [
        [bytes(packet) for packet in av.open(str(path)).demux(cover.index) if packet.size]
        for path in (source, out)
        for cover in read_layout(path).others
        if cover.is_cover
    ]
    assert covers == [[(tmp_path / "cover.png").read_bytes()]] * 2


@pytest.mark.parametrize("segment", [4, 100])
@pytest.mark.parametrize("chunk", [3, 5, 100])
def test_no_seam_shows_in_time(tmp_path, segment, chunk):
    """A network that mixes neighbours, in chunks and segments of any length, and all at once."""
    source = film(tmp_path / "in.mkv", 11, codec="ffv1", cuts=[7])
    lossless = UpscaleOptions(codec="ffv1", cut_threshold=5.0)
    whole = replace(lossless, chunk=100, segment=100)
    options = replace(lossless, chunk=chunk, context=1, segment=segment)
    network = Blend(1, radius=1)
    expected = upscale(source, tmp_path / "whole.mkv", network=network, options=whole).out
    got = upscale(source, tmp_path / "out.mkv", network=network, options=options).out
    plan = plan_upscale(source, tmp_path / "x.mkv", network=network, options=options)
    assert plan.look.scan.cuts == (7,)
    assert all(np.array_equal(a, b) for a, b in zip(rgb(expected), rgb(got), strict=True))


def test_encoders_of_finished_segments_are_gone(tmp_path):
    """PyAV's objects are cycles, and Python looks for these when it likes."""
    open_files = []

    class Counts(Enlarge):
        def forward(self, lq):
            found = [o for o in gc.get_objects() if isinstance(o, av.container.OutputContainer)]
            open_files.append(len(found))
            return super().forward(lq)

    source = film(tmp_path / "in.mp4", 24)
    gc.collect()
    gc.disable()
    try:
        options = replace(FAST, segment=2, chunk=2, context=0)
        upscale(source, tmp_path / "out.mp4", network=Counts(2), options=options)
    finally:
        gc.enable()
    assert max(open_files) <= min(open_files) + 2


def test_shots_are_not_mixed(tmp_path):
    source = film(tmp_path / "in.mkv", 12, codec="ffv1", cuts=[6])
    options = UpscaleOptions(codec="ffv1", crf=None)
    network = Blend(1, radius=2)
    mixed = upscale(
        source, tmp_path / "mixed.mkv", network=network, options=replace(options, cuts=False)
    )
    parted = upscale(source, tmp_path / "parted.mkv", network=network, options=options)
    plain = rgb(source)

    def error(path, number):
        return np.abs(rgb(path)[number].astype(int) - plain[number]).mean()

    assert error(parted.out, 5) < error(mixed.out, 5) / 3
    assert error(parted.out, 6) < error(mixed.out, 6) / 3


def test_a_preview_shows_both_side_by_side(tmp_path):
    source = film(tmp_path / "in.mp4", 30, languages=["deu"])
    options = replace(FAST, preview_seconds=0.2, preview_start=0.5, crf=1)
    result = upscale(source, tmp_path / "out.mp4", network=Enlarge(2), options=options)
    assert (result.num_frames, result.height, result.width) == (6, 96, 256)
    assert times(result.out)[0] == 0
    (sound,), (given,) = packets(result.out, "audio"), packets(source, "audio")
    assert sound == [
        (pytest.approx(t - 0.5, abs=1e-3), data) for t, data in given if 0.5 <= t < 0.7
    ]
    for frame in rgb(result.out):  # the network is bicubic, too
        assert np.abs(frame[:, :128].astype(int) - frame[:, 128:]).mean() < 2


def test_an_empty_preview_is_refused(tmp_path):
    source = film(tmp_path / "in.mp4", 3)
    options = UpscaleOptions(preview_seconds=1, preview_start=9)
    with pytest.raises(ValueError, match=r"second 9 on; the video lasts 0.10 seconds"):
        upscale(source, tmp_path / "out.mp4", network=Enlarge(2), options=options)
