"""Streams whose clock jumps, as of joined or recorded ones: their parts follow each other."""

import math
from fractions import Fraction
from typing import Any

from fca2_plugin._optional import require

__all__ = ["Joiner", "joiner_for"]

MOST_BACK, MOST_AHEAD = Fraction(1, 10), Fraction(10)  # seconds; FFmpeg's programs take them, too


class Joiner:
    """Moves packets, in the order of the file, so that no stream goes back.

    One offset holds for all streams from a jump on, so that pictures and sound stay together. Sound
    may come to the jump some packets later than the pictures do, or earlier.
    """

    def __init__(self) -> None:
        self._offsets = [Fraction(0)]  # of the parts
        self._parts: dict[int, int] = {}  # in which a stream is
        self._ends: dict[int, Fraction] = {}  # when a stream's last packet ends
        self._last: dict[int, Fraction] = {}  # and when it begins

    @property
    def num_jumps(self) -> int:
        """Places at which the clock jumped."""
        return len(self._offsets) - 1

    def place(self, packet: Any) -> None:
        """Move a packet to where it belongs."""
        stream, base = packet.stream_index, packet.time_base
        part = self._parts.get(stream, self.num_jumps)
        if base is None or packet.dts is None:
            self._move(packet, part)
            return
        end, last = self._ends.get(stream), self._last.get(stream)
        if end is not None:
            part = self._part_of(packet.dts * base, part, end)
        self._parts[stream] = part
        self._move(packet, part)
        lasts = (packet.duration or 0) * base
        if self.num_jumps and end is not None:  # the parts may overlap a little
            least = math.ceil((end if lasts else last) / base)
            late = max(0, least + (not lasts) - packet.dts)
            packet.dts += late
            if late and packet.pts is not None:
                packet.pts = max(packet.pts, packet.dts)
        time = packet.dts * base
        if not lasts:  # transport streams do not say it: as long as the packet before
            lasts = base if last is None else min(time - last, MOST_AHEAD)
        self._last[stream], self._ends[stream] = time, time + lasts

    def _part_of(self, time: Fraction, first: int, end: Fraction) -> int:
        """The part, from ``first`` on, where the packet is nearest to all others; a new one."""
        now = max(self._ends.values())
        known = range(first, self.num_jumps + 1)
        part = min(known, key=lambda number: abs(time + self._offsets[number] - now))
        if not end - MOST_BACK <= time + self._offsets[part] <= end + MOST_AHEAD:
            self._offsets.append(now - time)
            part = self.num_jumps
        return part

    def _move(self, packet: Any, part: int) -> None:
        if not self._offsets[part]:
            return
        shift = round(self._offsets[part] / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + shift
        packet.dts = None if packet.dts is None else packet.dts + shift


def joiner_for(container: Any) -> Joiner | None:
    """What an opened file needs whose format allows jumps; None for others."""
    jumps = require("av", "video").format.Flags.ts_discont.value  # transport and program streams
    return Joiner() if container.format.flags & jumps else None
