"""From a ground-truth frame to a low-resolution one, and the bicubic floor back.

``comisr`` is the paper's Sec. IV-A (COMISR's recipe): Gaussian blur of sigma 1.5, then every
``scale``-th pixel from the first. The LR pixel (i, j) therefore sits on the HR pixel
(scale i, scale j), and not in the middle of its block as the usual centre-aligned resize assumes.
"""

from collections.abc import Callable

import cv2
import numpy as np

from fca2_plugin._suggest import check_choice

__all__ = ["DOWNSAMPLERS", "bicubic_upsample", "crop_to_multiple", "downsample"]

COMISR_SIGMA = 1.5  # Sec. IV-A
CUBIC_A = -0.5  # Keys' kernel, as in MATLAB; OpenCV's has -0.75


def _check_scale(scale: int) -> None:
    if not isinstance(scale, int) or scale < 1:
        raise ValueError(f"scale must be a whole number from 1, got {scale!r}")


def _comisr(frame: np.ndarray, scale: int) -> np.ndarray:
    # (0, 0): OpenCV derives the kernel size from sigma, 11x11 for uint8
    return np.ascontiguousarray(cv2.GaussianBlur(frame, (0, 0), COMISR_SIGMA)[::scale, ::scale])


def _none(frame: np.ndarray, scale: int) -> np.ndarray:
    if scale != 1:
        raise ValueError(f"kind 'none' keeps the size, so scale must be 1, got {scale}")
    return frame.copy()


DOWNSAMPLERS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "comisr": _comisr,
    "none": _none,
}


def crop_to_multiple(frame: np.ndarray, scale: int) -> np.ndarray:
    """Cut rows and columns off the end until both sides are multiples of ``scale``.

    Raises:
        ValueError: The frame is smaller than ``scale``.
    """
    _check_scale(scale)
    height, width = frame.shape[:2]
    if min(height, width) < scale:
        raise ValueError(
            f"a frame of {width}x{height} is too small for scale {scale}; "
            "give larger frames or a smaller scale"
        )
    return np.ascontiguousarray(frame[: height - height % scale, : width - width % scale])


def downsample(frame: np.ndarray, scale: int = 4, kind: str = "comisr") -> np.ndarray:
    """Return the low-resolution frame.

    Args:
        frame: RGB, ``uint8``, both sides multiples of ``scale``.
        scale: How many times smaller.
        kind: A key of ``DOWNSAMPLERS``.

    Raises:
        ValueError: ``kind`` is unknown, or the size is not a multiple of ``scale``.
    """
    _check_scale(scale)
    check_choice("downsampling kind", kind, DOWNSAMPLERS)
    height, width = frame.shape[:2]
    if height % scale or width % scale:
        raise ValueError(
            f"a frame of {width}x{height} does not divide by scale {scale}; "
            "cut it with crop_to_multiple first"
        )
    return DOWNSAMPLERS[kind](frame, scale)


def bicubic_upsample(frame: np.ndarray, scale: int = 4, phase0: bool = True) -> np.ndarray:
    """Enlarge a frame by bicubic interpolation.

    Args:
        frame: RGB, ``uint8``.
        scale: How many times larger.
        phase0: ``True`` puts the LR pixel x on the HR pixel ``scale * x``, which is right for
            ``comisr`` data (a = -0.5, edges repeated). ``False`` is OpenCV's centre-aligned
            resize (a = -0.75), which is 1.5 pixels off on such data at scale 4.
    """
    _check_scale(scale)
    height, width = frame.shape[:2]
    if not phase0:
        return cv2.resize(frame, (width * scale, height * scale), interpolation=cv2.INTER_CUBIC)
    rows = _upsample_rows(frame.astype(np.float64), scale)
    both = _upsample_rows(rows.swapaxes(0, 1), scale).swapaxes(0, 1)
    return np.clip(np.rint(both), 0, 255).astype(np.uint8)


def _upsample_rows(image: np.ndarray, scale: int) -> np.ndarray:
    """Enlarge the first axis: output row ``scale * i + p`` lies at input row ``i + p / scale``."""
    length = image.shape[0]
    padded = np.pad(image, [(1, 2)] + [(0, 0)] * (image.ndim - 1), mode="edge")
    out = np.empty((length * scale, *image.shape[1:]))
    for phase in range(scale):
        weights = _cubic(np.arange(-1, 3) - phase / scale)
        out[phase::scale] = sum(w * padded[k : k + length] for k, w in enumerate(weights))
    return out


def _cubic(x: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution kernel (IEEE TASSP 1981)."""
    x, a = np.abs(x), CUBIC_A
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))
