"""Film of 24 frames a second that was stored as interlaced video of 30: 3:2 pulldown.

::

    film     A       B         C       D            top field first
    top      A       B    B    C       D
    bottom   A       B    C    D       D
    stored   0       1    2    3       4

Four frames of film last ten fields, so that two fields of ten are there twice: the first field of
stored frame 2 repeats the one before, and two frames later the other field does. Who looks at the
first fields alone finds which stored frames show nothing new; FFmpeg's ``fieldmatch`` puts the
fields of the others back together.
"""

from typing import Any

import numpy as np

from fca2_plugin.codec.frames import reformat
from fca2_plugin.codec.scan import Scan

__all__ = ["FieldWatcher", "as_film"]

CYCLE, FILM = 5, 4  # stored frames, and those of the film
STILL = 0.1  # of 255, the mean change of a field where nothing moves
CLEAR, CLEAR_OF_MANY = 0.6, 0.88  # of the next smallest share, in a cycle and around it
AROUND = 5  # cycles that are looked at together where one does not tell
ENOUGH = 0.5  # of the cycles in which anything moves must have the pattern, and two at least
MOST_UNEVEN = 1.5  # steps of a cycle whose times are made even


class FieldWatcher:
    """Notes how much each field changes."""

    def __init__(self) -> None:
        self.changes: list[tuple[float, float]] = []
        self._last: np.ndarray | None = None

    def watch(self, frame: Any, number: int) -> None:
        """Look at the next decoded ``av.VideoFrame``."""
        grey = reformat(frame, format="gray").to_ndarray()[:, ::4].astype(np.int16)
        if self._last is None or self._last.shape != grey.shape:
            self.changes.append((255.0, 255.0))
        else:
            change = np.abs(grey - self._last)
            self.changes.append((float(change[::2].mean()), float(change[1::2].mean())))
        self._last = grey


def as_film(given: Scan, changes: list[tuple[float, float]]) -> Scan:
    """Find the film in stored frames; they come back as they are where there is none.

    Parts that are no film, as titles made on video, keep all of their frames.

    Args:
        given: The stored frames.
        changes: What a ``FieldWatcher`` noted of them.
    """
    change = np.array(changes)
    # of film one field changes and the other does not; of all else both change alike
    shares = (change + STILL) / (change[:, ::-1] + STILL)
    orders = {"tff": _repeats(*shares.T), "bff": _repeats(*shares.T[::-1])}
    order, repeats = max(orders.items(), key=lambda item: (item[1] >= 0).sum())
    moving = _cycles((change > STILL).any(axis=1), False).any(axis=1)
    if (repeats >= 0).sum() < max(2, ENOUGH * moving.sum()):
        return given
    kept = np.ones(len(moving) * CYCLE, bool)
    place = 0
    for number, found in enumerate(repeats):
        place = place if found < 0 else found
        # where nothing moves any frame will do
        kept[number * CYCLE + place] = found < 0 and moving[number]
    kept = kept[: len(change)]
    return given.as_film(order, np.flatnonzero(kept), _even_times(given, kept)[kept])


def _repeats(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The place in each cycle of the frame whose first field is a repeated one; -1 for none.

    Args:
        first: (n,), how much each frame's first field changes, in terms of the other one.
        second: (n,), the same of the second field, which is repeated two frames later.
    """
    later = np.append(second[2:], [1.0, 1.0])[: len(first)]
    one = _cycles(np.maximum(first, later), 1.0)
    edges = AROUND // 2
    padded = np.pad(one, ((edges, edges), (0, 0)), mode="edge")
    many = np.median(np.lib.stride_tricks.sliding_window_view(padded, AROUND, axis=0), axis=-1)
    places = np.full(len(one), -1)
    for values, clear in ((many, CLEAR_OF_MANY), (one, CLEAR)):
        least, next_least = np.sort(values, axis=1)[:, :2].T
        is_clear = least < clear * np.minimum(next_least, 1)
        places[is_clear] = values.argmin(axis=1)[is_clear]
    return places


def _cycles(values: np.ndarray, more: Any) -> np.ndarray:
    """(n,) as (cycles, 5), filled up with ``more``."""
    missing = -len(values) % CYCLE
    return np.pad(values, (0, missing), constant_values=more).reshape(-1, CYCLE)


def _even_times(given: Scan, kept: np.ndarray) -> np.ndarray:
    """The times of stored frames; those of film are a quarter of their cycle apart."""
    times = given.times.copy()
    ends = np.append(given.times, given.times[-1] + given.last_ticks)
    for begin in range(0, len(times) - CYCLE + 1, CYCLE):
        places = np.flatnonzero(kept[begin : begin + CYCLE])
        steps = np.diff(ends[begin : begin + CYCLE + 1])
        if len(places) != FILM or steps.max() > MOST_UNEVEN * steps.min():
            continue
        # in stored frames: film's begin an eighth before those that show them, on average
        even = np.arange(FILM) * CYCLE / FILM
        even += places.mean() - even.mean() - 1 / 8
        step = (ends[begin + CYCLE] - ends[begin]) / CYCLE
        times[begin + places] = np.round(ends[begin] + even * step)
    return np.maximum(times, given.times[0])
