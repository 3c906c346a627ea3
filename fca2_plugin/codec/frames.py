"""Frames on their way into and out of PyAV: checks and colour conversion.

RGB becomes YUV as in ffmpeg: the BT.601 matrix in limited range, which ffmpeg takes for untagged
material, by swscale's bicubic filter. YUV becomes RGB by the matrix and range that the stream is
tagged with; BT.601 limited where it has no tag.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from fca2_plugin._optional import require
from fca2_plugin.codec.colors import BT601, BT601_525, LIMITED, RGB, UNSPECIFIED

__all__ = ["checked_frames", "reformat", "rgb_to_yuv", "yuv_to_rgb"]


def checked_frames(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the frames, each checked, and all of one size.

    Raises:
        TypeError: A frame is not a ``uint8`` array.
        ValueError: A frame has a wrong shape, or another size than the first.
    """
    first = None
    for index, frame in enumerate(frames):
        if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8:
            got = getattr(frame, "dtype", type(frame).__name__)
            raise TypeError(f"frame {index} must be a numpy uint8 array, got {got}")
        if frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
            raise ValueError(f"frame {index} must be RGB of shape (h, w, 3), got {frame.shape}")
        first = first or frame.shape
        if frame.shape != first:
            raise ValueError(
                f"frame {index} is {frame.shape[1]}x{frame.shape[0]}, but frame 0 is "
                f"{first[1]}x{first[0]}; all frames of a clip must have one size"
            )
        yield frame


def reformat(frame: Any, *size: Any, **target: Any) -> Any:
    """Convert an ``av.VideoFrame`` by one thread, as ``VideoFrame.reformat`` does by several.

    Its threads write over each other's rows where the width is not a multiple of 16 (PyAV 17 and
    18): some pixels of a few frames in a hundred were other ones from run to run.
    """
    return frame.reformat(*size, **target, threads=1)


def rgb_to_yuv(frame: np.ndarray, pix_fmt: str) -> Any:
    """Convert an RGB array to an ``av.VideoFrame`` in BT.601 limited range."""
    av = require("av", "video")
    source = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
    return reformat(
        source,
        format=pix_fmt,
        dst_colorspace=BT601,
        dst_color_range=LIMITED,
        interpolation="BICUBIC",
    )


def yuv_to_rgb(frame: Any) -> np.ndarray:
    """Convert a decoded ``av.VideoFrame`` to an RGB array, by the frame's own matrix and range.

    Raises:
        ValueError: FFmpeg does not convert by the matrix, as by YCgCo.
    """
    matrix = int(frame.colorspace)
    matrix = BT601 if matrix in (RGB, UNSPECIFIED, BT601_525) else matrix
    try:
        converted = reformat(
            frame,
            format="rgb24",
            src_colorspace=matrix,
            src_color_range=int(frame.color_range) or LIMITED,
            interpolation="BICUBIC",
        )
    except OSError as error:
        raise ValueError(
            f"FFmpeg does not convert colour matrix number {matrix} to RGB; convert the video to "
            "BT.709 first"
        ) from error
    return converted.to_ndarray()
