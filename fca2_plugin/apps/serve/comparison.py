"""A video for the slider: the source, enlarged by cubic interpolation, above the result.

Both in one picture, so that no browser can show them out of step, and coded as every browser plays
it: H.264, 8 bits, 4:2:0, MP4. The page draws each half where it belongs.

::

    +------------+ 0
    |   source   |
    +------------+ height
    | its border | repeated, so that neither coding nor chroma mixes the halves
    +------------+ pitch
    |   result   |
    +------------+ pitch + height
"""

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from fca2_plugin.apps.upscale.color import rgb_to_yuv, to_planes, to_rgb
from fca2_plugin.apps.upscale.result import Progress, ProgressCallback
from fca2_plugin.codec.layout import read_layout
from fca2_plugin.codec.picture import (
    LIMITED,
    ColorTags,
    Picture,
    PixelFormat,
    read_tags,
    to_picture,
)
from fca2_plugin.codec.remux import VideoTrack, join
from fca2_plugin.codec.scan import read_rotation
from fca2_plugin.codec.segment import OutputSettings, write_segment
from fca2_plugin.codec.video import pictures

__all__ = ["Comparison", "write_comparison"]

MOST_SECONDS = 60.0
MOST_WIDTH, MOST_HEIGHT = 2304, 2032  # twice that is what H.264's level 5.1 allows
BLOCK = 16  # pixels that H.264 codes together
GAP = 8  # rows at least between the halves: what the deblocking filter and chroma reach over
# a key frame every 12 makes the slider of time quick
CODING = OutputSettings("libx264", "yuv420p", crf=16, preset="veryfast", options={"g": "12"})


@dataclass(frozen=True)
class Comparison:
    """What the page must know to draw it.

    Args:
        width: Of either half.
        height: Of either half.
        pitch: Rows from one half's top to the other's.
        times: Seconds at which each picture begins, and at which the last one ends.
        is_whole: Whether it has all pictures of the result.
        is_smaller: Whether it has fewer pixels than the result.
    """

    width: int
    height: int
    pitch: int
    times: tuple[float, ...]
    is_whole: bool
    is_smaller: bool


@torch.inference_mode()
def write_comparison(
    source: Path,
    result: Path,
    path: Path,
    progress: ProgressCallback,
    device: torch.device | None = None,
    most_seconds: float = MOST_SECONDS,
) -> Comparison:
    """Write a comparison that appears when it is whole.

    Rotation is carried out, and pixels become square, as a player would show them.

    Args:
        source: The video.
        result: What ``upscale`` made of it.
        path: The comparison, a name that ends in .mp4.
        progress: Told of every frame.
        device: Where pictures are enlarged.
        most_seconds: Nothing after that is compared.

    Raises:
        FileNotFoundError: One of the videos is not there.
        ValueError: They have not the same number of frames, or one cannot be read.
    """
    stacks = _Stacks(_Film(source), _Film(result), device or torch.device("cpu"), most_seconds)
    with tempfile.TemporaryDirectory(prefix=".comparison-", dir=path.parent) as folder:
        segment, joined = Path(folder, "segment.mkv"), Path(folder, "joined.mp4")
        made = _told(iter(stacks), source, progress)
        first = next(made)  # the settings are what it shows
        write_segment(segment, chain([first], made), CODING, stacks.tags, stacks.rate)
        times = np.array(stacks.times, np.int64)
        time_base, last_ticks = stacks.after.time_base, stacks.last_ticks
        # the segment stands for the source, too: sound and rotation are left out
        join(joined, segment, VideoTrack([segment], times, time_base, last_ticks, index=0), ())
        os.replace(joined, path)
    return Comparison(
        *stacks.shown,
        times=tuple(float(t * time_base) for t in [*stacks.times, stacks.times[-1] + last_ticks]),
        is_whole=stacks.is_whole,
        is_smaller=stacks.is_smaller,
    )


def _told(made: Iterator[Picture], source: Path, tell: ProgressCallback) -> Iterator[Picture]:
    begun = time.perf_counter()
    for count, picture in enumerate(made, start=1):
        yield picture
        fps = count / max(time.perf_counter() - begun, 1e-9)
        tell(Progress(source, "compare", count, None, fps))


class _Film:
    """A video's decoded pictures; from the first on, what they and the header say."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tags: ColorTags | None = None

    def __iter__(self) -> Iterator[Any]:
        index = read_layout(self.path).pictures.index
        for frame in pictures(self.path, self._prepare, index=index):
            if self.tags is None:
                self.tags = read_tags(frame, self._stream).resolved(frame.height)
                self.turns = read_rotation(frame) // 90
                self._stream = None  # PyAV crashes when it outlives its file
            yield frame

    def _prepare(self, stream: Any) -> None:
        self._stream = stream
        self.time_base = stream.time_base
        self.rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        self.aspect = stream.codec_context.sample_aspect_ratio or Fraction(1)


class _Stacks:
    """The pictures of a comparison; the other attributes are right as far as they were made.

    Args:
        before: The source.
        after: The result.
        device: Where pictures are enlarged.
        most_seconds: Where to stop.
    """

    def __init__(
        self, before: _Film, after: _Film, device: torch.device, most_seconds: float
    ) -> None:
        self.before, self.after = before, after
        self.device, self.most_seconds = device, most_seconds
        self.pixels = PixelFormat.of(CODING.pix_fmt)
        self.times: list[int] = []
        self.is_whole, self.is_smaller = True, False

    def __iter__(self) -> Iterator[Picture]:
        start = None
        for small, large in zip_longest(self.before, self.after):
            if small is None or large is None:
                raise ValueError(
                    f"{self.before.path.name} and its result differ in their number of frames "
                    f"after {len(self.times)}; upscale it again"
                )
            if start is None:
                start = large.pts
                self._choose_size(large)
            ticks = large.pts - start
            if ticks * self.after.time_base >= self.most_seconds:
                self.is_whole = False
                return
            self.times.append(ticks)
            yield self._stack(self._rgb(self.before, small), self._rgb(self.after, large))

    @property
    def tags(self) -> ColorTags:
        """What the colours mean: as in the result, in the range that all players expect."""
        return replace(self.after.tags, range=LIMITED)

    @property
    def rate(self) -> Fraction:
        """Frames per second, on average."""
        return self.after.rate

    @property
    def last_ticks(self) -> int:
        """How long the last picture is shown: as long as the one before it."""
        if len(self.times) > 1:
            return self.times[-1] - self.times[-2]
        return max(1, round(1 / (self.rate * self.after.time_base)))

    def _choose_size(self, large: Any) -> None:
        height, width = large.height, float(large.width * self.after.aspect)
        turned = self.after.turns % 2
        most_height, most_width = (MOST_HEIGHT, MOST_WIDTH)[:: -1 if turned else 1]
        factor = min(1.0, most_height / height, most_width / width)
        self.is_smaller = factor < 1
        self._size = max(1, round(factor * height)), max(1, round(factor * width))
        height, width = self._size[::-1] if turned else self._size
        pitch = -(-(height + GAP) // BLOCK) * BLOCK
        self.shown = width, height, pitch

    def _rgb(self, film: _Film, frame: Any) -> Tensor:
        return to_rgb(to_picture(frame), film.tags, self.device)

    def _stack(self, before: Tensor, after: Tensor) -> Picture:
        width, height, pitch = self.shown
        border = 0, width % 2, 0, pitch - height  # right and below
        halves = [F.pad(self._as_shown(half), border, mode="replicate") for half in (before, after)]
        yuv = rgb_to_yuv(torch.cat(halves, dim=-2), self.tags, self.pixels)
        return to_planes(yuv, self.tags, self.pixels)

    def _as_shown(self, rgb: Tensor) -> Tensor:
        """Of the size that is shown, by the interpolation of ``presets.enlarge``; upright."""
        if rgb.shape[-2:] != self._size:
            rgb = F.interpolate(rgb[None], size=self._size, mode="bicubic", antialias=True)[0]
        return torch.rot90(rgb, self.after.turns, (-2, -1))
