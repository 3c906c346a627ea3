"""A result as numbered images."""

import re
from dataclasses import replace
from pathlib import Path

from PIL import Image

from fca2_plugin._files import check_writable, file_at_once
from fca2_plugin.apps.upscale.options import UpscaleOptions
from fca2_plugin.codec import read_video

__all__ = ["is_numbered", "lossless", "write_images"]

_NUMBER = re.compile(r"%0?\d*d")


def is_numbered(out: Path) -> bool:
    """Whether a name stands for many images: ``frames/%05d.png``.

    Raises:
        ValueError: It ends as an image does and has no number.
    """
    if out.suffix.lower() != ".png":
        return False
    if len(_NUMBER.findall(out.name)) != 1:
        raise ValueError(
            f"{out} is the name of a single image; use numbered names such as "
            f"{out.with_name('%06d.png')}, or write one frame with --still"
        )
    return True


def lossless(out: Path, options: UpscaleOptions, make: bool = True) -> tuple[Path, UpscaleOptions]:
    """The video that the images are made of, and the options that lose nothing of it.

    Args:
        out: The images' name.
        options: The user's.
        make: Whether to make their folder.

    Raises:
        ValueError: The first image is there already.
    """
    if Path(str(out) % 1).exists() and not (options.overwrite or options.resume):
        raise ValueError(f"{Path(str(out) % 1)} already exists; replace it with --overwrite")
    check_writable(out, make)
    options = replace(
        options,
        codec="ffv1",
        pix_fmt="gbrp10le",  # FFV1 has no planes of 8 bits
        crf=None,
        encoder_preset=None,
        encoder_options={},
        drop_unsupported=True,
    )
    return out.with_name(f".{out.name.replace('%', '')}.mkv"), options


def write_images(video: Path, out: Path) -> int:
    """Write a video's frames, the first as number 1, and return how many there are."""
    count = 0
    for count, frame in enumerate(read_video(video), start=1):
        with file_at_once(Path(str(out) % count)) as part:
            Image.fromarray(frame).save(part, format="PNG")
    video.unlink()
    return count
