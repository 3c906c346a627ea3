"""fca2_plugin.codec.lowdelay: what was asked for is in the stream."""

import numpy as np
import pytest

from fca2_plugin.codec import (
    LowDelay,
    encode_lowdelay,
    frame_infos,
    lowdelay,
    video_planes,
    write_yuv,
)
from fca2_plugin.data import camera_clip, read_photo
from tests.codec.footage import raw_clip

FAST = "ultrafast"


@pytest.mark.parametrize("qp", [22, 42])
def test_one_i_frame_then_p_frames_with_the_qps_of_hm(tmp_path, qp):
    raw = raw_clip(tmp_path, 10)
    encode_lowdelay(raw, tmp_path / "a.265", LowDelay(qp))
    infos = list(frame_infos(tmp_path / "a.265"))
    assert "".join(info.kind for info in infos) == "IPPPPPPPPP"
    assert [info.is_key for info in infos] == [True] + [False] * 9
    assert [info.qp - qp for info in infos] == [0, 5, 4, 5, 1, 5, 4, 5, 1, 5]


def test_the_good_frames_are_better(tmp_path):
    photo = camera_clip(read_photo("coffee.png"), 9, (64, 64), np.random.default_rng(0))
    raw = write_yuv(tmp_path, "Coffee", [frame[..., 1] for frame in photo])
    encode_lowdelay(raw, tmp_path / "a.265", LowDelay(32, preset="medium"))
    coded = [y for y, _, _ in video_planes(tmp_path / "a.265")]
    errors = [np.mean((raw.luma[i] - y.astype(float)) ** 2) for i, y in enumerate(coded)]
    assert len(errors) == 9
    assert max(errors[0], errors[4], errors[8]) < min(errors[i] for i in (1, 2, 3, 5, 6, 7))


def test_again_gives_the_same_bytes_and_another_qp_fewer(tmp_path):
    raw = raw_clip(tmp_path, 5)
    for name, qp in ("a", 27), ("b", 27), ("c", 37):
        encode_lowdelay(raw, tmp_path / name, LowDelay(qp))
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b and len(c) < len(a)


def test_other_offsets_and_one_frame(tmp_path):
    encode_lowdelay(raw_clip(tmp_path, 4), tmp_path / "a", LowDelay(30, [0, 3], FAST))
    assert [info.qp for info in frame_infos(tmp_path / "a")] == [30, 30, 33, 30]
    encode_lowdelay(raw_clip(tmp_path, 1), tmp_path / "b", LowDelay(30, preset=FAST))
    assert [info.kind for info in frame_infos(tmp_path / "b")] == ["I"]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"qp": 47}, r"qp=47 with gop_offsets \(5, 4, 5, 1\) gives the QP 52"),
        ({"qp": -1}, "gives the QP -1; all QPs must be whole numbers from 0 to 51"),
        ({"qp": 37.5}, "gives the QP 37.5"),
        ({"gop_offsets": ()}, "gop_offsets is empty"),
        ({"preset": "slowest"}, "unknown preset 'slowest'"),
    ],
)
def test_bad_settings(kwargs, message):
    with pytest.raises(ValueError, match=message):
        LowDelay(**kwargs)


@pytest.mark.parametrize(("height", "width"), [(8, 32), (31, 32), (32, 33)])
def test_sizes_that_x265_does_not_take(tmp_path, height, width):
    raw = raw_clip(tmp_path, 1, height, width)
    with pytest.raises(
        ValueError, match=f"x265 cannot code .* of {width}x{height} pixels; crop or pad"
    ):
        encode_lowdelay(raw, tmp_path / "a.265")
    with pytest.raises(FileNotFoundError, match="there is no folder .*no to write a.265 to"):
        encode_lowdelay(raw_clip(tmp_path), tmp_path / "no" / "a.265")


def test_an_x265_that_counts_its_frames_otherwise_is_noticed(tmp_path, monkeypatch):
    raw = raw_clip(tmp_path / "raw", 6)
    shifted = lowdelay._params(raw, LowDelay(30)).replace("/2,2,", "/9,9,")
    monkeypatch.setattr(lowdelay, "_params", lambda *args: shifted)
    with pytest.raises(RuntimeError, match=r"with the QPs \[30, 30, 34, .* of 6 frames instead"):
        encode_lowdelay(raw, tmp_path / "a.265", LowDelay(30))
    assert not list(tmp_path.glob("*265*"))
