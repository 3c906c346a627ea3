"""Files that are no videos, or no longer."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.apps.upscale.films import ffmpeg

__all__ = ["corrupt", "cut_off", "noise", "renamed", "song_with_cover"]

Make = Callable[[Path], object]


def cut_off(make: Make, share: float) -> Make:
    """Keep only the first part of the bytes."""

    def damaged(path: Path) -> None:
        make(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    return damaged


def corrupt(make: Make) -> Make:
    """Change bytes in the middle."""

    def damaged(path: Path) -> None:
        make(path)
        data = bytearray(path.read_bytes())
        middle = len(data) // 3
        random = np.random.default_rng(0).bytes(len(data) // 5)
        data[middle : middle + len(random)] = random
        path.write_bytes(data)

    return damaged


def renamed(make: Make, before: bytes, after: bytes) -> Make:
    """Put other bytes in the place of some."""

    def damaged(path: Path) -> None:
        make(path)
        path.write_bytes(path.read_bytes().replace(before, after))

    return damaged


def noise(path: Path) -> None:
    """Random bytes."""
    path.write_bytes(np.random.default_rng(0).bytes(20_000))


def song_with_cover(path: Path) -> None:
    """A picture, but no film."""
    cover = path.with_name(".cover.png")
    ffmpeg("-f", "lavfi", "-i", "color=red:size=20x20", "-frames:v", 1, cover)
    song = ("-f", "lavfi", "-i", "sine=duration=1", "-i", cover)
    ffmpeg(*song, "-map", 0, "-map", 1, "-c:v", "copy", "-disposition:v", "attached_pic", path)
