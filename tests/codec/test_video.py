"""fca2_plugin.codec.video: what is written is what is read, and what cannot be is said."""

import contextlib
import importlib
import tracemalloc
import types
from fractions import Fraction

import numpy as np
import pytest

from fca2_plugin.codec import CodecSettings, count_frames, probe, read_video, write_video
from fca2_plugin.codec import video as video_module
from fca2_plugin.metrics import psnr
from tests.codec.footage import moving_clip
from tests.conftest import require_host, run_python

require_host("av")
av = importlib.import_module("av")

RATE = Fraction(30000, 1001)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
@pytest.mark.parametrize(
    ("codec", "pix_fmt", "name"),
    [
        ("libx264", "yuv420p", "h264"),
        ("libx264", "yuv444p", "h264"),
        ("libx265", "yuv420p", "hevc"),
    ],
)
def test_write_probe_read(tmp_path, suffix, codec, pix_fmt, name):
    path = tmp_path / f"clip{suffix}"
    frames = moving_clip(9, 64, 80)
    settings = CodecSettings(codec=codec, crf=15, pix_fmt=pix_fmt, fps=RATE)
    assert write_video(path, iter(frames), settings) == 9
    info = probe(path)
    assert (info.width, info.height, info.codec, info.pix_fmt) == (80, 64, name, pix_fmt)
    assert info.fps == RATE
    assert info.num_frames == (None if suffix == ".mkv" else 9)
    assert info.duration_seconds == pytest.approx(9 / RATE, abs=0.01)
    read = list(read_video(path))
    assert len(read) == count_frames(path) == 9
    assert min(psnr(a, b) for a, b in zip(frames, read, strict=True)) > 35
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_timestamps_are_even_and_the_matrix_is_tagged(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(path, moving_clip(12, 32, 32), CodecSettings(crf=25, fps=RATE))
    with av.open(str(path)) as container:
        pictures = list(container.decode(video=0))
    assert [round(p.time * RATE) for p in pictures] == list(range(12))
    assert {(int(p.colorspace), int(p.color_range)) for p in pictures} == {(5, 1)}


def test_size_falls_with_the_crf(tmp_path):
    frames = moving_clip(12, 64, 64)
    sizes = []
    for crf in (5, 15, 25, 35):
        path = tmp_path / f"{crf}.mp4"
        write_video(path, frames, CodecSettings(crf=crf))
        sizes.append(path.stat().st_size)
    assert all(np.diff(sizes) < 0)


def test_writing_again_gives_the_same_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, moving_clip(9, 32, 32), CodecSettings(crf=25))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_max_frames_stops_early(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(path, moving_clip(9, 32, 32), CodecSettings(crf=25))
    assert len(list(read_video(path, max_frames=4))) == count_frames(path, 4) == 4
    assert len(list(read_video(path, max_frames=99))) == 9
    with pytest.raises(ValueError, match="max_frames must be at least 1, got 0"):
        next(read_video(path, max_frames=0))


def test_reading_holds_one_frame_at_a_time(tmp_path):
    path = tmp_path / "long.mp4"
    frame = np.zeros((240, 320, 3), np.uint8)
    write_video(path, (frame for _ in range(120)), CodecSettings(crf=35, preset="ultrafast"))
    tracemalloc.start()
    for _ in read_video(path):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * frame.nbytes


def test_an_rgb_stream_is_read_exactly(tmp_path):
    path = tmp_path / "rgb.mkv"
    frames = moving_clip(3, 16, 20)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 20, 16, "bgr0"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    assert all(map(np.array_equal, frames, read_video(path)))


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(path, moving_clip(3, 16, 16), CodecSettings(crf=25))
    before = path.read_bytes()

    def broken():
        yield from moving_clip(3, 16, 16)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(path, broken(), CodecSettings(crf=25))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["clip.mp4"]


@pytest.mark.parametrize(
    ("frames", "kwargs", "error", "message"),
    [
        ([], {}, ValueError, "there are no frames to write to .*clip.mp4"),
        (
            [np.zeros((4, 4, 3), np.uint8), np.zeros((6, 4, 3), np.uint8)],
            {},
            ValueError,
            "frame 1 is 4x6, but frame 0 is 4x4",
        ),
        ([np.zeros((4, 4, 3))], {}, TypeError, "frame 0 must be a numpy uint8 array"),
        (
            [np.zeros((5, 4, 3), np.uint8)],
            {"pix_fmt": "yuv420p"},
            ValueError,
            "libx264 with yuv420p cannot write frames of 4x5; use pix_fmt='yuv444p', .* to 4x6",
        ),
    ],
)
def test_bad_frames_write_nothing(tmp_path, frames, kwargs, error, message):
    with pytest.raises(error, match=message):
        write_video(tmp_path / "clip.mp4", frames, CodecSettings(**kwargs))
    assert list(tmp_path.iterdir()) == []


def test_bad_paths_to_write(tmp_path):
    with pytest.raises(ValueError, match="unknown video suffix '.mp5'.*did you mean '.mp4'"):
        write_video(tmp_path / "clip.mp5", moving_clip(1, 8, 8), CodecSettings())
    with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere to write clip.mp4"):
        write_video(tmp_path / "nowhere" / "clip.mp4", moving_clip(1, 8, 8), CodecSettings())


@pytest.mark.parametrize("ask", [probe, count_frames, lambda path: next(read_video(path))])
def test_what_is_not_a_video(tmp_path, ask):
    with pytest.raises(FileNotFoundError, match="there is no video file .*absent.mp4"):
        ask(tmp_path / "absent.mp4")
    text = tmp_path / "text.mp4"
    text.write_text("no video" * 1000)
    with pytest.raises(ValueError, match="text.mp4 is not a video that can be read"):
        ask(text)
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(ValueError, match="empty.mp4 is not a video that can be read"):
        ask(tmp_path / "empty.mp4")
    sound = tmp_path / "sound.wav"
    _write_sound(sound)
    with pytest.raises(ValueError, match="sound.wav has no video stream"):
        ask(sound)


def _write_sound(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("preset", ["ultrafast", "medium"])
def test_damage_raises_after_the_frames_in_front_of_it(tmp_path, suffix, preset):
    path = tmp_path / f"clip{suffix}"
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (40, 64, 64, 3), np.uint8)
    write_video(path, frames, CodecSettings(crf=20, preset=preset))
    data = bytearray(path.read_bytes())
    middle = slice(len(data) // 2, len(data) // 2 + 4000)
    data[middle] = bytes((byte * 7 + 13) % 256 for byte in data[middle])
    path.write_bytes(data)
    read = []
    with pytest.raises(ValueError, match=rf"clip{suffix} is damaged after (\d+) frames") as caught:
        for frame in read_video(path):
            read.append(frame)
    assert 0 < len(read) < 40
    assert f"after {len(read)} frames" in str(caught.value)


@pytest.mark.parametrize(
    ("suffix", "message"),
    [
        (".mp4", "clip.mp4 (is not a video|has no video stream)"),  # its index is at the end
        (".mkv", r"clip.mkv is damaged after \d+ frames \(it should last 2.00 seconds, but ends"),
    ],
)
@pytest.mark.parametrize("share", [0.5, 0.85])
def test_a_cut_off_file_is_noticed(tmp_path, suffix, message, share):
    path = tmp_path / f"clip{suffix}"
    write_video(path, moving_clip(20, 64, 64), CodecSettings(crf=10))
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ValueError, match=message):
        list(read_video(path))


def test_a_decoder_error_is_named(tmp_path, monkeypatch):
    path = tmp_path / "clip.mp4"
    write_video(path, moving_clip(2, 16, 16), CodecSettings(crf=25))

    class Container:
        format = types.SimpleNamespace(flags=0)

        def demux(self, stream):
            raise av.error.InvalidDataError(1, "Invalid data")

    @contextlib.contextmanager
    def opened(path, index=None):
        yield Container(), types.SimpleNamespace(metadata={})

    monkeypatch.setattr(video_module, "_opened", opened)
    with pytest.raises(ValueError, match=r"damaged after 0 frames \(Invalid data\)"):
        count_frames(path)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ([], "clip.mp4 contains no frame that decodes"),
        ([(8, 8), (8, 8), (16, 8)], "clip.mp4 changes from 8x8 to 16x8 at frame 2"),
    ],
)
def test_odd_streams(monkeypatch, pictures, message):
    made = [av.VideoFrame(width, height, "rgb24") for width, height in pictures]
    monkeypatch.setattr(video_module, "pictures", lambda path: iter(made))
    with pytest.raises(ValueError, match=message):
        list(read_video("clip.mp4"))


def test_importing_the_packages_imports_neither_av_nor_a_host():
    code = (
        "import sys, fca2_plugin.codec, fca2_plugin.data, fca2_plugin.metrics; "
        "print({'av', 'torch', 'skimage', 'mmengine', 'basicsr'} & set(sys.modules))"
    )
    assert run_python(code).strip() == "set()"
