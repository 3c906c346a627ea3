"""fca2_plugin.codec.frame_info: known QPs, display order, and what x264 says itself."""

import re

import av
import av.logging
import numpy as np
import pytest

from fca2_plugin.codec import frame_infos
from fca2_plugin.codec.frame_info import slice_qps
from tests.codec.streams import encode


def test_hevc_frames_come_in_display_order(tmp_path):
    options = "bframes=4:b-pyramid=1:qp=30:keyint=20:b-adapt=0:scenecut=0"
    path = encode(tmp_path / "a.265", "libx265", options, container_format="hevc")
    infos = list(frame_infos(path))
    assert "".join(info.kind for info in infos).startswith("IBBBBP")
    assert sorted(info.qp for info in infos) == sorted(slice_qps(path))
    assert sum(info.num_bytes for info in infos) == path.stat().st_size
    # the B frame in the middle is a reference, and coded better than its neighbours
    assert min(infos[2].qp, infos[3].qp) < infos[1].qp == infos[4].qp


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_constant_qp(tmp_path, codec):
    options = "qp=31:ipratio=1:pbratio=1:bframes=2:b-adapt=0:scenecut=0:b-pyramid=0"
    infos = list(frame_infos(encode(tmp_path / "a.mp4", codec, options)))
    assert [info.qp for info in infos] == [31] * 12
    assert "".join(info.kind for info in infos) == "IBBPBBPBBPBP"
    assert [info.is_key for info in infos] == [True] + [False] * 11


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_constant_qp_for_each_type(tmp_path, codec):
    """An I frame at half the quantizer of P, six steps lower, and a B frame at twice."""
    options = "qp=30:ipratio=2:pbratio=2:bframes=2:b-adapt=0:scenecut=0:b-pyramid=0"
    infos = list(frame_infos(encode(tmp_path / "a.mp4", codec, options)))
    assert [info.qp for info in infos] == [{"I": 24, "P": 30, "B": 36}[i.kind] for i in infos]
    assert {info.kind for info in infos} == set("IPB")


def test_x264_tells_the_same_mean_qp(tmp_path):
    """The encoder's own summary, with adaptive quantization: ``avg QP`` of all P frames."""
    path, options = tmp_path / "a.mp4", "bframes=0:crf=28:aq-mode=2:keyint=99:scenecut=0"
    level = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        with av.logging.Capture(local=False) as logs:
            encode(path, "libx264", options.replace("log-level=none:", ""))
    finally:
        av.logging.set_level(level)
    infos = list(frame_infos(path))
    means = {
        m[1]: float(m[2]) for _, _, t in logs if (m := re.search(r"frame (\w):.*QP: *(.+?) ", t))
    }
    if not means:
        pytest.fail(f"x264 wrote no summary: {logs}")
    qps = [info.qp for info in infos if info.kind == "P"]
    assert abs(np.mean(qps) - means["P"]) < 1


def test_other_codecs_have_types_and_bytes(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        packed = np.zeros((48, 32), np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(packed, format="yuv420p")))
        container.mux(stream.encode(None))
    (info,) = frame_infos(tmp_path / "a.mkv")
    assert (info.kind, info.is_key, info.qp) == ("I", True, None) and info.num_bytes > 0


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no video file .*b.265"):
        list(frame_infos(tmp_path / "b.265"))
