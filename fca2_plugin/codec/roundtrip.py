"""A real encode and decode in memory.

This is the degradation of the paper's Sec. IV-A without the files: ffmpeg's two steps there (to
lossless x264, then to the wanted CRF) equal one encode of the same YUV frames.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from fca2_plugin.codec.encoders import open_decoder, open_encoder
from fca2_plugin.codec.frames import checked_frames, rgb_to_yuv, yuv_to_rgb
from fca2_plugin.codec.memory import cleared_memory
from fca2_plugin.codec.settings import CodecSettings, apply_settings, padded_size
from fca2_plugin.codec.video import frame_type

__all__ = ["encode_decode", "stream_through"]


def encode_decode(frames: Sequence[np.ndarray], settings: CodecSettings) -> list[np.ndarray]:
    """Compress a clip and return what a viewer would see: ``stream_through`` for a list.

    Args:
        frames: ``uint8`` RGB frames of one size, at least one.
        settings: The encoder's settings.

    Raises:
        TypeError: A frame is not a ``uint8`` array.
        ValueError: There are no frames, one has a wrong shape or another size, or the encoder is
            not there.
        RuntimeError: The codec gave back another number of frames.

    Example:
        >>> frames = [np.full((64, 64, 3), 128, np.uint8)] * 3
        >>> coded = encode_decode(frames, CodecSettings("libx264", crf=25))
        >>> len(coded), coded[0].shape
        (3, (64, 64, 3))
    """
    coded = list(stream_through(frames, settings))
    if not coded:
        raise ValueError("encode_decode got no frames; give it at least one")
    return coded


def stream_through(
    frames: Iterable[np.ndarray],
    settings: CodecSettings,
    watch: Callable[[Any, int, int], None] | None = None,
    types: list[str] | None = None,
) -> Iterator[np.ndarray]:
    """Compress frames one by one and yield what a viewer would see, in the same order.

    Only the frames that the codec looks ahead are in memory, so a clip may be long. Colours become
    BT.601 limited range, as ffmpeg does for untagged RGB, so even CRF 0 is about 52 dB from the
    input. With ``settings.threads == 1`` the result depends only on the input and the library
    versions. A size that the encoder does not take (odd with ``yuv420p``) is padded by repeating
    the edge and cropped back.

    Args:
        frames: ``uint8`` RGB frames of one size.
        settings: The encoder's settings.
        watch: Called with each ``av.Packet`` and the height and width of the coded picture.
        types: List to which the type of each frame is added, a letter of ``frame_type``.

    Raises:
        TypeError: A frame is not a ``uint8`` array.
        ValueError: A frame has a wrong shape or another size, or the encoder is not there.
        RuntimeError: The codec gave back another number of frames.

    Example:
        >>> frames = (np.full((64, 64, 3), level, np.uint8) for level in (0, 128, 255))
        >>> sum(1 for frame in stream_through(frames, CodecSettings(crf=25)))
        3
    """
    frames = checked_frames(frames)
    first = next(frames, None)
    if first is None:
        return
    height, width = first.shape[:2]
    coded_size = padded_size(height, width, settings)
    encoder, decoder = open_encoder(settings.codec), open_decoder(settings.codec)
    apply_settings(encoder, *coded_size, settings)
    decoder.thread_count = settings.threads
    num_in = num_out = 0

    def packets() -> Iterator[Any]:
        nonlocal num_in
        for frame in itertools.chain([first], frames):
            with cleared_memory():
                picture = rgb_to_yuv(_padded(frame, coded_size), settings.pix_fmt)
                picture.pts, picture.time_base = num_in, encoder.time_base
                coded = encoder.encode(picture)
            num_in += 1
            yield from coded
        with cleared_memory():
            coded = encoder.encode(None)
        yield from coded

    for packet in itertools.chain(packets(), [None]):
        if watch is not None and packet is not None:
            watch(packet, *coded_size)
        for picture in decoder.decode(packet):
            num_out += 1
            if types is not None:
                types.append(frame_type(picture))
            yield yuv_to_rgb(picture)[:height, :width]
    if num_out != num_in:
        raise RuntimeError(
            f"{settings.codec} returned {num_out} frames for {num_in}; please report this with the "
            "settings and the frame size"
        )


def _padded(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    pad = [(0, size[0] - frame.shape[0]), (0, size[1] - frame.shape[1]), (0, 0)]
    return np.pad(frame, pad, mode="edge")
