"""Kinds of files that once went wrong, each made here."""

import re
from dataclasses import replace
from fractions import Fraction

import av
import pytest

from fca2_plugin.apps.upscale import UpscaleOptions, plan_upscale, upscale
from fca2_plugin.codec.colors import ColorTags
from fca2_plugin.codec.layout import read_layout
from fca2_plugin.codec.scan import scan
from fca2_plugin.inference import sizes
from tests.apps.upscale.films import Enlarge, ffmpeg, film, packets, picture, times

FAST = UpscaleOptions(encoder_preset="ultrafast", cuts=False)
VIDEO = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1")
SOUND = ("-f", "lavfi", "-i", "sine=d=1")


def made(source, out, **options):
    return upscale(source, out, network=Enlarge(2), options=replace(FAST, **options))


def found(path):
    return scan(path, read_layout(path).pictures.index)


def test_text_that_is_not_utf_8(tmp_path):
    source = tmp_path / "in.avi"
    ffmpeg(*VIDEO, "-frames:v", 3, "-c:v", "mpeg4", "-metadata", "title=caf@", source)
    source.write_bytes(source.read_bytes().replace(b"caf@", b"caf\xe9"))
    out = made(source, tmp_path / "out.mkv").out
    assert read_layout(out).metadata["title"] == "café"


def test_a_clock_that_jumps_back_for_pictures_and_sound(tmp_path):
    parts = []
    for number in range(2):
        part = tmp_path / f"{number}.vob"
        ffmpeg(*VIDEO, *SOUND, "-c:v", "mpeg2video", "-bf", 2, "-c:a", "ac3", "-f", "vob", part)
        parts.append(part.read_bytes())
    source = tmp_path / "in.vob"
    source.write_bytes(b"".join(parts))
    result = made(source, tmp_path / "out.mkv", segment=20)
    assert any("the source's clock jumps 1 times" in note for note in result.notes)
    shown = times(result.out)
    assert len(shown) == 50
    steps = [float(b - a) for a, b in zip(shown, shown[1:], strict=False)]
    assert all(0.03 < step < 0.2 for step in steps)
    (sound,) = packets(result.out, "audio")
    given = [data for _, data in packets(tmp_path / "0.vob", "audio")[0]]
    assert [data for _, data in sound] == 2 * given
    heard = [time for time, _ in sound]
    assert heard == sorted(heard)
    assert abs(heard[-1] - float(shown[-1])) < 0.15


def test_sound_that_goes_back_in_time_ends_no_work_at_the_join(tmp_path):
    plain, source = tmp_path / "p.mkv", tmp_path / "in.mkv"
    ffmpeg(*VIDEO, *SOUND, "-c:v", "libx264", "-c:a", "aac", plain)
    back = "setts=ts=if(eq(N\\,10)\\,TS-100\\,TS)"
    ffmpeg("-i", plain, "-c", "copy", "-bsf:a", back, source)
    (given,), (kept,) = (
        packets(path, "audio") for path in (source, made(source, tmp_path / "out.mp4").out)
    )
    assert [data for _, data in kept] == [data for _, data in given]
    heard = [time for time, _ in kept]
    assert all(before < after for before, after in zip(heard, heard[1:], strict=False))


@pytest.mark.parametrize("how", ["avi", "mkv"])
def test_frames_that_are_timed_in_the_order_in_which_they_are_stored(tmp_path, how):
    source = tmp_path / "in.avi"
    ffmpeg(*VIDEO, "-c:v", "libx264", "-bf", 2, source)
    if how == "mkv":
        ffmpeg("-i", source, "-c", "copy", "-bsf:v", "setts=pts=DTS", tmp_path / "in.mkv")
        source = tmp_path / "in.mkv"
    shown = times(made(source, tmp_path / "out.mp4", segment=10).out)
    assert len(shown) == 25
    assert {round(1000 * (b - a)) for a, b in zip(shown, shown[1:], strict=False)} == {40}


HDR = (
    "hdr10=1:repeat-headers=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:"
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):"
    "max-cll=1000,400:log-level=none"
)


def test_hdr_that_only_the_bitstream_tells_of_stays_and_becomes_hevc(tmp_path):
    source = tmp_path / "in.ts"
    wide = ("-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=1", "-frames:v", 4)
    ffmpeg(*wide, "-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params", HDR, source)
    out = made(source, tmp_path / "out.mp4").out
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("hevc", "yuv420p10le")
        frame = next(container.decode(video=0))
        assert {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"} <= {
            data.type.name for data in frame.side_data
        }


def test_a_moving_picture_before_a_still_one(tmp_path):
    still, moving = film(tmp_path / "s.mp4", 1, (96, 128)), film(tmp_path / "m.mp4", 6)
    source = tmp_path / "in.mp4"
    ffmpeg("-i", still, "-i", moving, "-map", 0, "-map", 1, "-c", "copy", source)
    assert len(plan(source).look.scan) == 6


def plan(source, out="o.mp4", **options):
    options = replace(FAST, **options)
    return plan_upscale(source, source.with_name(out), network=Enlarge(2), options=options)


def test_hours_between_frames(tmp_path):
    wanted = [Fraction(second) for second in (0, 900, 1800, 5400, 5401, 5402, 9000, 9001)]
    source = tmp_path / "in.mkv"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, second in enumerate(wanted):
            frame = av.VideoFrame.from_ndarray(picture(number, 48, 64), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = int(1000 * second), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    ffmpeg("-i", source, "-c", "copy", "-video_track_timescale", 90000, tmp_path / "in.mp4")
    result = made(tmp_path / "in.mp4", tmp_path / "out.mp4", encoder_preset="medium")
    assert times(result.out) == wanted


def test_a_size_that_changes_is_brought_to_the_first_one(tmp_path):
    one, two = film(tmp_path / "1.ts", 4), film(tmp_path / "2.ts", 4, (32, 48))
    source = tmp_path / "in.ts"
    source.write_bytes(one.read_bytes() + two.read_bytes())
    result = made(source, tmp_path / "out.mp4", segment=3, cuts=True, crop="auto")
    assert (result.num_frames, result.height, result.width) == (8, 96, 128)
    assert any("4 frames of the source differ from the first" in note for note in result.notes)


@pytest.mark.parametrize("version", [1, 2])
def test_a_container_s_memory_is_the_limit(tmp_path, version):
    own, root = tmp_path / "own", tmp_path / "cgroup"
    kinds, names = {
        1: ("memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")),
        2: ("", ("memory.max", "memory.current")),
    }[version]
    own.write_text(f"3:cpu:/\n1:{kinds}:/outer/inner\n")
    outer = root / kinds / "outer"
    (outer / "inner").mkdir(parents=True)
    for folder, most in ((outer, "5000"), (outer / "inner", "max" if version == 2 else 2**63 - 1)):
        (folder / names[0]).write_text(f"{most}\n")
        (folder / names[1]).write_text("2000\n")
        (folder / "memory.stat").write_text("anon 3\ninactive_file 500\n")
    assert sizes.container_bytes(root, own) == [3500.0]
    assert sizes.container_bytes(root, tmp_path / "none") == []


@pytest.mark.parametrize("given", [".mkv", ".mp4"])
@pytest.mark.parametrize("wanted", [".mkv", ".mp4", ".webm"])
def test_texts_take_the_form_that_the_container_holds(tmp_path, given, wanted):
    words = tmp_path / "in.srt"
    lines = "1\n00:00:00,050 --> 00:00:00,150\n<i>one</i> & two\nthree\n\n"
    words.write_text(lines + "2\n00:00:00,200 --> 00:00:00,300\ntw\u00f6\n", encoding="utf-8")
    source = tmp_path / f"in{given}"
    form = "ass" if given == ".mkv" else "mov_text"
    plain = film(tmp_path / "plain.mp4", 12)
    ffmpeg(
        *("-i", plain, "-i", words, "-c", "copy", "-c:s", form),
        *("-metadata:s:s", "language=deu", source),
    )
    result = made(source, tmp_path / f"out{wanted}", encoder_preset=None)
    with av.open(str(result.out)) as container:
        (stream,) = container.streams.subtitles
        assert stream.metadata["language"] == "deu"
        texts = []
        for packet in container.demux(stream):
            for event in (stream.decode2(packet) if packet.size else None) or ():
                text = bytes(event.ass).split(b",", 8)[-1].decode()
                span = [float(t * packet.time_base) for t in (packet.pts, packet.duration)]
                texts.append((round(span[0], 2), round(span[1], 2), text))
    assert [text[:2] for text in texts] == [(0.05, 0.1), (0.2, 0.1)]
    shown = [re.sub(r"{\\[^}]*}", "", text) for *_, text in texts]
    assert shown == ["one & two\\Nthree", "tw\u00f6"]
    assert texts[0][-1].startswith("{\\i1}one{")
    said = any("becomes" in note for note in result.notes)
    assert said is (given != wanted)


def test_an_avi_that_was_written_to_a_pipe(tmp_path):
    source = tmp_path / "in.avi"
    ffmpeg(*VIDEO, "-frames:v", 3, "-c:v", "mpeg4", source)
    for length in (b"\xff\xff\xff\xff", bytes(4)):
        data = source.read_bytes()
        source.write_bytes(data[:4] + length + data[8:])
        assert len(plan(source).look.scan) == 3


def side_data(path):
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        return {data.type.name: bytes(data) for data in frame.side_data}


@pytest.mark.parametrize(
    ("packing", "mode"), [(3, "left_right"), (4, "top_bottom"), (1, "col_interleaved_lr")]
)
def test_two_views_in_one_picture_stay_where_the_container_can_say_so(tmp_path, packing, mode):
    source = tmp_path / "in.mp4"
    ffmpeg(*VIDEO, "-frames:v", 2, "-x264-params", f"frame-packing={packing}", source)
    out = made(source, tmp_path / "out.mkv").out
    with av.open(str(out)) as container:
        assert container.streams.video[0].metadata["stereo_mode"] == mode
    assert side_data(out)["STEREO3D"][:8] == side_data(source)["STEREO3D"][:8]
    result = made(out, tmp_path / "again.mp4")  # from Matroska
    boxed = {"left_right": b"st3d\0\0\0\0\2", "top_bottom": b"st3d\0\0\0\0\1"}.get(mode)
    assert (boxed or b"st3d") in result.out.read_bytes() or boxed is None
    assert any("cannot say how the two views" in note for note in result.notes) is (boxed is None)
    (said,) = [note for note in plan(source, "o.mov").notes if "views" in note]
    assert said.startswith(".mov cannot say how the two views of stereo 3D share a picture")


def test_covers_and_ten_bits_in_m4v(tmp_path):
    plain, cover, source = film(tmp_path / "p.mp4", 3), tmp_path / "c.png", tmp_path / "in.m4v"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=20x20", "-frames:v", 1, cover)
    places = ("-map", 0, "-map", 1, "-disposition:v:1", "attached_pic", "-c", "copy")
    ffmpeg("-i", plain, "-i", cover, *places, "-f", "mp4", source)
    result = made(source, tmp_path / "out.m4v")
    assert not any("left out" in note for note in result.notes)
    (kept,) = [track for track in read_layout(result.out).tracks if track.is_cover]
    with av.open(str(result.out)) as container:
        (picture_packet,) = [p for p in container.demux(container.streams[kept.index]) if p.size]
        assert bytes(picture_packet) == cover.read_bytes()
    ten = film(tmp_path / "ten.mkv", 3, (64, 96), codec="ffv1", pix_fmt="yuv420p10le")
    out = made(ten, tmp_path / "ten.m4v").out
    assert read_layout(out).pictures.codec == "hevc"


def test_transparency_in_another_layer_is_left_out_and_said(tmp_path):
    source = tmp_path / "in.webm"
    ffmpeg(*VIDEO, "-frames:v", 2, "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", source)
    result = made(source, tmp_path / "out.webm", encoder_preset=None)
    assert "the source's transparency is left out" in result.notes
    with av.open(str(result.out)) as container:
        assert "alpha_mode" not in {key.lower() for key in container.streams.video[0].metadata}


@pytest.mark.parametrize("ending", [".mov", ".mp4", ".mkv"])
def test_names_that_phones_give_to_metadata_stay(tmp_path, ending):
    named = {"com.apple.quicktime.make": "Apple", "com.apple.quicktime.model": "Phone 3"}
    named |= {"com.apple.quicktime.location.ISO6709": "+47.3+008.5/", "title": "A film"}
    source = tmp_path / "in.mov"
    words = [word for pair in named.items() for word in ("-metadata", "=".join(pair))]
    ffmpeg(*VIDEO, "-frames:v", 2, "-movflags", "use_metadata_tags", *words, source)
    found = read_layout(made(source, tmp_path / f"out{ending}").out).metadata
    found = {key.lower(): value for key, value in found.items()}
    assert {key: found.get(key.lower()) for key in named} == named


def test_what_an_old_encoder_said_of_itself_goes(tmp_path):
    source = film(tmp_path / "in.mkv", 2)
    ffmpeg("-i", source, "-c", "copy", "-metadata:s:v", "ENCODER=old", tmp_path / "b.mkv")
    with av.open(str(made(tmp_path / "b.mkv", tmp_path / "out.mkv").out)) as container:
        assert "old" not in container.streams.video[0].metadata.values()


def test_what_ffmpeg_does_not_decode_is_not_called_damaged_alone(tmp_path):
    source = tmp_path / "in.mp4"
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "7e" * 16)
    ffmpeg(*VIDEO, "-frames:v", 3, "-c:v", "libx264", *key, "-encryption_kid", "a7" * 16, source)
    with pytest.raises(ValueError, match="or it is encrypted or in a format that this FFmpeg does"):
        plan(source)


def test_a_reserved_matrix_is_none():
    assert ColorTags(matrix=3).resolved(48).matrix == 6
