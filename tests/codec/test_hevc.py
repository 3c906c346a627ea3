"""The QPs of HEVC's slice headers against those that the encoder was given."""

import re

import av
import pytest

from fca2_plugin.codec.frame_info import slice_qps
from tests.codec.streams import encode


@pytest.mark.parametrize("name", ["a.265", "a.mp4", "a.mkv", "a.ts"])
@pytest.mark.parametrize(
    "options",
    [
        "bframes=0:ipratio=1",
        "bframes=3:ipratio=1:pbratio=1",
        "bframes=2:ipratio=1:pbratio=1:slices=2:ctu=16:min-cu-size=8:scaling-list=default",
        "bframes=3:ipratio=1:pbratio=1:opt-qp-pps=1:opt-ref-list-length-pps=1:weightb=1:ref=5",
        "bframes=3:ipratio=1:pbratio=1:repeat-headers=1:temporal-layers=2:open-gop=1:keyint=6",
    ],
)
def test_a_constant_qp_is_read(tmp_path, name, options):
    kind = "hevc" if name == "a.265" else None
    path = encode(tmp_path / name, "libx265", f"qp=33:{options}", container_format=kind)
    assert list(slice_qps(path)) == [33] * 12


def test_qps_come_in_coding_order(tmp_path):
    """I, P and the B frames in front of it; a quantizer's half or double is six steps."""
    options = "qp=30:ipratio=2:pbratio=2:bframes=2:b-adapt=0:scenecut=0:b-pyramid=0"
    path = encode(tmp_path / "a.mkv", "libx265", options, 7)
    assert list(slice_qps(path)) == [24, 30, 36, 36, 30, 36, 36]


def test_the_log_is_as_it_was(tmp_path):
    path = encode(tmp_path / "a.mp4", "libx265", "qp=30", 2)
    before = av.logging.get_level(), av.logging.get_skip_repeated()
    qps = slice_qps(path)
    next(qps)
    qps.close()
    assert (av.logging.get_level(), av.logging.get_skip_repeated()) == before


def test_headers_that_cannot_be_read_tell_nothing(tmp_path):
    options = "qp=30:ipratio=1:bframes=0"
    path = encode(tmp_path / "a.265", "libx265", options, 5, container_format="hevc")
    data = bytearray(path.read_bytes())
    third = [found.end() for found in re.finditer(b"\0\0\1\x02\x01", data)][1]  # a P slice
    data[third] = 0x80  # of a picture parameter set with an endless number
    path.write_bytes(data)
    assert list(slice_qps(path)) == [30, 30, None, 30, 30]
    other = encode(tmp_path / "a.mp4", "libx264", "qp=30", 2)
    assert list(slice_qps(other)) == [None, None]
