"""Streams whose clock jumps, as of joined or recorded ones: their parts follow each other."""

from fractions import Fraction
from typing import Any

__all__ = ["Joiner", "joiner_for"]

MOST_BACK, MOST_AHEAD = Fraction(1, 10), Fraction(10)  # seconds; FFmpeg's programs take them, too


class Joiner:
    """Moves packets, in the order of the file, so that no stream goes back.

    One offset holds for all streams from a jump on, so that pictures and sound stay together.
    """

    def __init__(self) -> None:
        self.num_jumps = 0
        self._offset = Fraction(0)
        self._ends: dict[int, Fraction] = {}

    def place(self, packet: Any) -> None:
        """Move a packet to where it belongs."""
        base = packet.time_base
        if base is None or packet.dts is None:
            self._move(packet)
            return
        time, end = packet.dts * base + self._offset, self._ends.get(packet.stream_index)
        if end is not None and not end - MOST_BACK <= time <= end + MOST_AHEAD:
            self.num_jumps += 1
            self._offset += max(self._ends.values()) - time
        self._move(packet)
        time = packet.dts * base
        if self.num_jumps and end is not None and time < end:  # the parts overlap a little
            late = -((time - end) // base)
            packet.dts += late
            packet.pts = None if packet.pts is None else max(packet.pts, packet.dts)
            time = packet.dts * base
        self._ends[packet.stream_index] = time + max(packet.duration or 0, 1) * base

    def _move(self, packet: Any) -> None:
        if not self._offset:
            return
        shift = round(self._offset / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + shift
        packet.dts = None if packet.dts is None else packet.dts + shift


def joiner_for(container: Any) -> Joiner | None:
    """What an opened file needs whose format allows jumps; None for others."""
    # AVFMT_TS_DISCONT of libavformat/avformat.h: transport and program streams
    return Joiner() if container.format.flags & 0x200 else None
