"""Video files: what is in them, their frames as a stream, and writing one.

Both directions hold one frame at a time, so memory does not grow with the video.
"""

import contextlib
import itertools
import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from fca2_plugin._files import file_at_once
from fca2_plugin._optional import require
from fca2_plugin._suggest import check_choice
from fca2_plugin.codec.container import file_url, open_media
from fca2_plugin.codec.frames import checked_frames, rgb_to_yuv, yuv_to_rgb
from fca2_plugin.codec.jumps import joiner_for
from fca2_plugin.codec.settings import CodecSettings, apply_settings, check_even

__all__ = [
    "StreamInfo",
    "clip_pictures",
    "count_frames",
    "frame_type",
    "pictures",
    "probe",
    "read_video",
    "write_video",
]

TYPES = "?IPBSIPB"  # AVPictureType: none, I, P, B, S(GMC), SI, SP, BI
CONTAINERS = {".mp4": "mp4", ".mkv": "matroska", ".mov": "mov"}  # those that take both encoders


@dataclass(frozen=True)
class StreamInfo:
    """Facts about the first video stream of a file; ``None`` where the file does not tell.

    Example:
        >>> info = probe("in.mp4")
        >>> info.width, info.height
        (40, 32)
    """

    width: int
    height: int
    fps: Fraction | None
    num_frames: int | None
    codec: str
    pix_fmt: str | None
    duration_seconds: float | None


def frame_type(frame: Any) -> str:
    """How a decoded ``av.VideoFrame`` was coded: ``I``, ``P`` or ``B``; ``?`` where nobody says."""
    return TYPES[int(frame.pict_type)]


@contextlib.contextmanager
def _opened(path: str | os.PathLike, index: int | None = None) -> Iterator[tuple[Any, Any]]:
    """Yield (container, its stream ``index`` or else the first of video)."""
    with open_media(path) as container:
        if not container.streams.video:
            raise ValueError(f"{path} has no video stream; give a file that contains a video")
        stream = container.streams.video[0] if index is None else container.streams[index]
        if stream.codec_context is None:
            raise ValueError(
                f"{path} contains video of a codec that FFmpeg does not know; convert it with the "
                "program that wrote it"
            )
        yield container, stream


def probe(path: str | os.PathLike) -> StreamInfo:
    """Read a file's header.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It is not a video, or has no video stream.

    Example:
        >>> probe("in.mp4").codec
        'h264'
    """
    with _opened(path) as (container, stream):
        context = stream.codec_context
        if stream.duration is not None:
            duration: float | None = float(stream.duration * stream.time_base)
        else:  # Matroska keeps it for the whole file, in microseconds
            duration = container.duration / 1e6 if container.duration else None
        return StreamInfo(
            width=context.width,
            height=context.height,
            fps=stream.average_rate or stream.guessed_rate,
            num_frames=stream.frames or None,
            codec=context.name,
            pix_fmt=context.pix_fmt,
            duration_seconds=duration,
        )


def read_video(path: str | os.PathLike, max_frames: int | None = None) -> Iterator[np.ndarray]:
    """Yield a video's frames as RGB, in display order.

    Rotation tags and non-square pixels are left as they are stored.

    Args:
        path: The video file.
        max_frames: Stop after this many frames.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It is not a video, holds no frame, changes size, or is damaged; damage
            raises after the frames before it.

    Example:
        >>> frames = list(read_video("in.mp4"))
        >>> len(frames), frames[0].shape
        (4, (32, 40, 3))
    """
    return map(yuv_to_rgb, clip_pictures(path, max_frames))


def clip_pictures(path: str | os.PathLike, max_frames: int | None = None) -> Iterator[Any]:
    """Yield what ``read_video`` converts: decoded ``av.VideoFrame`` of one size, at least one."""
    if max_frames is not None and max_frames < 1:
        raise ValueError(f"max_frames must be at least 1, got {max_frames}")
    count, size = 0, None
    for picture in pictures(path):
        size = size or (picture.width, picture.height)
        if (picture.width, picture.height) != size:
            raise ValueError(
                f"{path} changes from {size[0]}x{size[1]} to {picture.width}x{picture.height} "
                f"at frame {count}; split it there"
            )
        yield picture
        count += 1
        if count == max_frames:
            return
    if not count:
        raise ValueError(f"{path} contains no frame that decodes; it may be cut off or damaged")


def count_frames(path: str | os.PathLike, at_most: int | None = None) -> int:
    """Decode a video, without keeping anything, and return the number of its frames.

    Args:
        path: The video file.
        at_most: Stop counting there.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It is not a video, or is damaged.

    Example:
        >>> count_frames("in.mp4")
        4
    """
    return sum(1 for _ in itertools.islice(pictures(path), at_most))


def pictures(
    path: str | os.PathLike,
    prepare: Callable[[Any], None] | None = None,
    watch: Callable[[Any], None] | None = None,
    index: int | None = None,
    damage: list[str] | None = None,
    jumps: list[int] | None = None,
) -> Generator[Any, None, None]:
    """Yield the decoded ``av.VideoFrame`` of a file, and raise at the first damaged one.

    Args:
        path: The video file.
        prepare: Called with the stream before anything is decoded.
        watch: Called with each packet before it is decoded.
        index: The stream; the first of video by default.
        damage: Go on after damage, and say here what it was.
        jumps: Gets the number of times that the clock jumps, where the format allows that.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It is not a video, or is damaged.
    """
    av = require("av", "video")
    count, end = 0, 0.0

    def report(reason: str, error: Exception | None = None) -> None:
        message = _damaged(path, count, reason)
        if damage is None:
            raise ValueError(message) from error
        damage.append(message)

    with _opened(path, index) as (container, stream):
        stream.thread_type = "AUTO"
        if prepare is not None:
            prepare(stream)
        joiner = joiner_for(container)
        try:
            # of all streams where any may be the first whose clock jumps
            for packet in container.demux(*([] if joiner else [stream])):
                if joiner is not None and (packet.size or packet.pts is not None):
                    joiner.place(packet)
                if packet.stream.index != stream.index:
                    continue
                if watch is not None and packet.size:
                    watch(packet)
                if packet.pts is not None:
                    end = max(end, float((packet.pts + (packet.duration or 0)) * stream.time_base))
                try:
                    decoded = stream.decode(packet)
                except av.error.InvalidDataError as error:
                    report(error.strerror, error)
                    continue
                for picture in decoded:
                    if picture.is_corrupt or packet.is_corrupt:
                        report("a corrupt frame")
                    yield picture
                    count += 1
        except av.error.FFmpegError as error:
            report(error.strerror, error)
        if joiner is not None and jumps is not None:
            jumps.append(joiner.num_jumps)
        promised = _matroska_seconds(stream)
        if promised - end > 1.5 / (stream.average_rate or 10):
            report(f"it should last {promised:.2f} seconds, but ends after {end:.2f}")


def _matroska_seconds(stream: Any) -> float:
    """Return when the stream says it ends, where the file's reader passes over what is missing.

    FFmpeg takes the end of a cut-off Matroska file for its end; a cut-off MP4 it reports. The
    writers of Matroska (FFmpeg, mkvmerge) leave the duration as a tag ``00:00:04.000000000``.
    A frame or two at the cut can still be lost unseen, because frames are stored out of order.
    """
    tag = re.fullmatch(r"(\d+):(\d+):(\d+\.?\d*)", stream.metadata.get("DURATION", ""))
    if tag is None:
        return 0.0
    hours, minutes, seconds = map(float, tag.groups())
    return 3600 * hours + 60 * minutes + seconds


def _damaged(path: str | os.PathLike, count: int, reason: str) -> str:
    if not count:
        return (
            f"{path} is damaged after 0 frames ({reason}), or it is encrypted or in a format that "
            "this FFmpeg does not decode; convert it with the program that wrote it"
        )
    return f"{path} is damaged after {count} frames ({reason}); repair it or cut it there"


def write_video(
    path: str | os.PathLike, frames: Iterable[np.ndarray], settings: CodecSettings
) -> int:
    """Encode frames into a file and return their number.

    The file is tagged with the matrix that was used (BT.601, limited range). It is written under
    another name beside ``path`` and renamed at the end, so ``path`` is never half a video.

    Args:
        path: Where to write; the suffix chooses the container, ``.mp4``, ``.mkv`` or ``.mov``.
        frames: ``uint8`` RGB frames of one size.
        settings: The encoder's settings; ``fps`` is the frame rate of the file.

    Raises:
        FileNotFoundError: The folder does not exist.
        TypeError: A frame is not a ``uint8`` array.
        ValueError: There are no frames, they differ in size, the size does not fit the pixel
            format, or the suffix is none of those three.

    Example:
        >>> frames = [np.zeros((32, 32, 3), np.uint8)] * 3
        >>> write_video("black.mp4", frames, CodecSettings(crf=20, pix_fmt="yuv420p"))
        3
    """
    av = require("av", "video")
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} to")
    name = CONTAINERS[check_choice("video suffix", path.suffix.lower(), CONTAINERS)]
    with file_at_once(path) as part:
        with av.open(file_url(part), "w", format=name) as container:
            count = _encode_into(container, frames, settings)
        if not count:
            raise ValueError(f"there are no frames to write to {path}")
    return count


def _encode_into(container: Any, frames: Iterable[np.ndarray], settings: CodecSettings) -> int:
    """Encode ``frames`` as the container's only stream and return their number."""
    stream, count = None, 0
    for count, frame in enumerate(checked_frames(frames), start=1):
        if stream is None:
            height, width = frame.shape[:2]
            check_even(height, width, settings)
            stream = container.add_stream(settings.codec, rate=settings.fps)
            apply_settings(stream.codec_context, height, width, settings)
        picture = rgb_to_yuv(frame, settings.pix_fmt)
        picture.pts, picture.time_base = count - 1, stream.codec_context.time_base
        container.mux(stream.encode(picture))
    if stream is not None:
        container.mux(stream.encode(None))
    return count
