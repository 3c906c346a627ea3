"""Black bars around a picture, which letterboxed films carry along."""

from typing import Any

import numpy as np

from fca2_plugin.codec.frames import reformat

__all__ = ["BarFinder"]

BLACK = 24  # of 255, the mean of a row or column that is black; FFmpeg's cropdetect takes it, too


class BarFinder:
    """Looks for rows and columns that are black in every frame."""

    def __init__(self) -> None:
        self._rows: Any = None
        self._columns: Any = None

    def watch(self, frame: Any) -> None:
        """Look at the next decoded ``av.VideoFrame``."""
        grey = reformat(frame, format="gray").to_ndarray()
        rows, columns = grey.mean(axis=1), grey.mean(axis=0)
        if self._rows is None:
            self._rows, self._columns = rows, columns
        elif (rows.shape, columns.shape) == (self._rows.shape, self._columns.shape):
            np.maximum(self._rows, rows, out=self._rows)
            np.maximum(self._columns, columns, out=self._columns)

    def box(self) -> tuple[int, int, int, int] | None:
        """Top, left, height and width of what is not black; None where all is."""
        rows, columns = (np.flatnonzero(means > BLACK) for means in (self._rows, self._columns))
        if not (len(rows) and len(columns)):
            return None
        top, left = int(rows[0]), int(columns[0])
        return top, left, int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
