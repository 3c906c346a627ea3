"""Whether a picture lies beside its ground truth by a fraction of a pixel.

That happens where a network was trained on LQ pixels at another position in their blocks
(``fca2_plugin.geometry``), and it costs more than most networks gain.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np

from fca2_plugin.metrics.frames import mean_psnr

__all__ = ["Displacement", "find_displacement"]

_STEPS = np.arange(-2, 2.25, 0.5)  # pixels; both axes alike, as phases differ
_BORDER = 4  # pixels that a shift does not reach


class Displacement(NamedTuple):
    """Where a result would fit the ground truth better.

    Attributes:
        pixels: How far to move it right and down.
        gain_db: PSNR that this gains.
    """

    pixels: float
    gain_db: float


def find_displacement(sr: np.ndarray, gt: np.ndarray) -> Displacement:
    """Return the diagonal shift, of at most two pixels, that suits a frame best.

    Args:
        sr: A plane of the result, such as luma.
        gt: That plane of the ground truth, of the same size.
    """
    sr, gt = (plane.astype(np.float32) for plane in (sr, gt))
    inside = (slice(_BORDER, -_BORDER),) * 2
    if min(gt.shape) <= 2 * _BORDER:
        return Displacement(0.0, 0.0)
    found = {step: mean_psnr(_moved(sr, step)[inside], gt[inside], 255.0) for step in _STEPS}
    best = max(found, key=found.__getitem__)
    if math.isinf(found[0.0]) or best == 0:
        return Displacement(0.0, 0.0)
    return Displacement(float(best), float(found[best] - found[0.0]))


def _moved(plane: np.ndarray, pixels: float) -> np.ndarray:
    matrix = np.array([[1, 0, pixels], [0, 1, pixels]], np.float32)
    height, width = plane.shape
    return cv2.warpAffine(
        plane, matrix, (width, height), flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE
    )
