"""What a coded stream says about each of its frames: type, QP and bytes.

The QPs of H.264 (and of MPEG-4 and VP9, on their own scales) come from FFmpeg's decoder, which can
export what each block was coded with. Its HEVC decoder cannot, so there the slice headers tell.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fca2_plugin.codec.hevc import slice_qps
from fca2_plugin.codec.video import frame_type, pictures, probe

__all__ = ["FrameInfo", "frame_infos"]

_BLOCK = np.dtype([(name, np.int32) for name in ("x", "y", "w", "h", "delta_qp")])


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
