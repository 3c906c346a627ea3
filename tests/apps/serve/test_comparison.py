"""The video behind the slider, against the videos that it compares."""

from fractions import Fraction

import av
import numpy as np
import pytest
import torch

from fca2_plugin.apps.serve import comparison
from fca2_plugin.apps.serve.comparison import write_comparison
from fca2_plugin.apps.upscale import UpscaleOptions, upscale
from fca2_plugin.codec import probe, read_video
from tests.apps.upscale.films import STEP, Enlarge, ffmpeg, film, times

OPTIONS = UpscaleOptions(cuts=False, encoder_preset="ultrafast", crf=2, chunk=4, context=0, tile=0)
CLOSE = 6.0  # mean difference that coding and a second 4:2:0 may make, of 255


class Negative(Enlarge):
    """Its result cannot be taken for its input."""

    def forward(self, lq):
        return 1 - super().forward(lq)


def compare(source, tmp_path, ending=".mp4", **settings):
    out = tmp_path / f"out{ending}"
    upscale(source, out, network=Negative(2), options=OPTIONS)
    path = tmp_path / "comparison.mp4"
    states = []
    made = write_comparison(source, out, path, states.append, **settings)
    frames = [frame.astype(float) for frame in read_video(path)]
    before = [frame[: made.height, : made.width] for frame in frames]
    after = [frame[made.pitch : made.pitch + made.height, : made.width] for frame in frames]
    assert [state.done for state in states] == list(range(1, len(frames) + 1))
    assert {state.stage for state in states} == {"compare"}
    assert not list(tmp_path.glob(".comparison*"))
    return made, before, after, out, path


def far(one, other):
    return np.abs(np.asarray(one, float) - np.asarray(other, float)).mean()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"size": (45, 61), "pix_fmt": "yuv444p"},
        {"pix_fmt": "yuv420p10le", "tags": {"colorspace": 1, "color_range": 2}},
        {"codec": "ffv1", "pix_fmt": "gray"},
        {"times": [STEP * n for n in (0, 1, 4, 5, 6, 9)]},
    ],
    ids=["plain", "odd", "10 bit, full range", "grey", "variable rate"],
)
def test_both_halves_are_the_frames_that_belong_together(tmp_path, settings):
    ending = ".mkv" if settings.get("codec") == "ffv1" else ".mp4"
    source = film(tmp_path / f"in{ending}", 6, **settings)
    made, before, after, out, path = compare(source, tmp_path, ending)
    height, width = settings.get("size", (48, 64))
    assert (made.height, made.width, made.pitch % 16) == (2 * height, 2 * width, 0)
    assert made.pitch >= made.height + 8
    assert made.is_whole and not made.is_smaller
    shown = [time - times(out)[0] for time in times(out)]
    assert times(path) == pytest.approx(shown, abs=1e-6)
    assert made.times[:-1] == pytest.approx([float(time) for time in shown])
    assert made.times[-1] > made.times[-2]
    assert (probe(path).codec, probe(path).pix_fmt) == ("h264", "yuv420p")
    results = list(read_video(out))
    assert len(before) == len(after) == len(results) == 6
    for number, (left, right, result) in enumerate(zip(before, after, results, strict=True)):
        assert far(right, result) < CLOSE
        assert far(left, 255 - right) < CLOSE
        others = [far(right, other) for n, other in enumerate(results) if n != number]
        assert far(right, result) < min(others)


def test_the_colours_are_those_of_the_source(tmp_path):
    """Against FFmpeg's own conversion and enlargement."""
    source = film(tmp_path / "in.mp4", 3, tags={"colorspace": 1})
    _, before, *_ = compare(source, tmp_path)
    ffmpeg("-i", source, "-vf", "scale=iw*2:ih*2:flags=bicubic", tmp_path / "%d.png")
    for number, left in enumerate(before, start=1):
        with av.open(str(tmp_path / f"{number}.png")) as image:
            expected = next(image.decode(video=0)).to_ndarray(format="rgb24")
        assert far(left, expected) < CLOSE


def test_rotation_is_carried_out_and_pixels_are_square(tmp_path):
    plain = film(tmp_path / "plain.mp4", 3, aspect=Fraction(4, 3))
    source = tmp_path / "in.mp4"
    ffmpeg("-display_rotation", 90, "-i", plain, "-c", "copy", source)
    made, before, after, out, path = compare(source, tmp_path)
    assert (made.width, made.height) == (96, round(128 * 4 / 3))
    stored = torch.from_numpy(next(read_video(out))).permute(2, 0, 1)[None].float()
    square = torch.nn.functional.interpolate(
        stored, size=(96, 171), mode="bicubic", antialias=True
    )[0]
    assert far(after[0], np.rot90(square.permute(1, 2, 0).numpy(), 1)) < CLOSE
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert "DISPLAYMATRIX" not in [data.type.name for data in frame.side_data.keys()]
        assert not container.streams.audio


def test_a_long_film_is_compared_at_its_beginning(tmp_path):
    source = film(tmp_path / "in.mp4", 9)
    made, before, *_ = compare(source, tmp_path, most_seconds=0.15)
    assert len(before) == len(made.times) - 1 == 5
    assert not made.is_whole


@pytest.mark.parametrize(("limit", "size"), [("MOST_WIDTH", (96, 72)), ("MOST_HEIGHT", (96, 72))])
def test_a_large_result_is_shown_smaller(tmp_path, monkeypatch, limit, size):
    monkeypatch.setattr(comparison, limit, size[limit == "MOST_HEIGHT"])
    made, before, after, *_ = compare(film(tmp_path / "in.mp4", 2), tmp_path)
    assert (made.width, made.height) == size
    assert made.is_smaller
    assert far(before[1], 255 - after[1]) < CLOSE


def test_videos_of_different_lengths_are_refused(tmp_path):
    source, out = film(tmp_path / "in.mp4", 4), tmp_path / "out.mp4"
    upscale(film(tmp_path / "other.mp4", 5), out, network=Enlarge(2), options=OPTIONS)
    with pytest.raises(ValueError, match="in.mp4 and its result differ in their number of frames"):
        write_comparison(source, out, tmp_path / "comparison.mp4", lambda state: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "other.mp4", "out.mp4"]
