"""fca2_plugin.codec.yuv: the layout byte by byte, views, and what any video becomes."""

import multiprocessing
import pickle

import av
import numpy as np
import pytest

from fca2_plugin.codec import CodecSettings, YuvFile, video_planes, write_video, write_yuv
from tests.codec.footage import moving_clip, moving_planes, raw_clip


def test_the_layout_is_frame_after_frame_y_u_v(tmp_path):
    planes = moving_planes(3, 32, 48)
    raw = write_yuv(tmp_path, "A_clip", planes)
    assert raw.path.name == "A_clip_48x32_3.yuv"
    expected = b"".join(np.ascontiguousarray(p).tobytes() for frame in planes for p in frame)
    assert raw.path.read_bytes() == expected and len(expected) == 3 * 48 * 32 * 3 // 2
    assert (raw.name, raw.width, raw.height, len(raw)) == ("A_clip", 48, 32, 3)
    for got, frame in zip(raw.frames(), planes, strict=True):
        assert all(map(np.array_equal, got, frame))
    assert np.array_equal(raw.luma[2], planes[2][0])
    assert [p.name for p in tmp_path.iterdir()] == [raw.path.name]


def test_odd_sides_round_up(tmp_path):
    raw = raw_clip(tmp_path, 2, 5, 7)
    assert raw.path.stat().st_size == 2 * (35 + 2 * 12)
    assert [plane.shape for plane in raw.frame(1)] == [(5, 7), (3, 4), (3, 4)]


def test_slices_are_read_only_views_of_the_file(tmp_path):
    raw = raw_clip(tmp_path, 5)
    window = raw.luma[1:4, 8:16, 8:24]
    assert window.shape == (3, 8, 16)
    assert np.shares_memory(window, raw.luma) and isinstance(raw._map, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        window[0] = 0


def test_nothing_is_opened_before_it_is_used_or_sent_along(tmp_path):
    raw = raw_clip(tmp_path)
    assert raw._map is None
    luma = raw.luma.copy()
    copy = pickle.loads(pickle.dumps(raw))
    assert copy._map is None and np.array_equal(copy.luma, luma)
    assert repr(copy) == f"YuvFile('{raw.path}')"
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            assert np.array_equal(pool.apply(YuvFile.frame, (raw, 1))[0], luma[1])


def test_luma_alone_gets_grey_chroma(tmp_path):
    raw = write_yuv(tmp_path, "Y", [np.full((4, 6), 7, np.uint8)])
    y, u, v = raw.frame(0)
    assert (y == 7).all() and (u == 128).all() and (v == 128).all() and u.shape == (2, 3)


@pytest.mark.parametrize(
    ("name", "num_bytes", "message"),
    [
        ("a.yuv", 36, "a.yuv is not named Name_WxH_N.yuv.*for example to BasketballPass_416x240_5"),
        ("a_6x4_30fps.yuv", 72, "it would fit a_6x4_2.yuv"),
        ("a_6x4_30fps.yuv", 73, "rename it, for example"),
        (
            "a_6x4_3.yuv",
            72,
            "contains 72 bytes, but 3 frames of 6x4, as its name says, have 108 bytes; it wou",
        ),
        ("a_6x4_3.yuv", 72, r"would fit 2 frames, as a_6x4_2\.yuv"),
        ("a_6x4_3.yuv", 90, r"would fit 2\.5 frames$"),
        ("a_6x4_3.yuv", 0, r"would fit 0 frames$"),
        ("a_0x4_3.yuv", 0, "is not named Name_WxH_N.yuv"),
    ],
)
def test_files_that_do_not_fit_their_names(tmp_path, name, num_bytes, message):
    (tmp_path / name).write_bytes(bytes(num_bytes))
    with pytest.raises(ValueError, match=message):
        YuvFile(tmp_path / name)


def test_a_missing_file_and_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no raw video .*a_6x4_3.yuv"):
        YuvFile(tmp_path / "a_6x4_3.yuv")
    with pytest.raises(FileNotFoundError, match="there is no folder .*b to write a to"):
        write_yuv(tmp_path / "b", "a", moving_planes(1, 4, 4))


Y = np.zeros((4, 6), np.uint8)
C = np.zeros((2, 3), np.uint8)


@pytest.mark.parametrize(
    ("name", "frames", "error", "message"),
    [
        ("a", [], ValueError, "there are no frames to write"),
        ("a", [Y.astype(float)], TypeError, "frame 0 must be numpy uint8 arrays, got float64"),
        ("a", [(Y, None, C)], TypeError, "frame 0 must be numpy uint8 arrays, got NoneType"),
        ("a", [(Y, C, Y)], ValueError, "frame 0 must be Y .* got .*2, 3.*4, 6"),
        ("a", [(Y, C)], ValueError, "frame 0 must be Y .h, w. alone, or with U and V"),
        ("a", [Y, Y[:, :4]], ValueError, "frame 1 of a is 4x4, but frame 0 is 6x4"),
        ("a/b", [Y], ValueError, "'a/b' cannot be the name of a raw video"),
        (".a", [Y], ValueError, "'.a' cannot be the name of a raw video"),
    ],
)
def test_a_failed_write_leaves_nothing(tmp_path, name, frames, error, message):
    with pytest.raises(error, match=message):
        write_yuv(tmp_path, name, frames)
    assert list(tmp_path.iterdir()) == []


def coded(path, frames, pix_fmt, color_range=1):
    """Write planes with FFV1, which loses nothing."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width = frames[0].shape[0] * 2 // 3, frames[0].shape[1]
        stream.pix_fmt = pix_fmt
        stream.codec_context.color_range = color_range
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format=pix_fmt)))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("color_range", [1, 2])
def test_420_is_kept_as_it_is_also_in_full_range(tmp_path, color_range):
    raw = raw_clip(tmp_path, 3, 34, 50)
    packed = [np.concatenate([p.ravel() for p in f]).reshape(51, 50) for f in raw.frames()]
    coded(tmp_path / "a.mkv", packed, "yuv420p", color_range)
    again = write_yuv(tmp_path, "Again", video_planes(tmp_path / "a.mkv"))
    assert again.path.read_bytes() == raw.path.read_bytes()


def test_y4m_is_read(tmp_path):
    raw = raw_clip(tmp_path, 2, 16, 32)
    frames = [b"FRAME\n" + b"".join(p.tobytes() for p in frame) for frame in raw.frames()]
    (tmp_path / "a.y4m").write_bytes(b"YUV4MPEG2 W32 H16 F25:1 Ip C420jpeg\n" + b"".join(frames))
    again = write_yuv(tmp_path, "Again", video_planes(tmp_path / "a.y4m"))
    assert again.path.read_bytes() == raw.path.read_bytes()


def test_444_keeps_its_luma(tmp_path):
    frames = moving_clip(3, 32, 48)
    write_video(tmp_path / "a.mkv", frames, CodecSettings(crf=0))
    with av.open(str(tmp_path / "a.mkv")) as container:
        luma = [picture.to_ndarray()[0] for picture in container.decode(video=0)]
    planes = list(video_planes(tmp_path / "a.mkv", max_frames=2))
    assert len(planes) == 2 and planes[0][1].shape == (16, 24)
    assert all(np.array_equal(got[0], want) for got, want in zip(planes, luma, strict=False))


def test_rgb_becomes_bt601_in_limited_range(tmp_path):
    frame = moving_clip(1, 32, 48)[0]
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = 32, 48, "bgr0"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    ((y, _, _),) = video_planes(tmp_path / "a.mkv")
    expected = 16 + frame @ [65.481 / 255, 128.553 / 255, 24.966 / 255]
    assert np.abs(y - expected).max() < 1.5


def test_a_video_is_refused_before_anything_is_written(tmp_path):
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(ValueError, match="a.mp4 is not a video that can be read"):
        write_yuv(tmp_path, "A", video_planes(tmp_path / "a.mp4"))
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
