"""Film in 3:2 pulldown comes back as film: its pictures, each once, at their times."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from fca2_plugin.apps.upscale import UpscaleOptions, plan_upscale, upscale
from fca2_plugin.codec import read_video
from tests.apps.upscale.films import Enlarge, ffmpeg, packets, times

OPTIONS = UpscaleOptions(encoder_preset="ultrafast", crf=1, cuts=False, deinterlace="auto")
FILM = Fraction(24000, 1001)
MOVING = "testsrc2=s=256x192:r={rate}:d=2,gblur=4,scale=64:48:flags=area,format=yuv420p"
MOVING += ",hue=s=0,noise=alls=3:allf=t"
SOUND = ("-f", "lavfi", "-i", "sine=d=2")
CODERS = {
    "mpeg2": ("-c:v", "mpeg2video", "-q:v", 2, "-bf", 2, "-flags", "+ildct+ilme"),
    "progressive": ("-c:v", "libx264", "-crf", 8),  # whose frames do not say what they are
    "10 bits": ("-c:v", "ffv1", "-pix_fmt", "yuv420p10le"),
}


def film(tmp_path, frames=40):
    path = tmp_path / "film.mkv"
    moving = MOVING.format(rate="24000/1001")
    ffmpeg("-f", "lavfi", "-i", moving, "-frames:v", frames, "-c:v", "ffv1", path)
    return path


def telecined(tmp_path, order="tff", coder="mpeg2", cut="null"):
    source = tmp_path / "in.mkv"
    pulldown = f"telecine=first_field={'top' if order == 'tff' else 'bottom'}:pattern=23,{cut}"
    given = ("-i", film(tmp_path), *SOUND, "-shortest", "-c:a", "flac")
    ffmpeg(*given, "-vf", pulldown, *CODERS[coder], source)
    return source


def plan(source, **options):
    options = replace(OPTIONS, **options)
    return plan_upscale(source, source.with_name("o.mkv"), network=Enlarge(1), options=options)


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize("order", ["tff", "bff"])
def test_every_film_frame_comes_once_at_its_time(tmp_path, order, coder):
    source, out = telecined(tmp_path, order, coder), tmp_path / "out.mp4"
    made = upscale(source, out, network=Enlarge(1), options=OPTIONS)
    before, after = list(read_video(tmp_path / "film.mkv")), list(read_video(out))
    assert len(before) == len(after) == made.num_frames == 40
    for place, (given, kept) in enumerate(zip(before, after, strict=True)):
        errors = [np.abs(other.astype(int) - kept).mean() for other in before]
        assert int(np.argmin(errors)) == place
        assert np.abs(given.astype(int) - kept).mean() < 3
    shown = times(out)
    assert [float(time) for time in shown] == pytest.approx(
        [float(number / FILM) for number in range(40)], abs=2e-3
    )  # Matroska's milliseconds
    ends = [float(packets(path, "audio")[0][-1][0]) for path in (source, out)]
    assert ends[1] == pytest.approx(ends[0], abs=2e-3)
    with av.open(str(out)) as container:
        ten = container.streams.video[0].codec_context.pix_fmt == "yuv420p10le"
    assert ten is (coder == "10 bits")
    (note,) = [note for note in made.notes if "pulldown" in note]
    assert note.endswith("its 50 frames became the 40 of the film, 23.98 a second")


def test_a_cadence_that_begins_anywhere_and_changes(tmp_path):
    # as of a film that was cut after it was telecined
    cut = "select=gte(n\\,3)*not(between(n\\,21\\,22)),setpts=N/(30000/1001)/TB"
    source = telecined(tmp_path, cut=cut)
    job = plan(source)
    given = job.look.scan
    assert (given.film, len(given.sums)) == ("tff", 45)
    assert 36 <= len(given) <= 38
    steps = np.diff(given.times) * float(given.time_base)
    assert 0.015 < steps.min() < steps.max() < 0.07
    assert np.mean(steps) == pytest.approx(float(1 / FILM), rel=0.05)
    assert given.seconds == pytest.approx(45 * 1001 / 30000, abs=2e-3)


@pytest.mark.slow
def test_parts_and_segments_show_the_same_frames(tmp_path):
    source = telecined(tmp_path)
    made = []
    for segment in (40, 7):
        out = tmp_path / f"{segment}.mkv"
        options = replace(OPTIONS, segment=segment, start=0.4, end=1.2)
        result = upscale(source, out, network=Enlarge(1), options=options)
        assert result.num_frames == 19
        made.append(list(read_video(out)))
    for whole, part in zip(*made, strict=True):
        assert np.abs(whole.astype(int) - part).mean() < 1


class StopsOnce(Enlarge):
    """Ends with an error at its third clip of pictures, and never again."""

    calls = 0

    def forward(self, lq):
        if lq.shape[1] == 8:
            self.calls += 1
            if self.calls == 3:
                raise ValueError("stopped")
        return super().forward(lq)


@pytest.mark.slow
def test_a_stopped_job_goes_on_with_the_same_film(tmp_path):
    source = telecined(tmp_path)
    options = replace(OPTIONS, segment=8, chunk=8, context=0, tile=0)
    network, out = StopsOnce(1), tmp_path / "out.mkv"
    with pytest.raises(ValueError, match="stopped"):
        upscale(source, out, network=network, options=options)
    result = upscale(source, out, network=network, options=replace(options, resume=True))
    assert (result.num_frames, result.resumed_frames > 0) == (40, True)
    whole = upscale(source, tmp_path / "whole.mkv", network=network, options=options).out
    assert out.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("what", "coder"),
    [
        (MOVING.format(rate="60000/1001") + ",interlace", "mpeg2"),
        (MOVING.format(rate="30"), "progressive"),
        ("color=gray:s=64x48:r=30:d=2", "mpeg2"),
        (MOVING.format(rate="24000/1001") + ",fps=30000/1001", "progressive"),  # whole frames twice
    ],
)
def test_what_is_no_film_keeps_its_frames(tmp_path, what, coder):
    source = tmp_path / "in.mkv"
    ffmpeg("-f", "lavfi", "-i", what, "-frames:v", 50, *CODERS[coder], source)
    job = plan(source)
    assert job.look.scan.film == ""
    assert len(job.look.scan) == 50
    assert job.deinterlaced is (coder == "mpeg2")


def test_video_titles_within_film_keep_their_frames(tmp_path):
    telecined(tmp_path)
    video_part = tmp_path / "video.mkv"
    moving = MOVING.format(rate="60000/1001") + ",interlace"
    ffmpeg("-f", "lavfi", "-i", moving, "-frames:v", 20, *CODERS["mpeg2"], video_part)
    (tmp_path / "list.txt").write_text("file in.mkv\nfile video.mkv\n")
    source = tmp_path / "both.mkv"
    ffmpeg(
        *("-f", "concat", "-i", tmp_path / "list.txt", "-map", "0:v", "-c:v", "ffv1"),
        *("-r", "30000/1001", source),
    )
    given = plan(source).look.scan
    assert given.film == "tff"
    assert len(given) == len(given.sums) - 10
    assert set(range(50, len(given.sums))) <= set(given.numbers.tolist())
