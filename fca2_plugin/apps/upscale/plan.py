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

from fca2_plugin.apps.upscale.sizes import Sizes

__all__ = ["Segment", "Window", "make_segments", "windows"]


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


@dataclass(frozen=True)
class Window:
    """Frames that the network sees together.

    Args:
        start: The first.
        stop: The one after the last.
        keep: Those whose results are used, counted from ``start``.
        shot: The shot that it lies in: (first frame, one after the last).
    """

    start: int
    stop: int
    keep: slice
    shot: tuple[int, int]


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
    """What the network sees of a segment, in order.

    Windows begin at multiples of ``align`` counted from the shot's first frame, wherever they lie.
    """
    step = max(1, (sizes.chunk - 2 * sizes.context) // align * align or align)
    context = -(-sizes.context // align) * align
    for shot in segment.shots:
        shot_start, shot_stop = shot
        start = max(segment.start, shot_start)
        stop = min(segment.stop, shot_stop)
        while start < stop:
            # a segment may begin between the multiples: its first window is shorter
            late = (start - shot_start) % align
            end = min(start - late + step, stop)
            begin = max(shot_start, start - late - context)
            keep = slice(start - begin, end - begin)
            yield Window(begin, min(end + context, shot_stop), keep, shot)
            start = end
