"""Check the headers of image files: only upright 8-bit RGB can be read without loss."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

__all__ = ["check_images", "image_size", "size_differs"]

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_COLOURS = {0: "grey", 3: "with a palette", 4: "grey with alpha", 6: "with alpha"}
_MODES = {"L": "grey", "LA": "grey with alpha", "RGBA": "with alpha", "P": "with a palette"}
_ORIENTATION = 0x0112  # of EXIF; 1 is upright


def check_images(paths: Sequence[Path]) -> tuple[int, int]:
    """Return the (height, width) that all images of a clip share, from their headers.

    Raises:
        FileNotFoundError: A file is gone.
        ValueError: There are none, or one is not an image, not upright 8-bit RGB, or of another
            size.

    Example:
        >>> from fca2_plugin.data import write_frames
        >>> write_frames("one", [np.zeros((8, 16, 3), np.uint8)])
        1
        >>> check_images(list(Path("one").iterdir()))
        (8, 16)
    """
    if not paths:
        raise ValueError("a clip contains no images, so its size is unknown; fill it or remove it")
    first = image_size(paths[0])
    for path in paths[1:]:
        size = image_size(path)
        if size != first:
            raise ValueError(size_differs(path, size, paths[0].name, first))
    return first


def size_differs(name: object, size: Sequence[int], other: str, other_size: Sequence[int]) -> str:
    """Say that two images (height, width) of a clip differ in size."""
    return (
        f"{name} is {size[1]}x{size[0]}, but {other} of the same clip is "
        f"{other_size[1]}x{other_size[0]}; all frames of a clip must have one size"
    )


def image_size(file: Path | bytes | memoryview, name: object = None) -> tuple[int, int]:
    """Return an image's (height, width) from its header.

    Args:
        file: The file, or all its bytes.
        name: What messages call it; by default its path.

    Raises:
        FileNotFoundError: The file is gone.
        ValueError: It is not an image, or reading it as upright 8-bit RGB would change it.
    """
    name = file if name is None else name
    try:
        with open(file, "rb") if isinstance(file, Path) else io.BytesIO(file) as stream:
            header = stream.read(32)
            stream.seek(0)
            with Image.open(stream) as image:
                size, what = (image.height, image.width), _fault(header, image)
    except (FileNotFoundError, PermissionError):
        raise
    except Image.DecompressionBombError as error:
        raise ValueError(f"{name} is too large for a frame of video ({error})") from error
    except (OSError, ValueError, SyntaxError) as error:  # as PIL calls what is damaged
        if isinstance(file, Path) and file.is_dir():
            raise ValueError(f"{name} is a folder; expected an image") from error
        raise ValueError(f"{name} is not an image that can be read") from error
    if what is not None:
        raise ValueError(f"{name} is {what}; convert the clip to 8-bit RGB first")
    return size


def _fault(header: bytes, image: Image.Image) -> str | None:
    """Return why an image cannot be read without changes."""
    if header.startswith(_PNG):  # of 16 bits, PIL says RGB
        if header[24] == 16:
            return "16-bit"
        if header[25] in _PNG_COLOURS:
            return _PNG_COLOURS[header[25]]
    elif image.mode != "RGB":
        return _MODES.get(image.mode, f"in PIL's mode {image.mode}")
    if image.getexif().get(_ORIENTATION, 1) not in (0, 1):
        return "turned by its EXIF orientation, which some readers ignore"
    return None
