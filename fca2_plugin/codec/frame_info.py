"""What a coded stream says about each of its frames: type, QP and bytes.

The QPs of H.264 (and of MPEG-4 and VP9, on their own scales) come from FFmpeg's decoder, which can
export what each block was coded with. Its HEVC decoder cannot, so there the slice headers tell,
which only FFmpeg's filter ``trace_headers`` shows.
"""

import contextlib
import os
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fca2_plugin._optional import require
from fca2_plugin.codec.container import open_media
from fca2_plugin.codec.video import frame_type, pictures, probe

__all__ = ["FrameInfo", "frame_infos", "slice_qps"]

_BLOCK = np.dtype([(name, np.int32) for name in ("x", "y", "w", "h", "delta_qp")])
_ELEMENT = re.compile(r"(\w+) +[01]+ = (-?\d+)$")  # of ITU-T H.265, 7.3, and its value
_START = 26  # init_qp_minus26


@dataclass(frozen=True)
class FrameInfo:
    """One frame of a stream.

    Args:
        kind: ``I``, ``P`` or ``B``; ``?`` if the decoder does not tell.
        is_key: Decoding can start here.
        qp: Mean luma QP over the blocks (H.264), or of the slice headers (HEVC); ``None`` if
            neither is known.
        num_bytes: The coded size.

    Example:
        >>> FrameInfo("I", is_key=True, qp=27.0, num_bytes=5_000).kind
        'I'
    """

    kind: str
    is_key: bool
    qp: float | None
    num_bytes: int


def frame_infos(path: str | os.PathLike) -> Iterator[FrameInfo]:
    """Yield the facts of each frame, in display order. The whole stream is decoded.

    Args:
        path: A video file, or a raw H.264 or HEVC stream.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It is not a video, or is damaged.

    Example:
        >>> [info.kind for info in frame_infos("in.mp4")][0]
        'I'
    """
    # all of them before anything is decoded: reading them takes FFmpeg's log
    coded_qps = iter(list(slice_qps(path)) if probe(path).codec == "hevc" else ())

    def prepare(stream: Any) -> None:
        context = stream.codec_context
        context.copy_opaque = True  # hands from a packet to its frame what watch() puts there
        if context.name != "hevc":
            # frame threads hand out a frame's side data before the frame is decoded
            stream.thread_type = "NONE"
            context.options = {"export_side_data": "venc_params"}

    def watch(packet: Any) -> None:
        packet.opaque = (packet.size, next(coded_qps, None))

    for picture in pictures(path, prepare, watch):
        num_bytes, coded_qp = picture.opaque
        qp = coded_qp if coded_qp is not None else _mean_block_qp(picture)
        yield FrameInfo(frame_type(picture), bool(picture.key_frame), qp, num_bytes)


def _mean_block_qp(picture: Any) -> float | None:
    """Return the mean luma QP of the blocks that the decoder exported with a frame, if it did."""
    found = picture.side_data.get("VIDEO_ENC_PARAMS")
    if found is None:
        return None
    if not found.nb_blocks:
        return float(found.qp)
    blocks = np.frombuffer(bytes(found), _BLOCK, found.nb_blocks, found.blocks_offset)
    return found.qp + float(blocks["delta_qp"].mean())


def slice_qps(path: str | os.PathLike) -> Iterator[float | None]:
    """Yield the mean luma QP of each coded frame's slice headers, in coding order.

    What ``cu_qp_delta`` adds inside a slice is not seen. FFmpeg's log is this function's own while
    it runs: nothing else should decode in this process meanwhile.

    Args:
        path: A file whose first video is HEVC.

    Yields:
        The QP; ``None`` where FFmpeg cannot read the headers, as those of further layers.
    """
    av = require("av", "video")
    first_qps: dict[int, int] = {}  # of picture parameter sets
    with open_media(path) as container, _log_of(av) as log:
        stream = container.streams.video[0]
        tracing = av.BitStreamFilterContext("trace_headers", stream)
        for packet in container.demux(stream):
            if not packet.size:
                continue
            with contextlib.suppress(av.error.FFmpegError):
                tracing.filter(packet)
            qps = list(_read(log, first_qps))
            log.clear()
            yield statistics.mean(qps) if qps else None


def _read(log: list[tuple[int, str, str]], first_qps: dict[int, int]) -> Iterator[int]:
    """Keep what parameter sets say, and yield the QPs of slices."""
    number = 0  # of the set that is spoken of
    for *_, line in log:
        found = _ELEMENT.search(line.rstrip())
        match found and (found[1], int(found[2])):
            case ("pps_pic_parameter_set_id" | "slice_pic_parameter_set_id", number):
                pass
            case ("init_qp_minus26", value):
                first_qps[number] = _START + value
            case ("slice_qp_delta", value) if number in first_qps:
                yield first_qps[number] + value


@contextlib.contextmanager
def _log_of(av: Any) -> Iterator[list[tuple[int, str, str]]]:
    """Yield a list that FFmpeg's whole log is appended to."""
    level, skips = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.TRACE)
    av.logging.set_skip_repeated(False)
    try:
        with av.logging.Capture() as log:
            yield log
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skips)
