"""The first look at a source: its streams, all of its frames once, and what watches them go by."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fca2_plugin._optional import require
from fca2_plugin.apps.upscale.options import AUTO, UpscaleOptions
from fca2_plugin.apps.upscale.result import Progress, ProgressCallback
from fca2_plugin.apps.upscale.telecine import FieldWatcher, as_film
from fca2_plugin.codec import probe
from fca2_plugin.codec.frames import reformat
from fca2_plugin.codec.layout import Layout, missing_bytes, read_layout
from fca2_plugin.codec.scan import Scan, scan

__all__ = ["CutDetector", "Look", "look"]

SIDE = 256  # pixels of the longer side that PySceneDetect sees; its own tools shrink frames, too
_ANY_RATE = 25.0  # it counts frames; only its type for times asks for a rate
BLACK = 24  # of 255, the mean of a row or column that is black; FFmpeg's cropdetect takes it, too


class CutDetector:
    """Finds cuts, by PySceneDetect.

    Args:
        threshold: How much the mean pixel must change, 0 to 255.

    Raises:
        ModuleNotFoundError: PySceneDetect is not installed.
    """

    def __init__(self, threshold: float) -> None:
        detectors = require("scenedetect.detectors", "video")
        # a cut is wanted at its frame, however soon after another one
        self._detector = detectors.AdaptiveDetector(min_scene_len=0, min_content_val=threshold)
        self._timecode = require("scenedetect", "video").FrameTimecode
        self._size: tuple[int, int] | None = None  # it compares pictures of one size
        self.cuts: list[int] = []

    def watch(self, frame: Any, number: int) -> None:
        """Look at the next decoded ``av.VideoFrame``."""
        if self._size is None:
            sides = frame.width, frame.height
            self._size = tuple(max(8, side * min(SIDE, max(sides)) // max(sides)) for side in sides)
        small = reformat(frame, *self._size, "bgr24", interpolation="AREA").to_ndarray()
        found = self._detector.process_frame(self._timecode(number, fps=_ANY_RATE), small)
        self.cuts += [cut.frame_num for cut in found]


class BarFinder:
    """Looks for the black bars of letterboxed films: what is black in every frame."""

    def __init__(self) -> None:
        self._rows: Any = None
        self._columns: Any = None

    def watch(self, frame: Any, number: int) -> None:
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


@dataclass(frozen=True)
class Look:
    """What the first pass over a source found.

    Args:
        source: The file.
        layout: Its streams.
        scan: Its frames.
    """

    source: Path
    layout: Layout
    scan: Scan


def look(
    source: Path,
    options: UpscaleOptions,
    progress: ProgressCallback,
    known: Scan | None = None,
) -> Look:
    """Read what is in a file, and pass over its frames once.

    Args:
        source: The file.
        options: The user's.
        progress: Told of every frame.
        known: What an earlier pass found.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It is not a video, holds no pictures, or is damaged.
    """
    layout = read_layout(source, options.stream)
    missing = missing_bytes(source)
    if missing and not options.keep_going:
        raise ValueError(
            f"{source} is cut off: {missing} bytes that its index lists are missing; copy the file "
            "again, or upscale the part that exists with --keep-going"
        )
    found = known or _first_pass(source, layout.stream, options, progress)
    if missing and not known:
        found = replace(found, num_damaged=found.num_damaged + 1)
    return Look(source, layout, found)


def _first_pass(
    source: Path, stream: int, options: UpscaleOptions, progress: ProgressCallback
) -> Scan:
    """Decode all frames once."""
    until = options.part[1]
    total = probe(source).num_frames if until is None else None
    detector = CutDetector(options.cut_threshold) if options.cuts else None
    bars = BarFinder() if options.crop == AUTO else None
    fields = FieldWatcher() if options.deinterlace == AUTO else None
    watchers = [watcher for watcher in (detector, bars, fields) if watcher is not None]
    begun = time.perf_counter()

    def watch(frame: Any, number: int) -> None:
        for watcher in watchers:
            watcher.watch(frame, number)
        fps = (number + 1) / max(time.perf_counter() - begun, 1e-9)
        left = None if total is None else max(0, total - number - 1) / fps
        progress(Progress(source, "scan", number + 1, total, fps, left))

    found = scan(source, stream, watch, options.keep_going, until)
    if detector is not None:
        found = replace(found, cuts=tuple(detector.cuts))
    if bars is not None:
        found = replace(found, box=bars.box())
    if fields is not None:
        found = as_film(found, fields.changes)
    return found
