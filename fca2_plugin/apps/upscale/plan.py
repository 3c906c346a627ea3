"""Which frames go through the network together, and which are encoded together.

::

    frames    0 ......................................................... n
    shots     [       cut             cut                                 )
    segments  [                )(               )(              )(        )   encoded on their own
    windows   [    ][     ][   ][   ][ ...                                    seen at once

Segments depend on the video and the options alone, so that a resumed job writes the same ones.
A window lies within a shot and a segment; its context within the shot.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fca2_plugin.inference.sizes import Part, Sizes
from fca2_plugin.inference.windows import Window, shot_windows

__all__ = ["Segment", "make_segments", "windows"]


@dataclass(frozen=True)
class Segment:
    """Frames that are encoded together.

    Args:
        start: The first.
        stop: The one after the last.
        shots: The shots that it has a part of, whole: (first frame, one after the last).
    """

    start: int
    stop: int
    shots: tuple[tuple[int, int], ...]

    def parts(self) -> Iterator[Part]:
        """Yield each shot and the first frame and the end of what the segment has of it."""
        for shot in self.shots:
            yield shot, max(self.start, shot[0]), min(self.stop, shot[1])


def make_segments(first: int, last: int, cuts: Sequence[int], length: int) -> list[Segment]:
    """Cut frames ``first`` to ``last`` into segments of about ``length``.

    A segment ends at its full length, or at the last cut in its second half.
    """
    borders = [first, *(cut for cut in cuts if first < cut < last), last]
    shots = list(zip(borders, borders[1:], strict=False))
    segments = []
    start = first
    while start < last:
        stop = min(start + length, last)
        near = [cut for cut in borders if start + length // 2 < cut <= stop]
        if stop < last and near:
            stop = near[-1]
        inside = tuple(shot for shot in shots if shot[0] < stop and shot[1] > start)
        segments.append(Segment(start, stop, inside))
        start = stop
    return segments


def windows(segment: Segment, sizes: Sizes, align: int) -> Iterator[Window]:
    """What the network sees of a segment, in order."""
    for shot, start, stop in segment.parts():
        yield from shot_windows(
            shot, start, stop, chunk=sizes.chunk, context=sizes.context, align=align
        )
