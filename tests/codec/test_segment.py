"""Parts that are encoded on their own, and put together with another file's streams."""

from fractions import Fraction

import av
import numpy as np
import pytest

from fca2_plugin.codec.colors import ColorTags
from fca2_plugin.codec.layout import read_layout, unsupported
from fca2_plugin.codec.picture import PixelFormat, to_picture
from fca2_plugin.codec.remux import VideoTrack, join
from fca2_plugin.codec.segment import OutputSettings, choose_output, write_segment
from tests.apps.upscale.films import film, packets, picture, times

TAGS = ColorTags(1, 1, 1, 1)
YUV420 = PixelFormat.of("yuv420p")


def pictures(start, stop, pix_fmt="yuv420p"):
    for number in range(start, stop):
        rgb = av.VideoFrame.from_ndarray(picture(number, 64, 64), format="rgb24")
        yield to_picture(rgb.reformat(format=pix_fmt))


def write(path, start=0, stop=9, codec="libx264", pix_fmt="yuv420p", aspect=Fraction(1)):
    settings = OutputSettings(codec, pix_fmt)
    write_segment(path, pictures(start, stop, pix_fmt), settings, TAGS, Fraction(25), aspect)
    return path


@pytest.mark.parametrize(
    ("codec", "pix_fmt"),
    [
        ("libx264", "yuv420p"),
        ("libx264", "yuv444p10le"),
        ("libx265", "yuv420p10le"),
        ("libvpx-vp9", "yuv420p"),
        ("libsvtav1", "yuv420p"),
        ("ffv1", "yuv422p"),
        ("mpeg4", "yuv420p"),
    ],
)
def test_every_encoder_writes_the_same_twice(tmp_path, codec, pix_fmt):
    one, two = (write(tmp_path / name, codec=codec, pix_fmt=pix_fmt) for name in ("1.mkv", "2.mkv"))
    assert [p for _, p in packets(one, "video")[0]] == [p for _, p in packets(two, "video")[0]]
    with av.open(str(one)) as container:
        found = list(container.decode(video=0))
        assert found[0].key_frame
    assert len(found) == 9
    assert found[0].format.name.replace("yuvj", "yuv") == pix_fmt
    assert [round(frame.pts * frame.time_base * 1000) for frame in found] == list(range(9))
    assert sorted(tmp_path.iterdir()) == [one, two]


def track(tmp_path, lengths, base, time_base):
    starts = np.cumsum([0, *lengths])
    segments = [
        write(tmp_path / f"{n}.mkv", a, b)
        for n, (a, b) in enumerate(zip(starts, starts[1:], strict=False))
    ]
    ticks = base + np.cumsum([0, *(3 + n % 4 for n in range(int(starts[-1]) - 1))])
    return VideoTrack(segments, ticks, time_base, 7, 0)


@pytest.mark.parametrize("lengths", [[1], [1, 1, 1], [12], [9, 2, 8]])
@pytest.mark.parametrize(
    ("base", "time_base"),
    [(100, Fraction(1, 50)), (7, Fraction(1, 15360)), (0, Fraction(1001, 30000))],
)
def test_segments_get_their_times(tmp_path, lengths, base, time_base):
    source = film(tmp_path / "in.mp4", languages=["deu"])
    video = track(tmp_path, lengths, base, time_base)
    out = tmp_path / "out.mp4"
    join(out, source, video, [1])
    assert times(out) == [int(tick) * time_base for tick in video.times]
    assert packets(out, "audio") == packets(source, "audio")
    with av.open(str(out)) as container:
        found = [p for p in container.demux(video=0) if p.size]
        assert all(p.dts <= p.pts for p in found)
        decoded = [p.dts for p in found]
        assert decoded == sorted(set(decoded))


def test_hevc_is_tagged_as_apple_s_players_want_it(tmp_path):
    source = film(tmp_path / "in.mp4", 9)
    segment = write(tmp_path / "0.mkv", codec="libx265")
    video = VideoTrack([segment], np.arange(9), Fraction(1, 25), 1, 0)
    join(tmp_path / "out.mp4", source, video, [])
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


def test_segments_that_do_not_hold_all_frames_are_a_fault(tmp_path):
    source = film(tmp_path / "in.mp4", 9)
    video = VideoTrack([write(tmp_path / "0.mkv")], np.arange(10), Fraction(1, 25), 1, 0)
    with pytest.raises(RuntimeError, match="the segments hold 9 frames, expected 10"):
        join(tmp_path / "out.mp4", source, video, [])


@pytest.mark.parametrize(
    ("name", "size", "source", "given", "expected"),
    [
        ("a.mp4", (48, 64), "yuv420p", {}, ("libx264", "yuv420p", 18)),
        ("a.mkv", (48, 64), "yuv444p12le", {}, ("libx264", "yuv444p10le", 18)),
        ("a.mkv", (48, 64), "yuv411p", {}, ("libx264", "yuv422p", 18)),
        ("a.mkv", (48, 64), "gbrp", {}, ("libx264", "yuv444p", 18)),
        ("a.mkv", (48, 64), "yuv444p", {"codec": "mpeg2video"}, ("mpeg2video", "yuv422p", None)),
        ("a.mkv", (47, 64), "yuv420p", {}, ("libx264", "yuv422p", 18)),
        ("a.mkv", (47, 63), "yuv420p", {}, ("libx264", "yuv444p", 18)),
        ("a.mkv", (47, 64), "yuv420p", {"codec": "ffv1"}, ("ffv1", "yuv420p", None)),
        ("a.webm", (48, 64), "yuv420p10le", {}, ("libvpx-vp9", "yuv420p", 24)),
        ("a.mp4", (64, 64), "yuv420p10le", {}, ("libx265", "yuv420p10le", 20)),
        ("a.mp4", (64, 64), "yuv420p10le", {"pix_fmt": "yuv420p"}, ("libx264", "yuv420p", 18)),
        ("a.mp4", (64, 64), "yuv420p", {"codec": "libx265"}, ("libx265", "yuv420p", 20)),
        ("a.mov", (64, 64), "yuv420p", {"codec": "prores_ks"}, ("prores_ks", "yuv422p10le", None)),
        ("a.mp4", (64, 64), "yuv444p", {"pix_fmt": "yuv420p"}, ("libx264", "yuv420p", 18)),
        ("a.mp4", (64, 64), "yuv420p", {"crf": 30}, ("libx264", "yuv420p", 30)),
        ("a.mp4", (64, 64), "yuv420p", {"options": {"qp": "9"}}, ("libx264", "yuv420p", None)),
    ],
)
def test_what_was_not_asked_for_is_filled_in(name, size, source, given, expected):
    found = choose_output(name, size, PixelFormat.of(source), OutputSettings(**given))
    assert (found.codec, found.pix_fmt, found.crf) == expected


def test_an_encoder_without_planes_is_refused():
    with pytest.raises(ValueError, match="qtrle takes none of the planar YUV formats"):
        choose_output("a.mov", (8, 8), YUV420, OutputSettings("qtrle"))


def test_the_encoders_options():
    assert OutputSettings("libvpx-vp9", "yuv420p", 24).all_options() == {
        "crf": "24",
        "b": "0",
        "cpu-used": "2",
    }
    given = OutputSettings("libx264", "yuv420p", 18, "slow", {"tune": "grain"})
    assert given.all_options() == {"crf": "18", "preset": "slow", "tune": "grain"}
    assert OutputSettings("hevc_nvenc", "yuv420p", 20).all_options() == {"cq": "20"}


@pytest.mark.skipif(
    not hasattr(av.CodecContext, "supported_options"), reason="PyAV 17 does not list options"
)
def test_an_option_that_is_nearly_right_is_suggested(tmp_path):
    settings = OutputSettings("libx264", "yuv420p", options={"crff": "3"})
    with pytest.raises(ValueError, match=r"no option 'crff' \(did you mean 'crf'\?\)"):
        write_segment(tmp_path / "a.mkv", pictures(0, 1), settings, TAGS, Fraction(25))


def test_a_layout_names_everything(tmp_path):
    layout = read_layout(film(tmp_path / "a.mp4", 3, languages=["deu", "fra"]))
    assert list(map(str, layout.tracks)) == [
        "video 0 h264 default",
        "audio 1 aac deu default",
        "audio 2 aac fra",
    ]
    assert layout.pictures.index == 0
    assert [track.index for track in layout.others] == [1, 2]
    assert [track.index for track in unsupported(layout, "a.webm")] == [1, 2]
    assert unsupported(layout, "a.mkv") == []
