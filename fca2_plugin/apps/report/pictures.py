"""Pictures a report shows: a frame by several methods, a column over time, codes and frames."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np

__all__ = ["CodesPicture", "Comparison", "TemporalProfile", "busiest_crop", "codes_picture"]

CROP_FRACTION = 3  # the crop's side is the frame's shorter side over this, within:
CROP_SIDES = (32, 128)


@dataclass(frozen=True)
class Comparison:
    """One frame as several methods show it.

    Args:
        title: The line above the picture.
        columns: Whole frames by label, uint8 RGB (h, w, 3), in the order shown: the input first,
            the best method last but one, the ground truth last. A frame smaller than the ground
            truth by a whole factor is shown enlarged with its pixels visible.

    Raises:
        ValueError: A frame of a size that does not divide the ground truth's.
    """

    title: str
    columns: Mapping[str, np.ndarray]

    def __post_init__(self) -> None:
        height, width = self.truth.shape[:2]
        for name, frame in self.columns.items():
            h, w = frame.shape[:2]
            if height % h or width % w or height // h != width // w:
                raise ValueError(
                    f"column {name!r} of {self.title!r} has {h}x{w} pixels and the ground truth "
                    f"{height}x{width}; expected the same size or a whole fraction of it"
                )

    @property
    def truth(self) -> np.ndarray:
        """The last column."""
        return list(self.columns.values())[-1]

    @cached_property
    def window(self) -> tuple[int, int, int, int]:
        """What is shown enlarged (y, x, height, width), in the ground truth's pixels."""
        return busiest_crop(self.truth)

    def crops(self) -> dict[str, np.ndarray]:
        """The window of every column, in the ground truth's pixels."""
        y, x, h, w = self.window
        cut = {}
        for name, frame in self.columns.items():
            factor = self.truth.shape[0] // frame.shape[0]
            full = frame.repeat(factor, axis=0).repeat(factor, axis=1)
            cut[name] = full[y : y + h, x : x + w]
        return cut


@dataclass(frozen=True)
class CodesPicture:
    """Code frames beside the frames they hold (Fig. 8).

    Args:
        title: The line above the picture.
        frames: The clip, uint8 RGB (h, w, 3).
        codes: One picture per code, uint8 RGB.
        holds: For every code the indices of its frames.
    """

    title: str
    frames: Sequence[np.ndarray]
    codes: Sequence[np.ndarray]
    holds: Sequence[Sequence[int]]


@dataclass(frozen=True)
class TemporalProfile:
    """One column of pixels over time as several methods show it (Fig. 7).

    Args:
        title: The line above the picture.
        strips: By label, uint8 RGB (rows, frames, 3).
    """

    title: str
    strips: Mapping[str, np.ndarray]

    @staticmethod
    def strip(frames: Iterable[np.ndarray], column: int, rows: slice, height: int) -> np.ndarray:
        """The column of every frame; ``column`` and ``rows`` count in a frame of ``height``."""
        columns = []
        for frame in frames:
            factor = height // frame.shape[0]
            full = frame[:, column // factor].repeat(factor, axis=0)
            columns.append(full[rows])
        return np.stack(columns, axis=1)


def codes_picture(title: str, network: Any, frames: Sequence[np.ndarray]) -> CodesPicture:
    """The codes of a clip's first chunk, each beside the frames of its group.

    Args:
        title: The line above the picture.
        network: FCA² with an autoencoder.
        frames: Of the clip, uint8 RGB.
    """
    # seconds to import, and only networks need them
    import torch

    from fca2_plugin.inference.run import to_clip, to_frames

    chunk = frames[: network.chunk_frames]
    with torch.inference_mode():
        clean = network.clean(to_clip(chunk, next(network.parameters()).device))
        groups = network.plan(clean)
        codes = network.encode(clean, groups).images
    holds = [sorted((group.key, *group.members)) for group in groups]
    return CodesPicture(title, chunk, to_frames(codes), holds)


def busiest_crop(frame: np.ndarray) -> tuple[int, int, int, int]:
    """The square window of ``frame`` with the most gradient energy, where methods differ most."""
    height, width = frame.shape[:2]
    side = min(height, width)
    side = min(side, max(CROP_SIDES[0], min(CROP_SIDES[1], side // CROP_FRACTION)))
    gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float64)
    energy = cv2.Sobel(gray, cv2.CV_64F, 1, 0) ** 2 + cv2.Sobel(gray, cv2.CV_64F, 0, 1) ** 2
    total = cv2.integral(energy)  # (height + 1, width + 1)
    windows = total[side:, side:] - total[:-side, side:] - total[side:, :-side]
    windows += total[:-side, :-side]
    y, x = np.unravel_index(windows.argmax(), windows.shape)
    return int(y), int(x), side, side
