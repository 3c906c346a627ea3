"""The self-made clips that the tiny configs of both hosts train on."""

import os
from pathlib import Path

from fca2_plugin.data.build import MANIFEST, build_clips
from fca2_plugin.data.footage import demo_clips

__all__ = ["build_demo"]


def build_demo(
    root: str | os.PathLike,
    num_train: int = 24,
    num_test: int = 3,
    num_frames: int = 14,
    size: tuple[int, int] = (192, 192),
) -> Path:
    """Fill ``root`` with compressed clips: camera motion over real photographs.

    A folder that ``build_clips`` has filled before, from demo clips or a video, stays as it is.

    Args:
        root: Where the clips are, or will be.
        num_train: Clips for training.
        num_test: Held-out clips, over other photographs.
        num_frames: Frames of a clip.
        size: Height and width of a ground-truth frame.
    """
    root = Path(root)
    if not (root / MANIFEST).is_file():
        build_clips(demo_clips(num_train, num_test, num_frames, tuple(size)), root)
    return root
