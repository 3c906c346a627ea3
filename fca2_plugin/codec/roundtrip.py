"""A real encode and decode in memory.

This is the degradation of the paper's Sec. IV-A without the files: ffmpeg's two steps there (to
lossless x264, then to the wanted CRF) equal one encode of the same YUV frames.
"""

from collections.abc import Sequence

import numpy as np

from fca2_plugin._optional import require
from fca2_plugin.codec.frames import checked_frames, rgb_to_yuv, yuv_to_rgb
from fca2_plugin.codec.memory import cleared_memory
from fca2_plugin.codec.settings import (
    CodecSettings,
    apply_settings,
    decoder_name,
    padded_size,
)

__all__ = ["encode_decode"]


def encode_decode(frames: Sequence[np.ndarray], settings: CodecSettings) -> list[np.ndarray]:
    """Compress a clip and return what a viewer would see.

    Colours pass through BT.601 limited range, as ffmpeg does for untagged RGB, so even CRF 0 is
    about 52 dB from the input. With ``settings.threads == 1`` the result depends only on the
    input and the library versions. A size that the encoder does not take (odd with ``yuv420p``)
    is padded by repeating the edge and cropped back.

    Args:
        frames: ``uint8`` RGB frames of one size, at least one.
        settings: The encoder's settings.

    Raises:
        TypeError: A frame is not a ``uint8`` array.
        ValueError: There are no frames, or one has a wrong shape or another size.
        RuntimeError: The codec gave back another number of frames.
    """
    av = require("av", "video")
    frames = list(checked_frames(frames))
    if not frames:
        raise ValueError("encode_decode got no frames; give it at least one")
    height, width = frames[0].shape[:2]
    padded_h, padded_w = padded_size(height, width, settings)
    pad = ((0, padded_h - height), (0, padded_w - width), (0, 0))

    packets = []
    with cleared_memory():
        encoder = av.CodecContext.create(settings.codec, "w")
        apply_settings(encoder, padded_h, padded_w, settings)
        for index, frame in enumerate(frames):
            picture = rgb_to_yuv(np.pad(frame, pad, mode="edge"), settings.pix_fmt)
            picture.pts, picture.time_base = index, encoder.time_base
            packets += encoder.encode(picture)
        packets += encoder.encode(None)

    decoder = av.CodecContext.create(decoder_name(settings), "r")
    decoder.thread_count = settings.threads
    pictures = [picture for packet in [*packets, None] for picture in decoder.decode(packet)]
    if len(pictures) != len(frames):
        raise RuntimeError(
            f"{settings.codec} gave back {len(pictures)} frames for {len(frames)}; "
            "please report it with the settings and the frame size"
        )
    return [yuv_to_rgb(picture)[:height, :width] for picture in pictures]
