"""Clips as folders of numbered images.

``root/<clip>/*.png``, nested one or two levels as in Vimeo-90K (``00001/0001/im1.png``). Names that
begin with a dot are skipped.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fca2_plugin._files import folder_at_once
from fca2_plugin.codec.frames import checked_frames
from fca2_plugin.data.images import check_images, image_size, size_differs
from fca2_plugin.data.numbering import check_numbering

__all__ = [
    "Clip",
    "clip_size",
    "decode_image",
    "encode_png",
    "find_clip",
    "find_clips",
    "images_of",
    "numeric_key",
    "read_frames",
    "stream_clip",
    "visible_entries",
    "write_frames",
]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")
PNG_LEVEL = 3  # half the time of OpenCV's default for a few percent more bytes
_MAX_DEPTH = 2


@dataclass(frozen=True)
class Clip:
    """A clip on disk.

    Args:
        name: Its folder below the root, with forward slashes.
        frames: The image files in order.

    Example:
        >>> write_frames("clips/one", [np.zeros((8, 8, 3), np.uint8)] * 2)
        2
        >>> find_clips("clips")[0].name
        'one'
    """

    name: str
    frames: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.frames)


def numeric_key(name: str) -> list[tuple[int, int, str]]:
    """Sort ``im2`` before ``im10``."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(p), p) if p.isdecimal() else (1, 0, p) for p in parts]


def visible_entries(folder: Path) -> list[Path]:
    """List a folder in numeric order, without the names that begin with a dot."""
    entries = (p for p in folder.iterdir() if not p.name.startswith("."))
    return sorted(entries, key=lambda path: numeric_key(path.name))


def images_of(entries: Iterable[Path]) -> tuple[Path, ...]:
    """Return the entries that are images by their names."""
    return tuple(path for path in entries if path.suffix.lower() in IMAGE_SUFFIXES)


def find_clips(root: str | os.PathLike) -> list[Clip]:
    """List the clips below ``root`` in numeric order. No image is opened.

    Raises:
        FileNotFoundError: The folder does not exist.
        ValueError: It contains no clips, a clip contains no images, there are images in the place
            of clips, or frames are missing from the numbering of a clip.

    Example:
        >>> write_frames("clips/one", [np.zeros((8, 8, 3), np.uint8)] * 2)
        2
        >>> [(clip.name, len(clip)) for clip in find_clips("clips")]
        [('one', 2)]
    """
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {root} to find clips in")
    clips = [
        clip for folder in visible_entries(root) if folder.is_dir() for clip in _walk(root, folder)
    ]
    if not clips:
        raise ValueError(f"{root} contains no clips; expected {root}/<clip>/*.png")
    return clips


def find_clip(root: str | os.PathLike, name: str) -> Clip:
    """Return the clip ``name`` below ``root``. No image is opened.

    Raises:
        FileNotFoundError: The clip does not exist.
        ValueError: It contains no images, or frames are missing from their numbering.
    """
    folder = Path(root) / name
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{root} contains no clip {name}; add it, or remove it from the list"
        )
    images = images_of(visible_entries(folder))
    if not images:
        raise ValueError(_no_images(folder))
    check_numbering(images)
    return Clip(name, images)


def _no_images(folder: Path) -> str:
    suffixes = ", ".join(IMAGE_SUFFIXES)
    return f"the clip {folder} contains no images ({suffixes}); fill it or remove it"


def _walk(root: Path, folder: Path, depth: int = 1) -> Iterator[Clip]:
    entries = visible_entries(folder)
    images = images_of(entries)
    folders = [p for p in entries if p.is_dir()]
    if images and folders:
        raise ValueError(
            f"{folder} contains both images and folders; keep each clip in a folder of its own"
        )
    if images:
        check_numbering(images)
        yield Clip(folder.relative_to(root).as_posix(), images)
    elif folders and depth < _MAX_DEPTH:
        for inner in folders:
            yield from _walk(root, inner, depth + 1)
    else:
        raise ValueError(_no_images(folder))


def clip_size(clip: Clip) -> tuple[int, int]:
    """Return a clip's (height, width), read by ``check_images``.

    Example:
        >>> write_frames("clips/one", [np.zeros((8, 16, 3), np.uint8)] * 2)
        2
        >>> clip_size(find_clips("clips")[0])
        (8, 16)
    """
    return check_images(clip.frames)


def read_frames(clip: Clip) -> list[np.ndarray]:
    """Read a clip.

    Raises:
        FileNotFoundError: A file is gone.
        ValueError: A file is not upright 8-bit RGB, or sizes differ.

    Example:
        >>> write_frames("clips/one", [np.zeros((8, 8, 3), np.uint8)] * 2)
        2
        >>> read_frames(find_clips("clips")[0])[0].shape
        (8, 8, 3)
    """
    return list(stream_clip(clip))


def stream_clip(clip: Clip) -> Iterator[np.ndarray]:
    """Yield a clip's frames, one in memory at a time."""
    first = None
    for path in clip.frames:
        # not imread, which neither raises nor takes every file name
        frame = decode_image(path.read_bytes(), path)
        first = first or frame.shape
        if frame.shape != first:
            raise ValueError(size_differs(path, frame.shape, clip.frames[0].name, first))
        yield frame


def decode_image(data: bytes | memoryview, name: object) -> np.ndarray:
    """Decode an image file to RGB.

    Raises:
        ValueError: It is not an image, or not upright 8-bit RGB; the message calls it ``name``.
    """
    image_size(data, name)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{name} is not an image that can be read")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def encode_png(frame: np.ndarray) -> bytes:
    """Return an RGB frame as a PNG file."""
    options = [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL]
    return cv2.imencode(".png", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), options)[1].tobytes()


def write_frames(
    folder: str | os.PathLike,
    frames: Iterable[np.ndarray],
    frame_name: Callable[[int], str] = "{:08d}".format,
) -> int:
    """Write frames as PNG and return their number.

    The folder appears under its name only when it is complete.

    Args:
        folder: A new folder.
        frames: ``uint8`` RGB frames of one size.
        frame_name: Names frame 0, 1, ...; ``00000000``, ``00000001``, ... by default.

    Raises:
        TypeError: A frame is not a ``uint8`` array.
        ValueError: The folder exists, there are no frames, or they differ in size.

    Example:
        >>> write_frames("clips/one", [np.zeros((8, 8, 3), np.uint8)] * 2)
        2
    """
    folder = Path(folder)
    if folder.exists():
        raise ValueError(f"{folder} already exists; remove it or choose another folder")
    with folder_at_once(folder) as temporary:
        count = 0
        for count, frame in enumerate(checked_frames(frames), start=1):
            (temporary / f"{frame_name(count - 1)}.png").write_bytes(encode_png(frame))
        if not count:
            raise ValueError(f"there are no frames to write to {folder}")
    return count
