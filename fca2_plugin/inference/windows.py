"""Choose which frames of a clip the network sees together.

A window lies within a shot. It keeps the frames in its middle; its other frames are context.
Windows begin at multiples of the network's group length, counted from the shot's first
frame, so the result does not depend on how a clip is cut.
"""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Window", "check_window", "fit_context", "shot_windows"]


@dataclass(frozen=True)
class Window:
    """Frames that the network sees together.

    Args:
        start: The first frame.
        stop: The frame after the last.
        keep: The frames whose results are used, counted from ``start``.
        shot: The shot that contains the window: (first frame, frame after the last).
    """

    start: int
    stop: int
    keep: slice
    shot: tuple[int, int]


def check_window(chunk: int, context: int) -> None:
    """Check that a window keeps at least one frame.

    Raises:
        ValueError: The window consists only of context.
    """
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    if not 0 <= 2 * context < chunk:
        raise ValueError(
            f"chunks of {chunk} frames are too short for {context} frames of context on each side; "
            f"expected a context from 0 to {(chunk - 1) // 2}"
        )


def fit_context(wanted: int, chunk: int | None, align: int = 1) -> int:
    """Return the wanted context, or the most that fits into the user's chunk.

    Args:
        wanted: Frames on each side.
        chunk: Frames of a window; None if not decided yet.
        align: Windows begin at multiples of this number of frames.
    """
    if chunk is not None:
        wanted = min(wanted, (chunk - 1) // 2)
    return wanted // align * align


def shot_windows(
    shot: tuple[int, int],
    start: int,
    stop: int,
    *,
    chunk: int | None = None,
    context: int = 0,
    align: int = 1,
) -> Iterator[Window]:
    """Cut frames ``start`` to ``stop`` of a shot into windows, in order.

    Args:
        shot: The shot: (first frame, one after the last).
        start: The first frame whose result is wanted.
        stop: The one after the last.
        chunk: Frames of a window, including its context; None runs all at once.
        context: Context frames on each side, fewer at the ends of the shot.
        align: Windows begin at multiples of this number of frames of the shot.

    Raises:
        ValueError: A window consists only of context.
    """
    first, last = shot
    if chunk is None:
        yield Window(first, last, slice(start - first, stop - first), shot)
        return
    check_window(chunk, context)
    context = -(-context // align) * align
    step = max(chunk - 2 * context, 1)
    step = step // align * align or align
    while start < stop:
        # the first frame may lie between the multiples: its window keeps fewer
        late = (start - first) % align
        end = min(start - late + step, stop)
        begin = max(first, start - late - context)
        yield Window(begin, min(end + context, last), slice(start - begin, end - begin), shot)
        start = end
