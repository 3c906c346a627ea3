"""A video's frames: once to know them all, then any of them again, certainly the same.

The scan decodes everything once and keeps some bytes for each frame: its time, whether decoding can
start there, and a checksum. With these, ``frames`` can start in the middle of a file and prove that
it found the very frames that the scan saw, which containers do not promise.
"""

import contextlib
import os
import zlib
from array import array
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from fca2_plugin.codec.colors import ColorTags
from fca2_plugin.codec.picture import read_tags
from fca2_plugin.codec.side_data import stereo_mode
from fca2_plugin.codec.video import frame_type, pictures

__all__ = ["Scan", "frames", "read_dynamic", "scan"]

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
        cuts: Frames that begin a shot; none if nobody looked.
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
    cuts: tuple[int, ...] = ()

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
            # a shot begins with the frame of the film that is shown next
            cuts=tuple(np.unique(np.searchsorted(numbers, self.cuts)).tolist()),
        )

    def stored_numbers(self, start: int, stop: int) -> np.ndarray:
        """Which stored frames show the frames ``start`` to ``stop``."""
        return self.numbers[start:stop] if self.film else np.arange(start, stop)

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
    jumps: list[int] = []
    streams: list[Any] = []
    times, keys, sums, types = array("q"), array("b"), array("I"), []
    num_moved = num_resized = beyond = 0
    interlaced = False
    lost = damage if tolerant else None
    decoded = pictures(path, streams.append, index=index, damage=lost, jumps=jumps)
    with contextlib.closing(decoded):
        for frame in decoded:
            if watch is not None:
                watch(frame, len(times))
            if not times:
                first, facts = _kind(frame), _facts(frame, streams.pop())
                step = max(1, round(1 / (facts["rate"] * facts["time_base"])))  # ticks of a frame
            num_moved += frame.pts is None
            time = frame.pts if frame.pts is not None else times[-1] + step if times else 0
            times.append(time)
            keys.append(bool(frame.key_frame))
            sums.append(_sum(frame))
            types.append(frame_type(frame))
            num_resized += _kind(frame) != first
            interlaced |= bool(frame.interlaced_frame)
            seconds = float((times[-1] - times[0]) * facts["time_base"])
            beyond += until is not None and seconds > until
            if beyond > BEYOND:
                break
    if not times:
        raise ValueError(f"{path} contains no frame that decodes; it may be cut off or damaged")
    settled = _increasing(times)
    return Scan(
        times=settled,
        keys=np.array(keys, bool),
        sums=np.array(sums, np.uint32),
        last_ticks=min([step, *np.diff(settled[-2:]).tolist()]),
        interlaced=interlaced,
        num_damaged=len(damage),
        num_moved=num_moved + int((settled != np.array(times)).sum()),
        types="".join(types),
        num_resized=num_resized,
        num_jumps=sum(jumps),
        **facts,
    )


def _increasing(given: Sequence[int]) -> np.ndarray:
    """Make times increase, whatever the file says of them."""
    back = sum(later <= time for time, later in pairwise(given))
    # frames come in the order in which they are shown: where times go back again and again,
    # as of AVI, which tells when packets are stored, their order is what is wrong
    times = sorted(given) if back > MOST_BACK * len(given) else list(given)
    for place in range(1, len(times)):
        times[place] = max(times[place], times[place - 1] + 1)
    return np.array(times, np.int64)


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


def _facts(frame: Any, stream: Any) -> dict[str, Any]:
    """What the first frame, and the stream while its file is open, tell for all."""
    metadata = {key.lower(): value for key, value in stream.metadata.items()}
    return {
        "time_base": stream.time_base,
        "rate": stream.average_rate or stream.guessed_rate or Fraction(25),
        "aspect": stream.codec_context.sample_aspect_ratio or Fraction(1),
        "height": frame.height,
        "width": frame.width,
        "pix_fmt": frame.format.name,
        "tags": read_tags(frame, stream),
        "rotation": frame.rotation % 360,
        "dynamic": read_dynamic(frame),
        "stereo": stereo_mode(frame.side_data.get("STEREO3D")),
        "has_alpha": metadata.get("alpha_mode") == "1"  # WebM's is another layer
        or any(part.is_alpha for part in frame.format.components),
    }


def _kind(frame: Any) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name


def read_dynamic(frame: Any) -> str:
    """What a decoded frame has of its own that cannot be kept, for people; ``""`` for none."""
    return " and ".join(
        name for key, name in DYNAMIC.items() if frame.side_data.get(key) is not None
    )
