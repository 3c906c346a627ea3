"""Raw video as the MFQE 2.0 data set has it: 8-bit YUV 4:2:0, the shape in the file's name.

``Name_WxH_N.yuv`` holds N frames, each the Y plane of W x H bytes and then U and V of a quarter.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fca2_plugin.codec.colors import BT601, LIMITED
from fca2_plugin.codec.frames import reformat
from fca2_plugin.codec.picture import to_picture
from fca2_plugin.codec.video import clip_pictures

__all__ = ["Planes", "YuvFile", "video_planes", "write_yuv"]

Planes = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Y (h, w), U and V (ceil(h/2), ceil(w/2)), all ``uint8``."""

GREY = 128  # of chroma, where a frame is luma alone
_NAME = re.compile(r"(?P<name>.+)_(?P<w>[1-9]\d*)x(?P<h>[1-9]\d*)_(?P<n>[1-9]\d*)\.yuv")
_SIZE = re.compile(r"(?P<name>.+?)_(?P<w>[1-9]\d*)x(?P<h>[1-9]\d*)(?!\d)")
_KEPT = ("yuv420p", "yuvj420p")  # j: full range; the bytes are laid out the same


class YuvFile:
    """One raw file, read-only and mapped into memory at the first look at its pixels.

    Planes are views of the file, so nothing is read before it is used and nothing is copied. An
    object may go to other processes: a forked one shares the mapping, a pickled one opens its own.

    Args:
        path: ``Name_WxH_N.yuv``.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The name does not say the shape, or the size of the file does not fit it.

    Example:
        >>> raw = write_yuv(".", "grey", [np.full((32, 32), 128, np.uint8)] * 3)
        >>> Path(raw.path).name, len(raw)
        ('grey_32x32_3.yuv', 3)
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f"there is no raw video {self.path}")
        size = self.path.stat().st_size
        match = _NAME.fullmatch(self.path.name)
        if match is None:
            raise ValueError(
                f"{self.path} is not named Name_WxH_N.yuv, so its shape is unknown; "
                + _suggestion(self.path.name, size)
            )
        self.name = match["name"]
        self.width, self.height, self.num_frames = (int(match[key]) for key in "whn")
        self._planes = _frame_type(self.width, self.height)
        if size != self.num_frames * self.frame_bytes:
            frames = size / self.frame_bytes
            fits = f"it would fit {frames:.10g} frames"
            if frames.is_integer() and frames:
                fits += f", as {yuv_name(self.name, self.width, self.height, int(frames))}"
            raise ValueError(
                f"{self.path} contains {size} bytes, but {self.num_frames} frames of "
                f"{self.width}x{self.height}, as its name says, have "
                f"{self.num_frames * self.frame_bytes} bytes; {fits}"
            )
        self._map: np.ndarray | None = None

    def __len__(self) -> int:
        return self.num_frames

    def __repr__(self) -> str:
        return f"YuvFile({str(self.path)!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_map": None}

    @property
    def frame_bytes(self) -> int:
        """The bytes of a frame."""
        return self._planes.itemsize

    @property
    def luma(self) -> np.ndarray:
        """All Y planes, (n, h, w) ``uint8``; slice it as you like."""
        return self._mapped("y")

    def frame(self, index: int) -> Planes:
        """Return the planes of one frame."""
        return self.luma[index], self._mapped("u")[index], self._mapped("v")[index]

    def frames(self) -> Iterator[Planes]:
        """Yield the planes of each frame."""
        return map(self.frame, range(self.num_frames))

    def _mapped(self, plane: str) -> np.ndarray:
        """View the same plane of all frames."""
        if self._map is None:
            self._map = np.memmap(self.path, self._planes, "r")
        return self._map[plane].view(np.ndarray)


def _half(side: int) -> int:
    return -(-side // 2)


def _frame_type(width: int, height: int) -> np.dtype:
    chroma = _half(height), _half(width)
    return np.dtype([("y", "u1", (height, width)), ("u", "u1", chroma), ("v", "u1", chroma)])


def yuv_name(name: str, width: int, height: int, num_frames: int) -> str:
    """Return the file name of a clip."""
    return f"{name}_{width}x{height}_{num_frames}.yuv"


def _suggestion(file_name: str, size: int) -> str:
    """Say how a file should be called, from the size that its name may hold."""
    match = _SIZE.match(file_name)
    if match is not None:
        width, height = int(match["w"]), int(match["h"])
        count, rest = divmod(size, _frame_type(width, height).itemsize)
        if count and not rest:
            return f"it would fit {yuv_name(match['name'], width, height, count)}"
    return "rename it, for example to BasketballPass_416x240_500.yuv"


def write_yuv(
    folder: str | os.PathLike, name: str, frames: Iterable[Planes | np.ndarray]
) -> YuvFile:
    """Write frames as ``folder/Name_WxH_N.yuv``; the file appears when it is complete.

    Args:
        folder: An existing folder.
        name: The clip's name without its shape.
        frames: (Y, U, V), or Y alone, which gets grey chroma. They may come one at a time.

    Raises:
        FileNotFoundError: The folder does not exist.
        TypeError: A plane is not a ``uint8`` array.
        ValueError: There are no frames, their shapes are not of 4:2:0 or differ, or the name
            cannot be a file's.

    Example:
        >>> raw = write_yuv(".", "grey", [np.full((32, 32), 128, np.uint8)] * 3)
        >>> raw.num_frames
        3
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder} to write {name} to")
    if not name or "/" in name or name.startswith("."):
        raise ValueError(f"{name!r} cannot be the name of a raw video; use letters and digits")
    temporary = folder / f".{name}.{os.getpid()}.part"
    size, count = None, 0
    try:
        with temporary.open("wb") as file:
            for count, frame in enumerate(frames, start=1):
                planes = _checked_planes(frame, count - 1)
                size = size or planes[0].shape
                if planes[0].shape != size:
                    raise ValueError(
                        f"frame {count - 1} of {name} is {_wxh(planes[0].shape)}, but frame 0 is "
                        f"{_wxh(size)}; all frames of a raw video must have one size"
                    )
                for plane in planes:
                    file.write(np.ascontiguousarray(plane).data)
        if size is None:
            raise ValueError(f"there are no frames to write to {folder / name}")
        path = folder / yuv_name(name, size[1], size[0], count)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return YuvFile(path)


def _wxh(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, reversed(shape)))


def _checked_planes(frame: Planes | np.ndarray, index: int) -> Planes:
    planes = (frame,) if isinstance(frame, np.ndarray) else tuple(frame)
    for plane in planes:
        if not isinstance(plane, np.ndarray) or plane.dtype != np.uint8:
            got = getattr(plane, "dtype", type(plane).__name__)
            raise TypeError(f"the planes of frame {index} must be numpy uint8 arrays, got {got}")
    shapes = [plane.shape for plane in planes]
    if len(shapes[0]) == 2 and 0 not in shapes[0]:
        half = (_half(shapes[0][0]), _half(shapes[0][1]))
        if len(planes) == 1:
            grey = np.full(half, GREY, np.uint8)
            return planes[0], grey, grey
        if shapes[1:] == [half, half]:
            return planes[0], planes[1], planes[2]
    raise ValueError(
        f"frame {index} must be Y (h, w) alone, or with U and V of half its sides, got {shapes}"
    )


def video_planes(path: str | os.PathLike, max_frames: int | None = None) -> Iterator[Planes]:
    """Yield the planes of any video, in display order.

    8-bit 4:2:0 is passed on as it was coded, in its own matrix and range. Other YUV keeps those
    too, and is brought to 4:2:0 and 8 bit by a bicubic filter; RGB becomes BT.601 in limited range.

    Args:
        path: The video file.
        max_frames: Stop after this many frames.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: See ``read_video``.

    Example:
        >>> y, u, v = next(video_planes("in.mp4"))
        >>> y.shape, u.shape
        ((32, 40), (16, 20))
    """
    return map(_planes_of, clip_pictures(path, max_frames))


def _planes_of(picture: Any) -> Planes:
    if picture.format.name not in _KEPT:
        target: dict[str, Any] = {"format": "yuv420p", "interpolation": "BICUBIC"}
        if picture.format.is_rgb:
            target |= {"dst_colorspace": BT601, "dst_color_range": LIMITED}
        picture = reformat(picture, **target)
    y, u, v = to_picture(picture).planes
    return y, u, v
