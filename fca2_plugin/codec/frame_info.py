"""What a coded stream says about each of its frames: type, QP and bytes.

The QPs of H.264 (and of MPEG-4 and VP9, on their own scales) come from FFmpeg's decoder, which can
export what each block was coded with. Its HEVC decoder cannot, so there the slice headers are read.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fca2_plugin.codec.hevc import HevcHeaders
from fca2_plugin.codec.video import frame_type, pictures

__all__ = ["FrameInfo", "frame_infos"]

# libavutil/video_enc_params.h: AVVideoEncParams, then AVVideoBlockParams (x, y, w, h, delta_qp)
_ENC_PARAMS = struct.Struct("@IQQii8i")
_BLOCK = np.dtype([("x", "i4"), ("y", "i4"), ("w", "i4"), ("h", "i4"), ("delta_qp", "i4")])


@dataclass(frozen=True)
class FrameInfo:
    """One frame of a stream.

    Args:
        kind: ``I``, ``P`` or ``B``; ``?`` where the decoder does not say.
        is_key: Decoding can start here.
        qp: Mean luma QP over the blocks (H.264), or of the slice headers (HEVC); ``None`` where
            neither is to be had.
        num_bytes: The coded size.
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
        FileNotFoundError: There is no such file.
        ValueError: It is not a video, is damaged, or is HEVC of a kind whose headers are unknown.
    """
    headers: HevcHeaders | None = None
    count = 0

    def prepare(stream: Any) -> None:
        nonlocal headers
        context = stream.codec_context
        context.copy_opaque = True  # hands from a packet to its frame what watch() puts there
        if context.name == "hevc":
            headers = _explained(path, 0, HevcHeaders, context.extradata or b"")
        else:
            # frame threads hand out a frame's side data before the frame is decoded
            stream.thread_type = "NONE"
            context.options = {"export_side_data": "venc_params"}

    def watch(packet: Any) -> None:
        nonlocal count
        qp = None
        if headers is not None:
            slices = _explained(path, count, headers.read, bytes(packet))
            qp = sum(found.qp for found in slices) / len(slices) if slices else None
        packet.opaque = (packet.size, qp)
        count += 1

    for picture in pictures(path, prepare, watch):
        num_bytes, slice_qp = picture.opaque
        kind = frame_type(picture)
        qp = _mean_block_qp(picture) if headers is None else slice_qp
        yield FrameInfo(kind, bool(picture.key_frame), qp, num_bytes)


def _explained(path: str | os.PathLike, count: int, read: Any, data: bytes) -> Any:
    """Call ``read`` and put the file and the place in front of what it refuses."""
    try:
        return read(bytes(data))
    except ValueError as error:
        raise ValueError(
            f"the HEVC headers of {path} cannot be read at coded frame {count}: {error}"
        ) from error


def _mean_block_qp(picture: Any) -> float | None:
    """Return the mean luma QP of the blocks that the decoder exported with a frame, if it did."""
    for index in range(len(picture.side_data)):  # its keys do not know this type before PyAV 14
        data = bytes(picture.side_data[index])
        if len(data) < _ENC_PARAMS.size:
            continue
        num_blocks, offset, block_size, _, qp, *_ = _ENC_PARAMS.unpack_from(data)
        if block_size != _BLOCK.itemsize or len(data) - offset != num_blocks * block_size:
            continue
        blocks = np.frombuffer(data, _BLOCK, num_blocks, offset)
        return qp + float(blocks["delta_qp"].mean()) if num_blocks else float(qp)
    return None
