"""What image files say of themselves: only 8-bit RGB is read without a loss."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from fca2_plugin.data.clips import check_same_size

__all__ = ["check_images"]

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_COLOURS = {0: "grey", 3: "with a palette", 4: "grey with alpha", 6: "with alpha"}


def check_images(paths: Sequence[Path]) -> tuple[int, int]:
    """Return the (height, width) that all images share, from their headers.

    Raises:
        FileNotFoundError: A file is gone.
        ValueError: One is not an image, not 8-bit RGB, or of another size.
    """
    for path in paths:
        with path.open("rb") as file:
            header = file.read(32)
        if header.startswith(_PNG) and len(header) == 32:
            depth, colour = header[24], header[25]
            what = "16-bit" if depth == 16 else _PNG_COLOURS.get(colour)
        else:
            what = _other_than_rgb(path)
        if what is not None:
            raise ValueError(f"{path} is {what}; convert the clip to 8-bit RGB first")
    return check_same_size(paths)


def _other_than_rgb(path: Path) -> str | None:
    try:
        with Image.open(path) as image:
            return None if image.mode == "RGB" else f"in PIL's mode {image.mode}"
    except UnidentifiedImageError as error:
        raise ValueError(f"{path} is not an image that can be read") from error
