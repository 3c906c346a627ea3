"""A video's frames: once to know them all, then any of them again, certainly the same.

The scan decodes everything once and keeps some bytes for each frame: its time, whether decoding can
start there, and a checksum. With these, ``frames`` can start in the middle of a file and prove that
it found the very frames that the scan saw, which containers do not promise.
"""

import contextlib
import math
import os
import zlib
from array import array
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from fca2_plugin.codec.picture import ColorTags, read_tags
from fca2_plugin.codec.side_data import stereo_mode
from fca2_plugin.codec.video import frame_type, pictures

__all__ = ["Scan", "frames", "read_dynamic", "read_rotation", "scan"]

DYNAMIC = {
    "DYNAMIC_HDR_PLUS": "HDR10+",
    "DOVI_METADATA": "Dolby Vision",
    "A53_CC": "closed captions",
}
MOST_BACK = 0.02  # of the frames whose times may be before the one in front, by a fault
BEYOND = 64  # frames that are read behind a part: what networks and cuts look ahead


@dataclass(frozen=True, eq=False)
class Scan:
    """What a pass over all frames of a video found.

    Frames are the stored ones, unless they are film in 3:2 pulldown: then they are the film's.

    Args:
        times: (n,) ``int64``, when each frame is shown, in ``time_base``, increasing.
        keys: (stored,) ``bool``, whether decoding can start at a stored frame.
        sums: (stored,) ``uint32``, of each stored frame's first plane.
        time_base: Seconds of one tick.
        last_ticks: How long the last frame is shown.
        rate: Frames per second, on average.
        height: Height of a frame.
        width: Width of a frame.
        pix_fmt: FFmpeg's name.
        tags: Of the colours.
        aspect: Width of a pixel over its height.
        rotation: Degrees by which players turn the picture.
        interlaced: Whether a frame says that it is.
        num_damaged: Frames that are damaged, or that would not decode.
        num_moved: Frames without a time, or with one not after the frame's before, which got one.
        types: How each frame was coded, one letter of ``frame_type`` each; nothing if not known.
        num_jumps: Places at which the clock jumps, which it does no more here.
        num_resized: Frames whose size or pixel format is not the first one's.
        dynamic: Kinds of data that each frame has of its own, as HDR10+; for people.
        has_alpha: Whether it is transparent somewhere.
        stereo: How two views share a picture, as ``side_data.stereo_mode`` has it.
        box: What is not black in all frames: top, left, height, width; None if nobody looked.
        film: ``tff`` or ``bff``, the field that is shown first, of film in 3:2 pulldown.
        numbers: (n,) ``int64``, the stored frames that show the film's, which others repeat.
        stored: (stored,) ``int64``, the time of each of film's stored frames.
    """

    times: np.ndarray
    keys: np.ndarray
    sums: np.ndarray
    time_base: Fraction
    last_ticks: int
    rate: Fraction
    height: int
    width: int
    pix_fmt: str
    tags: ColorTags
    aspect: Fraction
    rotation: int
    interlaced: bool
    num_damaged: int
    num_moved: int
    types: str = ""
    num_jumps: int = 0
    num_resized: int = 0
    dynamic: str = ""
    has_alpha: bool = False
    stereo: int = 0
    box: tuple[int, int, int, int] | None = None
    film: str = ""
    numbers: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    stored: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.times)

    @property
    def stored_times(self) -> np.ndarray:
        """The time of each stored frame."""
        return self.stored if self.film else self.times

    def as_film(self, order: str, numbers: np.ndarray, times: np.ndarray) -> "Scan":
        """The frames of the film that these are made of.

        Args:
            order: As ``film``.
            numbers: As ``numbers``.
            times: When each of them is shown.
        """
        end = int(self.times[-1]) + self.last_ticks
        return replace(
            self,
            times=times,
            last_ticks=end - int(times[-1]),
            rate=self.rate * len(times) / len(self.times),
            types="".join(self.types[number] for number in numbers),
            film=order,
            numbers=numbers,
            stored=self.times,
        )

    def stored_numbers(self, start: int, stop: int) -> np.ndarray:
        """Which stored frames show the frames ``start`` to ``stop``."""
        return self.numbers[start:stop] if self.film else np.arange(start, stop)

    def shown_at(self, stored: Sequence[int]) -> list[int]:
        """The frames that are shown from these stored ones on."""
        if not self.film:
            return list(stored)
        return sorted(set(np.searchsorted(self.numbers, stored).tolist()))

    @property
    def seconds(self) -> float:
        """From the first frame to the end of the last."""
        return float((int(self.times[-1] - self.times[0]) + self.last_ticks) * self.time_base)


def scan(
    path: str | os.PathLike,
    index: int,
    watch: Callable[[Any, int], None] | None = None,
    tolerant: bool = False,
    until: float | None = None,
) -> Scan:
    """Decode a video once.

    Args:
        path: The file.
        index: Its stream.
        watch: Called with each frame and its number.
        tolerant: Pass over what is damaged.
        until: Seconds of the video that are wanted; a little behind them is read, too.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It is not a video, holds no frame, or is damaged.
    """
    damage: list[str] = []
    found = _Found()
    jumps: list[int] = []
    decoded = pictures(
        path, found.prepare, index=index, damage=damage if tolerant else None, jumps=jumps
    )
    with contextlib.closing(decoded):
        beyond = 0
        for frame in decoded:
            if watch is not None:
                watch(frame, len(found.times))
            found.add(frame)
            beyond += until is not None and found.seconds > until
            if beyond > BEYOND:
                break
    if found.first is None:
        raise ValueError(f"{path} contains no frame that decodes; it may be cut off or damaged")
    return found.result(len(damage), sum(jumps))


def frames(
    path: str | os.PathLike,
    index: int,
    known: Scan,
    start: int = 0,
    stop: int | None = None,
    tolerant: bool = False,
    check: Callable[[], None] = lambda: None,
) -> Generator[Any, None, None]:
    """Yield stored frames ``start`` to ``stop``, each proved to be the one that the scan saw.

    ``check`` is called with every decoded frame, also those before ``start``, and may raise.

    Raises:
        ValueError: The file changed since the scan.
    """
    stop = len(known.sums) if stop is None else stop
    keys = np.flatnonzero(known.keys[: start + 1])
    is_steady = not (known.num_moved or known.num_jumps)  # else a time does not tell the frame
    origins = [int(keys[-1])] if len(keys) and keys[-1] and is_steady else []
    done = start
    for origin in (*origins, 0):  # where seeking goes wrong, all over again from the beginning
        with contextlib.closing(_numbered(path, index, known, origin, tolerant)) as numbered:
            for number, frame in numbered:
                check()
                if number < done:
                    continue
                if number > done or _sum(frame) != known.sums[number]:
                    break
                yield frame
                done += 1
                if done == stop:
                    return
    raise ValueError(
        f"{path} changed while it was read: frame {done} differs from the first look at it; do not "
        "change the source during the job"
    )


def _numbered(
    path: str | os.PathLike, index: int, known: Scan, origin: int, tolerant: bool
) -> Generator[tuple[int, Any], None, None]:
    def prepare(stream: Any) -> None:
        if origin:
            stream.container.seek(int(known.stored_times[origin]), stream=stream)

    decoded = pictures(path, prepare, index=index, damage=[] if tolerant else None)
    for count, frame in enumerate(decoded):
        if not origin:
            yield count, frame
        elif frame.pts is not None:
            yield int(np.searchsorted(known.stored_times, frame.pts)), frame


def _sum(frame: Any) -> int:
    """Of the first plane's samples, without what stands behind a row: that is anything."""
    plane, pixels = frame.planes[0], frame.format
    parts = [part for part in pixels.components if part.plane == 0]
    bits = pixels.padded_bits_per_pixel if len(frame.planes) == 1 else 8 * -(-parts[0].bits // 8)
    used = -(-frame.width * bits // 8)
    rows = np.frombuffer(plane, np.uint8)[: plane.height * plane.line_size]
    return zlib.crc32(np.ascontiguousarray(rows.reshape(plane.height, -1)[:, :used]).data)


class _Found:
    """Collects what ``Scan`` tells."""

    def __init__(self) -> None:
        self.times, self.keys, self.sums = array("q"), array("b"), array("I")
        self.types: list[str] = []
        self.first: Any = None
        self.facts: dict[str, Any] = {}  # what the first frame tells for all
        self.num_moved = self.num_resized = 0
        self.interlaced = False

    def prepare(self, stream: Any) -> None:
        """Take what is needed of the stream while its file is open: PyAV crashes afterwards."""
        self.stream = stream
        self.time_base = stream.time_base
        self.rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        self.aspect = stream.codec_context.sample_aspect_ratio or Fraction(1)
        self.step = max(1, round(1 / (self.rate * self.time_base)))  # ticks of a frame

    def add(self, frame: Any) -> None:
        if self.first is None:
            self.first = frame
            self.facts = _facts(frame, self.stream)
            self.stream = None
        self.num_resized += _kind(frame) != _kind(self.first)
        time = frame.pts
        if time is None:
            self.num_moved += 1
            time = self.times[-1] + self.step if self.times else 0
        self.times.append(time)
        self.keys.append(bool(frame.key_frame))
        self.sums.append(_sum(frame))
        self.types.append(frame_type(frame))
        self.interlaced |= bool(frame.interlaced_frame)

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return float((self.times[-1] - self.times[0]) * self.time_base)

    def result(self, num_damaged: int, num_jumps: int) -> Scan:
        self._settle_times()
        last = self.step
        if len(self.times) > 1:
            last = min(last, self.times[-1] - self.times[-2]) or last
        return Scan(
            times=np.array(self.times, np.int64),
            keys=np.array(self.keys, bool),
            sums=np.array(self.sums, np.uint32),
            time_base=self.time_base,
            last_ticks=last,
            rate=self.rate,
            aspect=self.aspect,
            interlaced=self.interlaced,
            num_damaged=num_damaged,
            num_moved=self.num_moved,
            types="".join(self.types),
            num_resized=self.num_resized,
            num_jumps=num_jumps,
            **self.facts,
        )

    def _settle_times(self) -> None:
        """Make the times increase, whatever the file says of them."""
        back = sum(later <= time for time, later in pairwise(self.times))
        # frames come in the order in which they are shown: where times go back again and again,
        # as of AVI, which tells when packets are stored, their order is what is wrong
        times = sorted(self.times) if back > MOST_BACK * len(self.times) else list(self.times)
        for place in range(1, len(times)):
            if times[place] <= times[place - 1]:
                times[place] = times[place - 1] + 1
        self.num_moved += sum(a != b for a, b in zip(times, self.times, strict=True))
        self.times = array("q", times)


def _facts(frame: Any, stream: Any) -> dict[str, Any]:
    metadata = {key.lower(): value for key, value in stream.metadata.items()}
    return {
        "height": frame.height,
        "width": frame.width,
        "pix_fmt": frame.format.name,
        "tags": read_tags(frame, stream),
        "rotation": read_rotation(frame),
        "dynamic": read_dynamic(frame),
        "stereo": stereo_mode(frame.side_data.get("STEREO3D")),
        "has_alpha": metadata.get("alpha_mode") == "1"  # WebM's is another layer
        or any(part.is_alpha for part in frame.format.components),
    }


def _kind(frame: Any) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name


def read_rotation(frame: Any) -> int:
    """Degrees, counter-clockwise, by which players turn a decoded frame."""
    # the display matrix: nine numbers, 16.16 where it matters
    found = frame.side_data.get("DISPLAYMATRIX")
    if found is None:
        return 0
    a, b = np.frombuffer(bytes(found), np.int32)[:2]
    return round(-math.degrees(math.atan2(float(b), float(a)))) % 360


def read_dynamic(frame: Any) -> str:
    """What a decoded frame has of its own that cannot be kept, for people; ``""`` for none."""
    return " and ".join(
        name for key, name in DYNAMIC.items() if frame.side_data.get(key) is not None
    )
