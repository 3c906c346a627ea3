"""Network abstraction layer units of H.265, in byte streams and in files, and their bits."""

from collections.abc import Iterator

__all__ = ["BitReader", "hvcc_units", "length_units", "start_code_units", "unescape"]


class BitReader:
    """Bits, most significant first, of a NAL unit's payload."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def bits(self, count: int) -> int:
        """Read an unsigned number of ``count`` bits, u(n)."""
        if count > self._left:
            raise ValueError("its header ends in the middle")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def flag(self) -> bool:
        return bool(self.bits(1))

    def unsigned(self) -> int:
        """Read an Exp-Golomb code, ue(v) in 9.2."""
        zeros = 0
        while not self.bits(1):
            zeros += 1
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        """Read a signed Exp-Golomb code, se(v)."""
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -code // 2


def unescape(payload: bytes) -> bytes:
    """Drop the emulation prevention bytes, 7.4.2."""
    return payload.replace(b"\x00\x00\x03", b"\x00\x00")


def start_code_units(data: bytes) -> Iterator[bytes]:
    """Yield the NAL units of an Annex B byte stream."""
    for unit in data.split(b"\x00\x00\x01")[1:]:
        yield unit.rstrip(b"\x00")  # the next start code's first zero, or padding


def length_units(data: bytes, length_size: int) -> Iterator[bytes]:
    """Yield NAL units that carry their length in front."""
    at = 0
    while at + length_size <= len(data):
        length = int.from_bytes(data[at : at + length_size], "big")
        at += length_size
        yield data[at : at + length]
        at += length


def hvcc_units(record: bytes) -> Iterator[bytes]:
    """Yield the parameter sets of an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3)."""
    at = 23
    for _ in range(record[22]):
        count = int.from_bytes(record[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            length = int.from_bytes(record[at : at + 2], "big")
            yield record[at + 2 : at + 2 + length]
            at += 2 + length
