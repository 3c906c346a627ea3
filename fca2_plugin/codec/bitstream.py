"""Coded packets in a file, as the encoder gave them: Annex B for H.264 and H.265, IVF for the rest.

``read_video`` and every player read both.
"""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from fca2_plugin.codec.encoders import ENCODERS
from fca2_plugin.codec.settings import CodecSettings

__all__ = ["BitstreamWriter"]

_FOURCC = {"libvpx-vp9": b"VP90", "libsvtav1": b"AV01"}
_IVF_HEADER = struct.Struct("<4sHH4sHHIIII")  # its last field is not used
_IVF_PACKET = struct.Struct("<IQ")
_TEMPORAL_DELIMITER = b"\x12\x00"  # begins each of AV1's frames in a file


class BitstreamWriter:
    """The ``watch`` of ``stream_through`` that stores what it sees, and counts it.

    Args:
        settings: The encoder's settings.
        path: The file to write, with the suffix of ``ENCODERS``; None only counts.

    Attributes:
        num_bytes: Of all packets so far, without what a file adds.
    """

    def __init__(self, settings: CodecSettings, path: Path | None = None) -> None:
        self.num_bytes = 0
        self._settings = settings
        self._is_ivf = ENCODERS[settings.codec].suffix == ".ivf"
        self._file = None if path is None else path.open("wb")
        self._num_packets, self._size = 0, (0, 0)

    def __enter__(self) -> "BitstreamWriter":
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            if self._is_ivf:
                self._file.seek(0)
                self._write_header(self._file)
            self._file.close()

    def __call__(self, packet: Any, height: int, width: int) -> None:
        self.num_bytes += packet.size
        if self._file is None:
            return
        data = bytes(packet)
        if self._is_ivf:
            if not self._num_packets:
                self._size = (width, height)
                self._write_header(self._file)
            if self._settings.codec == "libsvtav1" and data[:2] != _TEMPORAL_DELIMITER:
                data = _TEMPORAL_DELIMITER + data
            self._file.write(_IVF_PACKET.pack(len(data), packet.pts))
        self._file.write(data)
        self._num_packets += 1

    def _write_header(self, file: BinaryIO) -> None:
        rate = Fraction(self._settings.fps)
        fourcc = _FOURCC[self._settings.codec]
        fields = (*self._size, rate.numerator, rate.denominator, self._num_packets, 0)
        file.write(_IVF_HEADER.pack(b"DKIF", 0, _IVF_HEADER.size, fourcc, *fields))
