"""The self-made clips that the tiny configs of both hosts train on."""

import os
from pathlib import Path

import cv2
import numpy as np

from fca2_plugin.codec import write_yuv
from fca2_plugin.codec.yuv import Planes
from fca2_plugin.data.build import build_clips
from fca2_plugin.data.footage import demo_clips
from fca2_plugin.data.manifest import MANIFEST
from fca2_plugin.data.mfqe import RAW
from fca2_plugin.data.mfqe_build import STAND_IN, build_mfqe

__all__ = ["build_demo", "build_mfqe_demo"]

_SPLITS = ("train", "test")
DEMO_PRESET = "medium"  # of x265; the default takes several times longer


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
        root: Folder of the clips.
        num_train: Clips for training.
        num_test: Held-out clips, over other photographs.
        num_frames: Frames of a clip.
        size: Height and width of a ground-truth frame.

    Example:
        >>> root = build_demo("demo", num_train=1, num_test=1, num_frames=3, size=(64, 64))
        >>> sorted(path.name for path in root.iterdir() if path.is_dir())
        ['test', 'train']
    """
    root = Path(root)
    if not (root / MANIFEST).is_file():
        build_clips(demo_clips(num_train, num_test, num_frames, (size[0], size[1])), root)
    return root


def build_mfqe_demo(
    root: str | os.PathLike,
    num_train: int = 16,
    num_test: int = 3,
    num_frames: int = 12,
    size: tuple[int, int] = (192, 192),
    qp: int = 37,
) -> Path:
    """Fill ``root`` with the splits ``train`` and ``test`` of the MFQE 2.0 layout, coded by x265.

    The clips are those of ``build_demo``. A folder that was filled before stays as it is.

    Args:
        root: The tree.
        num_train: Clips for training.
        num_test: Held-out clips, over other photographs.
        num_frames: Frames of a clip.
        size: Height and width of a frame, even.
        qp: The QP of the coded videos.

    Raises:
        ValueError: An odd size, or an argument is out of range.

    Example:
        >>> root = build_mfqe_demo("demo", num_train=1, num_test=1, num_frames=3, size=(64, 64))
        >>> sorted(path.name for path in root.iterdir() if path.is_dir())
        ['test', 'train']
    """
    root, size = Path(root), (size[0], size[1])
    if any(side % 2 for side in size):
        raise ValueError(f"4:2:0 needs an even height and width, got {size[0]} and {size[1]}")
    done = [(root / split / STAND_IN / f"QP{qp}" / MANIFEST).is_file() for split in _SPLITS]
    if all(done):
        return root
    for split, name, frames in demo_clips(num_train, num_test, num_frames, size):
        folder = root / split / RAW
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.glob(f"{name}_*x*_*.yuv")):
            write_yuv(folder, name, map(_planes, frames))
    for split in _SPLITS:
        build_mfqe(root / split / RAW, root, split=split, qps=[qp], preset=DEMO_PRESET)
    return root


def _planes(frame: np.ndarray) -> Planes:
    """RGB to planes of 4:2:0, BT.601."""
    height, width = frame.shape[:2]
    packed = cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).ravel()
    luma, quarter = height * width, height * width // 4
    half = (height // 2, width // 2)
    return (
        packed[:luma].reshape(height, width),
        packed[luma : luma + quarter].reshape(half),
        packed[luma + quarter :].reshape(half),
    )
