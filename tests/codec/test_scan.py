"""All frames once, then any of them again."""

import types
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from fca2_plugin.codec.filters import conform
from fca2_plugin.codec.frame_info import frame_infos
from fca2_plugin.codec.scan import _sum, frames, read_dynamic, scan
from tests.apps.upscale.films import STEP, TICKS, ffmpeg, film

FEW_KEYS = {"g": "6"}


def decoded(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_scan_tells_what_the_frames_say(tmp_path):
    ticks = [30 * STEP + n * STEP + 11 * (n % 3) for n in range(14)]
    source = film(tmp_path / "a.mp4", 14, times=ticks, options=FEW_KEYS, aspect=Fraction(8, 9))
    seen = []
    found = scan(source, 0, watch=lambda frame, number: seen.append((frame.pts, number)))
    assert found.times.tolist() == ticks
    assert seen == list(zip(ticks, range(14), strict=True))
    assert np.flatnonzero(found.keys).tolist() == [0, 6, 12]
    assert (len(found), found.height, found.width) == (14, 48, 64)
    assert (found.time_base, found.aspect, found.pix_fmt) == (TICKS, Fraction(8, 9), "yuv420p")
    assert found.rate == pytest.approx(30, rel=0.1)
    assert found.seconds == pytest.approx(14 / 30, abs=0.02)
    assert (found.rotation, found.interlaced) == (0, False)
    assert (found.num_damaged, found.num_moved) == (0, 0)
    assert found.types == "".join(info.kind for info in frame_infos(source))
    assert set(found.types) == set("IPB")


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts", ".avi"])
def test_any_frames_again(tmp_path, ending):
    codec = "mpeg4" if ending == ".avi" else "libx264"
    options = FEW_KEYS | ({"b": "900000"} if ending == ".avi" else {})
    source = film(tmp_path / f"a{ending}", 20, options=options, codec=codec)
    found, whole = scan(source, 0), decoded(source)
    for start, stop in ((0, None), (3, 9), (6, 7), (13, 20), (19, 20)):
        part = [f.to_ndarray(format="rgb24") for f in frames(source, 0, found, start, stop)]
        assert len(part) == (stop or 20) - start
        assert all(map(np.array_equal, part, whole[start:stop]))


def test_where_seeking_goes_wrong_all_is_decoded_again(tmp_path):
    """Key frames in places where there are none: what comes from there is not what was seen."""
    source = film(tmp_path / "a.mp4", 20, options={"g": "100"})
    found = scan(source, 0)
    lying = replace(found, keys=np.ones_like(found.keys))
    part = [frame.pts for frame in frames(source, 0, lying, 7, 12)]
    assert part == found.times[7:12].tolist()


def test_another_file_is_noticed(tmp_path):
    source = film(tmp_path / "a.mp4", 8)
    found = scan(source, 0)
    film(source, 8, cuts=[4])
    again = frames(source, 0, found)
    with pytest.raises(ValueError, match=r"a.mp4 changed while it was read: frame \d+ differs"):
        list(again)


def test_frames_without_times_get_them(tmp_path):
    source = film(tmp_path / "a.mp4", 9, options=FEW_KEYS)
    raw = tmp_path / "a.264"
    ffmpeg("-i", source, "-c", "copy", raw)
    found = scan(raw, 0)
    assert found.num_moved == 9
    assert len(set(np.diff(found.times))) == 1
    assert len(list(frames(raw, 0, found, 7))) == 2


def test_files_whose_size_changes_are_brought_to_the_first_one(tmp_path):
    one, two = film(tmp_path / "1.ts", 4), film(tmp_path / "2.ts", 4, (32, 64))
    (tmp_path / "both.ts").write_bytes(one.read_bytes() + two.read_bytes())
    found = scan(tmp_path / "both.ts", 0)
    assert (len(found), found.num_resized, found.height, found.width) == (8, 4, 48, 64)
    decoded = frames(tmp_path / "both.ts", 0, found, 3, 6)
    assert [(f.width, f.height) for f in decoded] == [(64, 48), (64, 32), (64, 32)]
    same = conform(frames(tmp_path / "both.ts", 0, found, 3, 6), found)
    assert [(f.width, f.height) for f in same] == 3 * [(64, 48)]


def test_damage_is_an_error_or_is_counted(tmp_path):
    source = film(tmp_path / "a.mkv", 30, options={"crf": "1"})
    with av.open(str(source)) as container:
        places = sorted(packet.pos for packet in container.demux(video=0) if packet.size)
    data = bytearray(source.read_bytes())
    # x264's bits differ from run to run, so the place is that of a frame and not of a byte
    data[places[20] : places[20] + 4000] = bytes(4000)
    source.write_bytes(data)
    with pytest.raises(ValueError, match="a.mkv is damaged after .* frames"):
        scan(source, 0)
    found = scan(source, 0, tolerant=True)
    assert found.num_damaged > 0
    assert len(found) >= 10
    assert len(list(frames(source, 0, found, tolerant=True))) == len(found)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "gray", "yuv420p10le", "nv12", "rgb24", "uyvy422"])
def test_what_stands_behind_a_row_does_not_count(pix_fmt):
    """Decoders leave anything there (dav1d does), another thing at every run."""
    sums = []
    for behind, sample in ((0, 1), (9, 1), (9, 2)):
        frame = av.VideoFrame(50, 4, pix_fmt)
        plane = frame.planes[0]
        bits = 8 * {"yuv420p10le": 2, "rgb24": 3, "uyvy422": 2}.get(pix_fmt, 1)
        rows = np.full((plane.height, plane.line_size), behind, np.uint8)
        rows[:, : 50 * bits // 8] = 1
        rows[-1, 50 * bits // 8 - 1] = sample
        plane.update(rows.tobytes())
        sums.append(_sum(frame))
    assert sums[0] == sums[1] != sums[2]


def test_metadata_of_each_frame_is_named():
    def frame(*keys):
        return types.SimpleNamespace(side_data=dict.fromkeys(keys, b""))

    assert read_dynamic(frame("DISPLAYMATRIX")) == ""
    assert read_dynamic(frame("DYNAMIC_HDR_PLUS")) == "HDR10+"
    assert read_dynamic(frame("DOVI_METADATA", "DYNAMIC_HDR_PLUS")) == "HDR10+ and Dolby Vision"
