"""Clips without a download: a camera moving over the photographs that scikit-image ships.

Texture and sub-pixel motion are real, and a super-resolution network learns from them. The clips
lack depth, moving objects and motion blur, so they replace real footage only for trying things out.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from fca2_plugin._optional import require
from fca2_plugin.data.source import ClipSource

__all__ = ["camera_clip", "demo_clips", "photo_names", "read_photo"]

# Files inside scikit-image's wheel; its other photographs would be downloaded. No photograph is in
# both lists, and motorcycle_right, the other eye of motorcycle_left, is in neither.
PHOTOS = {
    "train": (
        "astronaut.png",
        "coffee.png",
        "brick.png",
        "rocket.jpg",
        "grass.png",
        "coins.png",
        "gravel.png",
        "hubble_deep_field.jpg",
    ),
    "test": ("motorcycle_left.png", "chelsea.png", "camera.png"),
}
MAX_SPEED = 3.0  # HR pixels a frame: a hand-held pan at a high frame rate
PAN_SHARE, TURN_SHARE, ZOOM_SHARE = 0.6, 0.2, 0.2  # of max_speed, at the frame's corner
PERIODS = (40.0, 80.0)  # frames of one sway
SHRINK = (1.25, 1.75)  # photograph pixels per HR pixel: hides the photograph's own blur
OVERSAMPLING = 2  # above SHRINK, so that the resampling does not alias
MARGIN = 3  # photograph pixels that the interpolation reaches beyond the view


def photo_names(split: str | None = None) -> tuple[str, ...]:
    """Return the names of the photographs: all, or those of ``train`` or ``test``.

    Example:
        >>> "chelsea.png" in photo_names()
        True
    """
    return PHOTOS[split] if split else PHOTOS["train"] + PHOTOS["test"]


def read_photo(name: str) -> np.ndarray:
    """Read one of ``photo_names()`` as RGB; grey ones get three equal channels.

    Raises:
        FileNotFoundError: The installed scikit-image does not contain it.

    Example:
        >>> read_photo("chelsea.png").dtype
        dtype('uint8')
    """
    path = Path(require("skimage.data", "quickstart").__path__[0]) / name
    if not path.is_file():
        raise FileNotFoundError(
            f"this scikit-image does not contain the photograph {name}; install scikit-image 0.24, "
            "or use your own video"
        )
    with Image.open(path) as image:  # OpenCV would warn of two old colour profiles
        return np.array(image.convert("RGB"))


def camera_clip(
    photo: np.ndarray,
    num_frames: int,
    size: tuple[int, int],
    rng: np.random.Generator,
    max_speed: float = MAX_SPEED,
) -> list[np.ndarray]:
    """Film a photograph with a swaying camera: smooth pan, slight turn and zoom, all sub-pixel.

    Each of them is a slow sine of its own period. The photograph is reduced by 1.25 to 1.75 where
    it is large enough, filmed at twice the size, and averaged down, so the frames are as sharp as
    their pixels allow and do not alias. The view never leaves the photograph; where the motion
    would, it is halved once or twice.

    Args:
        photo: ``uint8`` RGB.
        num_frames: Frames of the clip.
        size: Height and width of a frame.
        rng: Draws the path; the same state gives the same clip.
        max_speed: Upper limit for the motion of any point, in pixels for each frame.

    Raises:
        ValueError: The photograph is too small for such frames, or a number is out of range.

    Example:
        >>> photo = np.zeros((200, 300, 3), np.uint8)
        >>> clip = camera_clip(photo, 3, (48, 64), np.random.default_rng(0))
        >>> len(clip), clip[0].shape
        (3, (48, 64, 3))
    """
    height, width = size
    if num_frames < 1 or min(size) < 1 or max_speed < 0:
        raise ValueError(
            "camera_clip needs num_frames and sides of at least 1 and max_speed of at least 0, "
            f"got num_frames={num_frames}, size={size}, max_speed={max_speed}"
        )
    motion = _sway(num_frames, np.hypot(height, width) / 2, rng, max_speed)
    room = np.array([photo.shape[1], photo.shape[0]]) - 2 * MARGIN
    for gentler in (1, 0.5, 0.25):
        low, high = _extent(motion * gentler, size)
        largest = float((room / (high - low)).min())
        if largest >= 1:
            break
    else:
        raise ValueError(
            f"a photograph of {photo.shape[1]}x{photo.shape[0]} is too small for moving frames of "
            f"{width}x{height}; use smaller frames"
        )
    shrink = rng.uniform(min(SHRINK[0], largest), min(SHRINK[1], largest))
    start = MARGIN - shrink * low + rng.random(2) * (room - shrink * (high - low))
    return [_film(photo, view, start, shrink, size) for view in motion * gentler]


def _sway(num_frames: int, radius: float, rng: np.random.Generator, max_speed: float) -> np.ndarray:
    """Return each frame's (x, y, angle, log zoom) as slow sines within the speed limit."""
    direction = rng.uniform(0, 2 * np.pi)
    pan = max_speed * PAN_SHARE * rng.uniform(0.5, 1)
    peak = np.array(  # highest change a frame
        [
            pan * np.cos(direction),
            pan * np.sin(direction),
            max_speed * TURN_SHARE / radius * rng.uniform(-1, 1),
            max_speed * ZOOM_SHARE / radius * rng.uniform(-1, 1),
        ]
    )
    period = rng.uniform(*PERIODS, size=4)
    phase = rng.uniform(0, 2 * np.pi, size=4)
    time = np.arange(num_frames)[:, None]
    path = peak * period / (2 * np.pi) * np.sin(2 * np.pi * time / period + phase)
    return path - path.mean(axis=0)


def _matrix(view: np.ndarray) -> np.ndarray:
    """Return the 2x2 matrix of a view's turn and zoom."""
    cos, sin = np.cos(view[2]), np.sin(view[2])
    return np.exp(view[3]) * np.array([[cos, -sin], [sin, cos]])


def _extent(motion: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest (x, y) that any frame's corner reaches from the centre."""
    half = np.array([size[1], size[0]]) / 2
    signs = np.array(list(itertools.product((-1, 1), repeat=2)))
    corners = np.stack([(signs * half) @ _matrix(view).T + view[:2] for view in motion])
    return corners.min(axis=(0, 1)), corners.max(axis=(0, 1))


def _film(
    photo: np.ndarray, view: np.ndarray, start: np.ndarray, shrink: float, size: tuple[int, int]
) -> np.ndarray:
    """Render one view: oversampled bicubic interpolation, then an average over each pixel."""
    height, width = size
    # pixel (u, v) of the oversampled frame -> centred frame coordinates -> photograph
    turn = shrink * _matrix(view)
    to_frame = turn / OVERSAMPLING
    centre = (np.array([width, height]) - 1 / OVERSAMPLING) / 2
    shift = start + shrink * view[:2] - 0.5 - turn @ centre
    large = cv2.warpAffine(
        photo,
        np.column_stack([to_frame, shift]),
        (width * OVERSAMPLING, height * OVERSAMPLING),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)


def demo_clips(
    num_train: int, num_test: int, num_frames: int, size: tuple[int, int], seed: int = 0
) -> ClipSource:
    """Return clips over the shipped photographs, with different photographs in train and test.

    Clip i of a split is the same whatever the other numbers are.

    Args:
        num_train: Clips for training.
        num_test: Held-out clips.
        num_frames: Frames of a clip.
        size: Height and width of a frame; up to about 220 every photograph is large enough.
        seed: Seed of all camera paths.

    Raises:
        ValueError: A number is negative, or there is no clip to make.

    Example:
        >>> clips = demo_clips(num_train=2, num_test=1, num_frames=3, size=(64, 64))
        >>> [split for split, name, frames in clips]
        ['train', 'train', 'test']
    """
    counts = {"train": num_train, "test": num_test}
    if min(counts.values()) < 0 or not any(counts.values()):
        raise ValueError(f"demo_clips needs at least one clip, got {num_train} and {num_test}")

    def make() -> Iterator[tuple[str, str, list[np.ndarray]]]:
        for part, (split, count) in enumerate(counts.items()):
            names = photo_names(split)
            for index in range(count):
                photo = names[index % len(names)]
                rng = np.random.default_rng([seed, part, index])
                frames = camera_clip(read_photo(photo), num_frames, size, rng)
                yield split, f"{index:04d}_{Path(photo).stem}", frames

    recipe = {
        "kind": "camera motion over photographs",
        "photos": {split: list(photo_names(split)) for split in counts},
        "num_clips": counts,
        "num_frames": num_frames,
        "size": list(size),
        "seed": seed,
    }
    return ClipSource(recipe, make, lambda: sum(counts.values()))
