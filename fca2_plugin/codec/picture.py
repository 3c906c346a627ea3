"""Pictures as planes of numbers, of any bit depth and chroma format, with their colour tags.

PyAV's own conversion to RGB knows 8 bits and no BT.2020, and rounds; here the samples come out as
they are stored, and go back so.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fca2_plugin._optional import require
from fca2_plugin.codec.colors import FULL, ColorTags
from fca2_plugin.codec.frames import reformat

__all__ = [
    "PixelFormat",
    "Picture",
    "from_picture",
    "read_tags",
    "to_picture",
]

_SIDE = 64  # of a picture that is described


@dataclass(frozen=True)
class PixelFormat:
    """How planes are laid out.

    Args:
        name: FFmpeg's name of planes of one sample each, 8 bits or more in 16-bit words.
        bits: Of a sample.
        step_x: Pixels in a row that share a chroma sample; 0 where there is no chroma.
        step_y: Pixels in a column that do.
        is_rgb: Whether the planes are G, B and R.
    """

    name: str
    bits: int
    step_x: int
    step_y: int
    is_rgb: bool = False

    @classmethod
    def of(cls, name: str) -> "PixelFormat":
        """Describe a planar format.

        Raises:
            ValueError: FFmpeg has no such format, or it is not planar.
        """
        av = require("av", "video")
        try:
            found = av.VideoFormat(name, _SIDE, _SIDE)
        except ValueError as error:
            raise ValueError(f"unknown pixel format {name!r}; expected yuv420p, ...") from error
        parts = [part for part in found.components if not part.is_alpha]
        if _planar_name(found) != name:
            raise ValueError(
                f"pixel format {name!r} does not store Y, U and V in separate planes; expected "
                "yuv420p, yuv420p10le, yuv444p, ..."
            )
        chroma = parts[1] if len(parts) > 1 else None
        step_x, step_y = (_SIDE // chroma.width, _SIDE // chroma.height) if chroma else (0, 0)
        return cls(name, parts[0].bits, step_x, step_y, found.is_rgb)

    def chroma_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of U and V, rounded up."""
        return -(-height // self.step_y), -(-width // self.step_x)

    def accepts(self, height: int, width: int) -> bool:
        """Whether every chroma sample stands for whole pixels."""
        return not self.step_x or not (height % self.step_y or width % self.step_x)


@dataclass(frozen=True)
class Picture:
    """The planes of a frame: Y; Y, U and V; or G, B and R.

    Args:
        planes: ``uint8``, or ``uint16`` for more bits.
        format: What they are.
    """

    planes: tuple[np.ndarray, ...]
    format: PixelFormat

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.planes[0].shape
        return height, width

    def cropped(self, top: int, left: int, height: int, width: int) -> "Picture":
        """A part of it, which begins at whole chroma samples."""
        if (height, width) == self.size:
            return self
        y, x = (1, 1) if self.format.is_rgb else (self.format.step_y, self.format.step_x)
        planes = [self.planes[0][top : top + height, left : left + width]]
        for plane in self.planes[1:]:
            rows, columns = (
                slice(top // y, -(-(top + height) // y)),
                slice(left // x, -(-(left + width) // x)),
            )
            planes.append(plane[rows, columns])
        return Picture(tuple(map(np.ascontiguousarray, planes)), self.format)


def read_tags(frame: Any, stream: Any) -> ColorTags:
    """What the colours of a decoded frame mean, by its own tags or else its stream's."""
    context = stream.codec_context
    full = frame.format.name.startswith(("yuvj", "gray", "ya"))  # as FFmpeg takes them
    return ColorTags(
        matrix=int(frame.colorspace),
        range=FULL if full else int(frame.color_range),
        primaries=int(context.color_primaries),
        transfer=int(context.color_trc),
    )


def planar_format(name: str) -> PixelFormat:
    """In which format ``to_picture`` returns pictures that a decoder returns in this one.

    Raises:
        ValueError: The pixel format is of a kind that is not known here.
    """
    found = _planar_name(require("av", "video").VideoFormat(name, _SIDE, _SIDE))
    if found is None:
        raise ValueError(
            f"pictures in the pixel format {name} cannot be read; convert the video to yuv420p or "
            "yuv444p first"
        )
    return PixelFormat.of(found)


def to_picture(frame: Any) -> Picture:
    """Copy the samples of a decoded ``av.VideoFrame``; alpha is left out.

    Raises:
        ValueError: The pixel format is of a kind that is not known here.
    """
    pixels = planar_format(frame.format.name)
    if frame.format.name.replace("yuvj", "yuv").replace("yuva", "yuv") != pixels.name:
        frame = reformat(frame, format=pixels.name)  # the same samples in another order
    count = 3 if pixels.step_x else 1
    return Picture(tuple(_samples(frame.planes[i], pixels) for i in range(count)), pixels)


def from_picture(picture: Picture) -> Any:
    """Copy planes into a new ``av.VideoFrame``."""
    av = require("av", "video")
    height, width = picture.size
    frame = av.VideoFrame(width, height, picture.format.name)
    for plane, samples in zip(frame.planes, picture.planes, strict=True):
        _stored(plane, samples.dtype)[:, : samples.shape[1]] = samples
    return frame


def _samples(plane: Any, pixels: PixelFormat) -> np.ndarray:
    dtype = np.uint8 if pixels.bits == 8 else np.uint16
    return _stored(plane, dtype)[:, : plane.width].copy()


def _stored(plane: Any, dtype: type | np.dtype) -> np.ndarray:
    """The plane's memory, whose rows may be longer than the picture is wide."""
    rows = np.frombuffer(plane, dtype)
    length = plane.line_size // np.dtype(dtype).itemsize
    return rows[: plane.height * length].reshape(plane.height, length)


def _planar_name(given: Any) -> str | None:
    """The planar format that has the samples of ``given``; None if there is none."""
    parts = [part for part in given.components if not part.is_alpha]
    bits = parts[0].bits
    depth = f"{bits}le" if bits > 8 else ""
    if given.is_rgb or given.has_palette:
        return f"gbrp{depth}"
    if len(parts) == 1:
        return f"gray{depth}"
    if given.name.startswith("xyz"):
        return None
    chroma = parts[1]
    steps = {(1, 1): 444, (2, 1): 422, (2, 2): 420, (1, 2): 440, (4, 1): 411, (4, 4): 410}
    step = -(-given.width // chroma.width), -(-given.height // chroma.height)
    return f"yuv{steps[step]}p{depth}" if step in steps else None
