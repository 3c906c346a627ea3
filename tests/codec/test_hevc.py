"""fca2_plugin.codec.hevc against FFmpeg's reading of the same headers."""

import re

import pytest

from fca2_plugin.codec.hevc import HevcHeaders, Slice
from fca2_plugin.codec.nal import BitReader
from tests.codec.streams import encode, headers_as_ffmpeg_reads_them, slices_of


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ("bframes=0:keyint=-1:qp=33", {"I", "P"}),
        ("bframes=0:keyint=5:min-keyint=5:scenecut=0:qp=20:no-deblock=1", {"I", "P"}),
        ("bframes=4:b-pyramid=1:crf=28:keyint=8:min-keyint=1", {"I", "P", "B"}),
        ("bframes=3:weightp=1:weightb=1:ref=5:crf=30:no-b-intra=1", {"I", "P", "B"}),
        ("bframes=0:weightp=1:ref=3:crf=24:no-sao=1:no-temporal-mvp=1", {"I", "P"}),
        ("bframes=2:slices=2:ctu=16:min-cu-size=8:crf=25:scaling-list=default", {"I", "B", "P"}),
        ("bframes=3:temporal-layers=2:crf=25:open-gop=1:keyint=6", {"I", "B", "P"}),
        ("keyint=1:aq-mode=2:crf=18", {"I"}),
        ("bframes=3:repeat-headers=1:hrd=1:vbv-maxrate=500:vbv-bufsize=500:bitrate=200", None),
        ("bframes=3:opt-qp-pps=1:opt-ref-list-length-pps=1:crf=33", None),
        ("bframes=3:frame-dup=0:wpp=1:lossless=1:cu-lossless=1", None),
    ],
)
def test_hevc_slices_are_what_ffmpeg_reads(tmp_path, options, kinds):
    path = encode(tmp_path / "a.265", "libx265", options, container_format="hevc")
    slices = slices_of(path)
    assert slices == headers_as_ffmpeg_reads_them(path)
    assert len(slices) == 24 if "slices=2" in options else 12
    if kinds is not None:
        assert {kind for kind, _ in slices} <= kinds and len({k for k, _ in slices}) >= len(
            kinds
        ) - 1


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_hevc_in_a_container(tmp_path, suffix):
    path = encode(tmp_path / f"a.{suffix}", "libx265", "bframes=3:crf=28")
    slices = slices_of(path)
    assert slices == headers_as_ffmpeg_reads_them(path) and len(slices) == 12


def coded(syntax):
    """Bytes from a line of syntax: bits, u3 for ue(3), s-2 for se(-2)."""
    text = ""
    for token in syntax.split():
        if token[0] in "us":
            value = int(token[1:])
            if token[0] == "s":
                value = 2 * value - 1 if value > 0 else -2 * value
            digits = f"{value + 1:b}"
            token = "0" * (len(digits) - 1) + digits
        text += token
    text += "1"  # the stop bit
    text += "0" * (-len(text) % 8)
    return bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))


def test_bit_reader():
    codes = [f"u{i}" for i in range(20)] + [f"s{i}" for i in range(-9, 9)]
    reader = BitReader(coded("101 1 " + " ".join(codes)))
    assert reader.bits(3) == 5 and reader.flag() is True
    assert [reader.unsigned() for _ in range(20)] == list(range(20))
    assert [reader.signed() for _ in range(18)] == list(range(-9, 9))
    with pytest.raises(ValueError, match="its header ends in the middle"):
        reader.bits(9)


def unit(kind, syntax, layer=0):
    """A NAL unit in Annex B."""
    escaped = re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", coded(syntax))
    return b"\x00\x00\x01" + bytes([kind << 1 | layer >> 5, (layer & 31) << 3 | 1]) + escaped


def profile_level(profile=1):
    return f"000{profile:05b} {1 << 31 - profile:032b} 1001 {0:044b} 01011101"


def vps():
    return unit(32, f"0000 11 000000 000 1 {0xFFFF:b} {profile_level()} 1 u0 u0 u0 000000 u0 0 0")


COPIED = "0 u0 "  # a scaling list like its default


def rare_sps(profile=1):
    """64x64 in CTBs of 16, 8 bits of POC; PCM, scaling lists, long-term references."""
    lists = f"1 {'s8 ' * 16} {COPIED * 11} 1 s0 {'s1 ' * 64} {COPIED * 7}"
    return unit(
        33,
        f"0000 000 1 {profile_level(profile)} u0 u1 u64 u64 1 u0 u0 u0 u0 u0 u0 u4 0 u4 u2 u0"
        f" u0 u1 u0 u2 u0 u0 1 1 {lists} 1 1 1 0111 0111 u0 u0 1"
        " u2"
        " u1 u1 u0 1 u1 1"  # POC -1 and +2
        " 1 1 u0 1 01 1"  # moved by -1: -1 and -2 in use, +1 kept
        " 1 u2 00000101 1 00000111 0"
        " 1 0 0 0",
    )


def rare_pps():
    """Tiles, scaling lists, list modification, output flags, three spare bits; QP 22."""
    return unit(
        34,
        f"u3 u0 0 1 011 0 1 u2 u1 s-4 0 0 1 u0 s1 s-1 1 1 1 0 1 0 u1 u1 0 u1 u1 1 1"
        f" 1 1 0 s2 s-2 1 {COPIED * 20} 1 u0 0 0",
    )


def rare_slice(delta):
    """A B slice with its own reference set, long-term pictures, modified lists and weights."""
    return unit(
        1,
        "1 u3 000 u0 1"
        " 00010000 0 1 u0 0 u1 1 01 1 1"  # moved by +2: three in use
        " u1 u1 0 1 u3 00001001 1 0"  # two long-term pictures
        " 1 10 1 u1 u0"
        " 1 000 001 1 100"  # out of five
        " 1 0 1 u1"
        " u5 s0 10 01 s1 s-1 s1 s0 s1 s0 0 1 s2 s0 s2 s0"
        f" u2 s{delta} s0 s0 0 0 u0 1 00000000 00000001",
    )


@pytest.mark.parametrize("delta", [-7, 0, 12])
def test_rare_syntax(tmp_path, delta):
    headers = HevcHeaders()
    stream = rare_sps() + rare_pps() + rare_slice(delta)
    assert headers.read(stream) == [Slice(True, "B", 22 + delta)]
    some = encode(tmp_path / "a.265", "libx265", "qp=30", 1, container_format="hevc")
    assert headers_as_ffmpeg_reads_them(some, vps() + stream) == [("B", 22 + delta)]


def test_other_units_and_layers_are_passed_over():
    headers = HevcHeaders()
    assert headers.read(unit(1, "0" * 64, layer=1) + unit(39, "0" * 64) + b"\0\0\1\x46") == []


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (rare_sps(profile=9), r"HEVC profile 9 \(multi-layer or screen content\)"),
        (rare_slice(0), "a slice needs the picture parameter set 3, which is not there"),
        (rare_pps() + rare_slice(0), "a slice needs the sequence parameter set 0"),
        (rare_sps()[:20], "its header ends in the middle"),
        (rare_sps() + rare_pps() + unit(19, "1 0 u3 000 u7"), "unknown type 7"),
    ],
)
def test_headers_that_cannot_be_read(stream, message):
    with pytest.raises(ValueError, match=message):
        HevcHeaders().read(stream)
