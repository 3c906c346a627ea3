"""What a result keeps of its source beside the pictures: tags, covers, HDR, rotation, a sphere."""

import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from fca2_plugin.codec import probe, read_video
from fca2_plugin.codec.layout import read_layout, unsupported
from fca2_plugin.codec.remux import VideoTrack, join
from fca2_plugin.codec.side_data import SideData, described, read_side_data
from tests.apps.upscale.corpus.cases import HDR, PLAIN, changed, coded, silent
from tests.apps.upscale.films import film
from tests.codec.test_segment import write

NINE = (np.arange(9), Fraction(1, 25), 1, 0)  # times of frames, and what else a track is told
HDR_OF_THE_STREAM = HDR.replace("log-level=none", "log-level=none:hdr10=1")


def joined(tmp_path, source, out, codec="libx264", pix_fmt="yuv420p"):
    segment = write(tmp_path / "0.mkv", codec=codec, pix_fmt=pix_fmt)
    keep = [track.index for track in read_layout(source).others]
    join(tmp_path / out, source, VideoTrack([segment], *NINE), keep)
    return tmp_path / out


def rationals(data):
    numbers = struct.unpack_from("=20i", data)
    return [Fraction(a, b) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
@pytest.mark.parametrize(
    ("codec", "pix_fmt", "out"),
    [
        ("libx264", "yuv420p10le", "out.mp4"),
        ("libx265", "yuv420p10le", "out.mov"),
        ("libx265", "yuv420p10le", "out.mkv"),
        ("libvpx-vp9", "yuv420p", "out.webm"),
        ("libsvtav1", "yuv420p10le", "out.mp4"),
    ],
)
def test_the_display_and_the_light_of_hdr_stay(tmp_path, name, codec, pix_fmt, out):
    """Also those that only the coded stream tells, as a transport stream has them."""
    arguments = HDR_OF_THE_STREAM if name.endswith(".ts") else HDR
    silent(arguments, "96x64", frames=8)(tmp_path / name)
    before = read_side_data(tmp_path / name, 0)
    after = read_side_data(joined(tmp_path, tmp_path / name, out, codec, pix_fmt), 0)
    assert rationals(before.mastering)[-2:] == [Fraction(50, 10000), 1000]
    assert rationals(after.mastering) == rationals(before.mastering)
    assert after.light == before.light == struct.pack("=2I", 1000, 400)
    assert (after.matrix, after.sphere) == (None, None)


@pytest.mark.parametrize("out", ["out.mp4", "out.mkv"])
@pytest.mark.parametrize(
    "sphere",
    [
        struct.pack("=i3i5I", 0, 0, 0, 0, 0, 0, 0, 0, 0),
        struct.pack("=i3i5I", 1, 0, 0, 0, 0, 0, 0, 0, 12),
        struct.pack("=i3i5I", 2, 0, 10 << 16, 0, 1 << 20, 1 << 21, 1 << 22, 1 << 23, 0),
    ],
    ids=["whole", "cube", "part"],
)
def test_a_sphere_stays(tmp_path, out, sphere):
    given = SideData(sphere=sphere)
    with av.open(str(write(tmp_path / "0.mkv"))) as coded, described(coded, given) as told:
        with av.open(str(tmp_path / "in.mkv"), "w") as container:
            stream = container.add_stream_from_template(told.streams[0], opaque=True)
            for packet in told.demux():
                if packet.size:
                    packet.stream = stream
                    container.mux(packet)
    assert read_side_data(tmp_path / "in.mkv", 0) == given
    assert read_side_data(joined(tmp_path, tmp_path / "in.mkv", out), 0) == given


def test_a_projection_that_is_not_known_is_left_out():
    fisheye = struct.pack("=i3i5I", 5, 0, 0, 0, 0, 0, 0, 0, 0)
    assert SideData(sphere=fisheye).projection() == b""


def test_the_rotation_stays(tmp_path):
    changed(PLAIN, ".mp4", "-display_rotation 90")(tmp_path / "in.mp4")
    before = read_side_data(tmp_path / "in.mp4", 0)
    out = joined(tmp_path, tmp_path / "in.mp4", "out.mp4")
    assert before.matrix == [0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30]
    assert read_side_data(out, 0) == before


@pytest.mark.parametrize(
    ("title", "expected"),
    [(b"caf\xe9", "café"), ("café".encode(), "café"), ("語".encode(), "語"), (b"cafe", "cafe")],
)
def test_text_that_is_not_utf_8_is_latin_1(tmp_path, title, expected):
    """Everything that opens a file, and what is written from it, which is UTF-8."""
    source = tmp_path / "in.avi"
    coded("-c:v mpeg4 -c:a mp2 -metadata title=" + "@" * len(title), frames=9)(source)
    source.write_bytes(source.read_bytes().replace(b"@" * len(title), title))
    assert read_layout(source).metadata["title"] == expected
    assert probe(source).num_frames == len(list(read_video(source))) == 9
    for name in ("out.mkv", "out.mp4"):
        with av.open(str(joined(tmp_path, source, name))) as container:
            assert container.metadata["title"] == expected


def test_a_container_is_asked_what_it_takes(tmp_path):
    """WMA stands in Matroska under a name of Windows; TrueHD in an MP4 is only tried out."""
    coded("-c:v wmv2 -c:a wmav2", frames=9)(tmp_path / "a.wmv")
    coded("-c:v libx264 -c:a truehd -strict -2", frames=9)(tmp_path / "a.mkv")
    windows, theatre = read_layout(tmp_path / "a.wmv"), read_layout(tmp_path / "a.mkv")
    assert unsupported(windows, "a.mkv") == unsupported(theatre, "a.mkv") == []
    for layout in (windows, theatre):
        assert [t.kind for t in unsupported(layout, "a.webm")] == ["audio"]
        assert [t.kind for t in unsupported(layout, "a.mp4")] == ["audio"]


def test_pixels_keep_their_shape(tmp_path):
    source = film(tmp_path / "in.mp4", 9, aspect=Fraction(4, 3))
    pictures = write(tmp_path / "1.mkv", aspect=Fraction(4, 3))
    for name in ("out.mp4", "out.mkv"):
        join(tmp_path / name, source, VideoTrack([pictures], *NINE), [])
        with av.open(str(tmp_path / name)) as container:
            assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
