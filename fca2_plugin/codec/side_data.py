"""What a stream tells of its pictures beside them: rotation, HDR's display, a sphere, two views.

PyAV reads all of it and can write a rotation alone. The rest goes along in the header of a Matroska
file, whose elements are public and simple: a header is made in memory for the coded stream, the
missing elements are put into it, and what reads it hands them on to any container.
"""

import contextlib
import io
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fca2_plugin._optional import require
from fca2_plugin.codec.video import pictures

__all__ = ["SideData", "described", "keeps_views", "read_side_data", "stereo_mode"]

# Matroska's numbers (RFC 9559)
TO_VIDEO = ("18538067", "1654AE6B", "AE", "E0")  # Segment, Tracks, TrackEntry, Video
COLOUR, PROJECTION = "55B0", "7670"
# AVMasteringDisplayMetadata holds three primaries, the white point, the least and the most light
MASTERING = ("55D1", "55D2", "55D3", "55D4", "55D5", "55D6", "55D7", "55D8", "55DA", "55D9")
LIGHT = ("55BC", "55BD")  # MaxCLL, MaxFALL
STEREO = "53B8"
# by AVStereo3DType (libavutil/stereo3d.h), where the left or the right view comes first
STEREO_MODES = {1: (1, 11), 2: (3, 2), 3: (13, 14), 4: (5, 4), 6: (7, 6), 7: (9, 8)}
KEPT_MODES = {".mp4": (0, 1, 3), ".m4v": (0, 1, 3), ".mov": (0,)}  # of FFmpeg's writers
TYPE, PRIVATE, ANGLES = "7671", "7672", ("7673", "7674", "7675")  # yaw, pitch, roll


@dataclass(frozen=True)
class SideData:
    """What is told once for all pictures; as FFmpeg's structures, ``None`` where it is not.

    Args:
        matrix: The nine numbers of the display matrix.
        mastering: ``AVMasteringDisplayMetadata``.
        light: ``AVContentLightMetadata``.
        sphere: ``AVSphericalMapping``.
        stereo: ``AVStereo3D``.
    """

    matrix: Sequence[int] | None = None
    mastering: bytes | None = None
    light: bytes | None = None
    sphere: bytes | None = None
    stereo: bytes | None = None

    def colour(self) -> bytes:
        """Matroska's elements of the display that the film was made on, and its light."""
        found = b""
        if self.mastering is not None:
            numbers = struct.unpack_from("=20i", self.mastering)
            values = [a / b if b else 0.0 for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
            floats = zip(MASTERING, values, strict=True)
            found += _element(
                "55D0", b"".join(_element(k, struct.pack(">d", v)) for k, v in floats)
            )
        if self.light is not None:
            levels = zip(LIGHT, struct.unpack_from("=2I", self.light), strict=True)
            found += b"".join(_element(key, struct.pack(">Q", level)) for key, level in levels)
        return found

    def views(self) -> bytes:
        """Matroska's element of two pictures in one."""
        mode = stereo_mode(self.stereo)
        return _element(STEREO, bytes([mode])) if mode else b""

    def projection(self) -> bytes:
        """Matroska's element of a picture that goes around the viewer."""
        if self.sphere is None:
            return b""
        kind, *angles, left, top, right, bottom, padding = struct.unpack_from("=i3i5I", self.sphere)
        private = {0: b"", 1: struct.pack(">3I", 0, 0, padding)}.get(kind)
        if kind == 2:  # a part of the sphere
            private = struct.pack(">5I", 0, top, bottom, left, right)
        if private is None:
            return b""
        found = _element(TYPE, bytes([2 if kind == 1 else 1])) + _element(PRIVATE, private)
        for key, angle in zip(ANGLES, angles, strict=True):
            found += _element(key, struct.pack(">d", angle / 65536))
        return _element(PROJECTION, found)


def stereo_mode(stereo: bytes | None) -> int:
    """Matroska's number of how two views share a picture, of ``AVStereo3D``; 0 for none."""
    if stereo is None:
        return 0
    kind, flags = struct.unpack_from("=2i", stereo)
    return STEREO_MODES.get(kind, (0, 0))[flags & 1]


def keeps_views(path: str | os.PathLike, mode: int) -> bool:
    """Whether the container of ``path`` can tell of a ``stereo_mode``."""
    return mode in KEPT_MODES.get(Path(path).suffix.lower(), (mode,))


def read_side_data(path: str | os.PathLike, index: int) -> SideData:
    """Read what the first frame that decodes tells, be it the container's or the stream's."""
    frame = next(iter(pictures(path, index=index, damage=[])), None)
    if frame is None:
        return SideData()
    names = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL", "SPHERICAL", "STEREO3D")
    found = [frame.side_data.get(name) for name in names]
    matrix = frame.side_data.get("DISPLAYMATRIX")
    return SideData(
        None if matrix is None else np.frombuffer(bytes(matrix), np.int32).tolist(),
        *(None if data is None else bytes(data) for data in found),
    )


@contextlib.contextmanager
def described(coded: Any, side_data: SideData) -> Iterator[Any]:
    """Yield the opened file ``coded``, or one like it whose stream tells of all that."""
    colour, more = side_data.colour(), side_data.projection() + side_data.views()
    if not colour and not more:
        yield coded
        return
    av = require("av", "video")
    options = {"fflags": "+bitexact", "live": "1", "write_crc32": "0"}  # no offsets, no sums
    header = io.BytesIO()
    with av.open(header, "w", format="matroska", container_options=options) as made:
        stream = made.add_stream_from_template(coded.streams[0], opaque=True)
        packet = next(packet for packet in coded.demux() if packet.size)
        packet.stream = stream
        made.mux_one(packet)
    data = _put(header.getvalue(), (*TO_VIDEO, COLOUR), colour)
    data = _put(data, TO_VIDEO, more)
    with av.open(io.BytesIO(data)) as container:
        yield container


def _element(number: str, content: bytes) -> bytes:
    return bytes.fromhex(number) + (1 << 56 | len(content)).to_bytes(8, "big") + content


def _put(data: bytes, path: Sequence[str], more: bytes) -> bytes:
    """Append to the first element at ``path``."""
    if not path:
        return data + more
    start = 0
    while start < len(data):
        number, place = _number(data, start, keep_length=True)
        size, place = _number(data, place)
        end = len(data) if size is None else place + size
        if f"{number:X}" == path[0]:
            inner = _put(data[place:end], path[1:], more)
            return data[:start] + _element(path[0], inner) + data[end:]
        start = end
    raise RuntimeError(f"FFmpeg's Matroska header lacks the element {path[0]}")


def _number(data: bytes, place: int, keep_length: bool = False) -> tuple[int | None, int]:
    """A number whose first bits tell its length, and the place behind it; ``None`` for open."""
    length = 9 - data[place].bit_length()
    value = int.from_bytes(data[place : place + length], "big")
    most = (1 << 7 * length) - 1
    if keep_length:
        return value, place + length
    return None if value & most == most else value & most, place + length
