"""A file in, a larger file out, with all that was in it."""

from fractions import Fraction

import av
import pytest

from fca2_plugin.apps.upscale import UpscaleOptions, upscale
from tests.apps.upscale.films import STEP, Enlarge, film, packets, times

FAST = UpscaleOptions(encoder_preset="ultrafast", cuts=False)


def sizes(path):
    with av.open(str(path)) as container:
        return {(frame.height, frame.width) for frame in container.decode(video=0)}


def test_frames_times_and_sound_are_those_of_the_source(tmp_path):
    source = film(tmp_path / "in.mp4", languages=["deu", "fra"])
    before = source.read_bytes()
    result = upscale(source, tmp_path / "out.mp4", network=Enlarge(2), options=FAST)
    assert (result.num_frames, result.height, result.width) == (12, 96, 128)
    assert sizes(result.out) == {(96, 128)}
    assert times(result.out) == times(source)
    assert packets(result.out, "audio") == packets(source, "audio")
    assert source.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov"])
def test_a_variable_rate_and_a_late_start_are_kept(tmp_path, ending):
    ticks = [15360, 15900, 17000, 17001, 20000, 26000, 26100, 27000]
    source = film(tmp_path / "in.mp4", 8, times=ticks)
    assert times(source)[0] == 1
    out = upscale(source, tmp_path / f"out{ending}", network=Enlarge(2), options=FAST).out
    error = Fraction(1, 2000) if ending == ".mkv" else 0  # Matroska has milliseconds
    assert all(abs(a - b) <= error for a, b in zip(times(out), times(source), strict=True))
    assert len(times(out)) == 8


def test_segments_do_not_show_in_the_times(tmp_path):
    source = film(tmp_path / "in.mp4", 20, times=[STEP * n + 97 * (n % 4) for n in range(20)])
    options = UpscaleOptions(segment=3, cuts=False)  # x264 with frames out of order
    out = upscale(source, tmp_path / "out.mp4", network=Enlarge(2), options=options).out
    assert times(out) == times(source)
    with av.open(str(out)) as container:
        keys = [p.is_keyframe for p in container.demux(video=0) if p.size]
    assert sum(keys) == 7
