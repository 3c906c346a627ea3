"""Size, part, strength, crop, deinterlacing, colours and stills: what people choose."""

from dataclasses import replace

import av
import numpy as np
import pytest
import torch
from PIL import Image

from fca2_plugin.apps.upscale import UpscaleOptions, plan_upscale, upscale
from fca2_plugin.apps.upscale.images import write_still
from fca2_plugin.inference.runner import ClipRunner
from tests.apps.upscale.films import Enlarge, ffmpeg, film, full_film, packets, times

FAST = UpscaleOptions(encoder_preset="ultrafast", cuts=False)


class White(Enlarge):
    """Paints everything white."""

    def forward(self, lq):
        return torch.ones_like(super().forward(lq))


def rgb(path, stream=0):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=stream)]


def plan(source, **options):
    return plan_upscale(
        source, source.with_name("out.mp4"), network=Enlarge(2), options=replace(FAST, **options)
    )


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({}, (96, 128)),
        ({"height": 72}, (72, 96)),
        ({"height": 720}, (720, 960)),
        ({"scale": 1.5}, (72, 96)),
        ({"scale": 2}, (96, 128)),
        ({"scale": 3}, (144, 192)),
        ({"scale": 1}, (48, 64)),
    ],
)
def test_the_result_has_the_size_that_is_asked_for(tmp_path, options, size):
    source = film(tmp_path / "in.mp4", 2)
    made = upscale(
        source, tmp_path / "out.mp4", network=Enlarge(2), options=replace(FAST, **options)
    )
    assert (made.height, made.width) == size
    assert {frame.shape[:2] for frame in rgb(made.out)} == {size}
    assert any("antialiased bicubic filter" in note for note in made.notes) is (size != (96, 128))


def test_the_height_is_that_of_the_picture_as_it_is_shown(tmp_path):
    plain = film(tmp_path / "plain.mp4", 2)
    source = tmp_path / "in.mp4"
    ffmpeg("-display_rotation", 90, "-i", plain, "-c", "copy", source)
    assert plan(source, height=96).size == (72, 96)  # stored lying


def test_a_smaller_result_keeps_the_picture_in_its_place(tmp_path):
    source = film(tmp_path / "in.mkv", 2, pix_fmt="yuv444p", options={"crf": "0"})
    options = replace(FAST, scale=1, crf=1)
    made = upscale(source, tmp_path / "out.mkv", network=Enlarge(2), options=options)
    for before, after in zip(rgb(source), rgb(made.out), strict=True):
        assert np.abs(before.astype(int) - after).mean() < 1.5


def test_a_part_with_its_sound_subtitles_and_chapters(tmp_path):
    source = full_film(tmp_path / "in.mp4")
    options = replace(FAST, start=0.1, end=0.3, segment=4)
    out = upscale(source, tmp_path / "out.mp4", network=Enlarge(2), options=options).out
    wanted = [time for time in times(source) if 1 <= 10 * time < 3]
    assert times(out) == [time - wanted[0] for time in wanted]
    for before, after in zip(packets(source, "audio"), packets(out, "audio"), strict=True):
        kept = [(pytest.approx(t - 0.1, abs=2e-3), data) for t, data in before if 0.1 <= t < 0.3]
        assert after == kept
    with av.open(str(out)) as container:
        first, second = container.chapters()
        assert [c["metadata"]["title"] for c in (first, second)] == ["First", "Second"]
        starts = [float(c["start"] * c["time_base"]) for c in (first, second)]
        assert starts == pytest.approx([0, 0.1], abs=2e-3)
    words = [text for _, text in packets(out, "subtitle")[0]]
    assert [b"one" in text for text in words][:1] == [True]  # it is shown when the part begins


def test_a_part_to_the_end_and_one_from_the_beginning(tmp_path):
    source = film(tmp_path / "in.mp4", 12, languages=["deu"])
    for part, frames in (({"start": 0.2}, 6), ({"end": 0.2}, 6), ({"end": 99}, 12)):
        out = tmp_path / f"{frames}{next(iter(part))}{next(iter(part.values()))}.mp4"
        upscale(source, out, network=Enlarge(2), options=replace(FAST, **part))
        assert len(times(out)) == frames
        assert times(out)[0] == 0
        assert packets(out, "audio")[0]


def test_a_part_reads_no_more_than_it_needs(tmp_path):
    source = film(tmp_path / "in.mp4", 120)
    assert len(plan(source, end=0.1).look.scan) < 90


def test_strength_blends_with_the_bicubic_picture(tmp_path):
    source = film(tmp_path / "in.mkv", 2, pix_fmt="yuv444p", options={"crf": "0"})
    means = []
    for strength in (0, 0.5, 1):
        out = tmp_path / f"{strength}.mkv"
        options = replace(FAST, strength=strength, crf=1)
        upscale(source, out, network=White(2), options=options)
        means.append(np.mean(rgb(out)))
    assert means[0] == pytest.approx(np.mean(rgb(source)), abs=1)
    assert means[2] == pytest.approx(255, abs=1)
    assert means[1] == pytest.approx((means[0] + means[2]) / 2, abs=1)


def letterboxed(tmp_path):
    plain = film(tmp_path / "plain.mp4", 6)
    source = tmp_path / "in.mp4"
    ffmpeg("-i", plain, "-vf", "pad=80:72:8:12", "-crf", 4, source)
    return plain, source


def test_black_bars_are_cut_away(tmp_path):
    plain, source = letterboxed(tmp_path)
    for crop in ("auto", "64:48:8:12"):
        out = tmp_path / f"{crop[:4]}.mp4"
        options = replace(FAST, crop=crop, crf=1)
        made = upscale(source, out, network=Enlarge(1), options=options)
        assert (made.height, made.width) == (48, 64)
        for before, after in zip(rgb(plain), rgb(out), strict=True):
            assert np.abs(before.astype(int) - after).mean() < 2.5
    assert plan(source, crop="auto").geometry.notes == (
        "black bars were cut away: crop 64:48:8:12",
    )
    assert plan(plain, crop="auto").geometry.notes[0].startswith("no black bars were found")


def interlaced(tmp_path, frames=9):
    source = tmp_path / "in.mkv"
    moving = "testsrc2=s=64x48:r=50:d=2,interlace"
    ffmpeg(
        *("-f", "lavfi", "-i", moving, "-frames:v", frames, "-c:v", "libx264", "-crf", 4),
        *("-flags", "+ildct+ilme", "-x264opts", "tff=1", source),
    )
    return source


def combing(frames):
    """How much neighbouring lines differ more than those of one field."""
    lines = np.stack(frames).astype(int)
    return (np.abs(lines[:, 1:] - lines[:, :-1]).mean()) / np.abs(
        lines[:, 2:] - lines[:, :-2]
    ).mean()


def test_interlaced_pictures_become_whole_wherever_parts_begin(tmp_path):
    source = interlaced(tmp_path)
    made = {}
    for segment in (9, 2):
        out = tmp_path / f"{segment}.mkv"
        options = replace(FAST, deinterlace="auto", segment=segment, crf=1)
        upscale(source, out, network=Enlarge(1), options=options)
        assert times(out) == times(source)
        made[segment] = rgb(out)
    for whole, part in zip(*made.values(), strict=True):
        assert np.abs(whole.astype(int) - part).mean() < 1
    assert combing(made[9]) < 0.85 * combing(rgb(source))


def test_progressive_film_is_left_and_said(tmp_path):
    source = film(tmp_path / "in.mp4", 3)
    job = plan(source, deinterlace="auto")
    assert not job.deinterlaced
    assert any(note.endswith("so nothing was deinterlaced") for note in job.notes)


def test_colours_by_the_users_word(tmp_path):
    source = film(tmp_path / "in.mp4", 2)
    job = plan(source, source_matrix="bt2020", source_range="full")
    assert (job.tags.matrix, job.tags.range) == (9, 2)
    assert not any("does not name its colour matrix" in note for note in job.notes)


def two_films(tmp_path):
    small, large = film(tmp_path / "s.mp4", 3), film(tmp_path / "l.mp4", 3, (96, 128))
    source = tmp_path / "in.mkv"
    ffmpeg("-i", small, "-i", large, "-map", 0, "-map", 1, "-c", "copy", source)
    return source


def test_the_best_of_several_videos_is_taken_and_said(tmp_path):
    source = two_films(tmp_path)
    job = plan(source)
    assert (job.look.scan.height, job.look.layout.pictures.index) == (96, 1)
    assert any("stream 1 is used; choose another with --stream" in note for note in job.notes)
    assert plan(source, stream=0).look.scan.height == 48
    with pytest.raises(ValueError, match="stream 7 of .* is not a video; expected one of .*: 0, 1"):
        plan(source, stream=7)


def still(source, out, seconds, **options):
    network, options = ClipRunner(White(2), "white"), replace(FAST, **options)
    return write_still(source, out, seconds, options=options, progress=print, network=network)


def test_a_still_shows_before_and_after(tmp_path):
    source = film(tmp_path / "in.mp4", 12)
    for name, wanted in (("out.png", "out.png"), ("x.mp4", "x.png")):
        made = still(source, tmp_path / name, 0.2)
        assert made.out == tmp_path / wanted
        image = np.asarray(Image.open(made.out)).astype(int)
        assert image.shape == (96, 256, 3)
        assert image[:, 128:].mean() > 254
        shown = np.asarray(Image.fromarray(rgb(source)[6]).resize((128, 96), Image.BICUBIC))
        assert np.abs(image[:, :128] - shown).mean() < 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "out.png", "x.png"]


@pytest.mark.parametrize(
    ("seconds", "options", "message"),
    [
        (-1, {}, "still must be at least 0, got -1"),
        (9, {}, "there is no frame from second 9 on; the video lasts 0.10 seconds"),
        (0, {"start": 1}, "a still is the frame of one second; leave out start, end and preview"),
        (0, {"preview_seconds": 1}, "leave out start, end and preview"),
    ],
)
def test_stills_that_cannot_be(tmp_path, seconds, options, message):
    source = film(tmp_path / "in.mp4", 3)
    with pytest.raises(ValueError, match=message):
        still(source, tmp_path / "out.png", seconds, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"height": 0}, "height must be above 0 and finite, got 0"),
        ({"scale": float("nan")}, "scale must be above 0 and finite, got nan"),
        ({"height": 96, "scale": 2}, "give only one of them"),
        ({"strength": 1.5}, "strength must be between 0 .* and 1 .*, got 1.5"),
        ({"deinterlace": "on"}, r"unknown deinterlace 'on'"),
        ({"crop": "1:2:3"}, "crop must be auto, or W:H:X:Y .*, got '1:2:3'"),
        ({"start": -1}, "start must be at least 0, got -1"),
        ({"start": 2, "end": 1}, "end must be after start, got end 1 and start 2"),
        ({"end": 0}, "end must be above 0 and finite, got 0"),
        ({"start": 1, "preview_seconds": 1}, "leave out start and end"),
        ({"preview_start": 1}, "preview_start is where a preview begins; add preview"),
        ({"source_matrix": "bt708"}, r"unknown source_matrix 'bt708' \(did you mean 'bt70"),
        ({"source_range": "wide"}, "unknown source_range 'wide'"),
        ({"stream": -1}, "stream must be at least 0, got -1"),
    ],
)
def test_choices_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        UpscaleOptions(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": 9}, "there is no frame from second 9 on; the video lasts 0.10 seconds"),
        ({"height": 24}, "height 24 would make pictures of 64x48 smaller"),
        ({"scale": 0.5}, "scale 0.5 would make pictures of 64x48 smaller"),
        ({"scale": 1000}, "scale 1000 would make pictures of 64000x48000, which no encoder takes"),
        ({"height": 12_290}, "height 12290 would make .* 16386x12290, .* at most 16384 pixels a s"),
        ({"crop": "64:48:2:0"}, "crop 64:48:2:0 does not lie within pictures of 64x48"),
        ({"crop": "0:48:0:0"}, "crop 0:48:0:0 does not lie within"),
        ({"crop": "32:32:1:0"}, "crop 32:32:1:0 begins between chroma samples of yuv420p"),
    ],
)
def test_choices_that_do_not_fit_the_source(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        plan(film(tmp_path / "in.mp4", 3), **options)
