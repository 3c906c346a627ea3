"""From a ground-truth frame to a low-resolution one, and the bicubic floor back.

Two data sets of the same clips can differ by more than a pixel, because each recipe puts the LR
pixels elsewhere. ``phase`` says where: the LR pixel i lies at the HR coordinate
``scale * i + phase``. A network trained on one phase is blurred or shifted on another.

    name     kernel                                     phase            where it comes from
    comisr   Gaussian, sigma 1.5, OpenCV's size         0                FCA² Sec. IV-A, COMISR
    bd       Gaussian, sigma 1.6, even 12x12            (scale - 1) / 2  MATLAB; BasicVSR, FTVSR
    duf      Gaussian, sigma 0.4 scale, 13x13           0                DUF, BasicSR
    bi       cubic, stretched by the scale              (scale - 1) / 2  MATLAB's imresize; REDS
    none     nothing, for scale 1                       0
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from fca2_plugin._suggest import check_choice

__all__ = [
    "DOWNSAMPLERS",
    "Downsampler",
    "bicubic_upsample",
    "crop_to_multiple",
    "downsample",
    "phase",
]

COMISR_SIGMA = 1.5  # Sec. IV-A
BD_SIGMA, BD_TAPS, BD_SCALE = 1.6, 12, 4
DUF_SIGMA, DUF_RADIUS = 0.4, 6  # sigma for each step of the scale: 1.6 at x4
CUBIC_A = -0.5  # Keys' kernel, as in MATLAB; OpenCV's has -0.75


@dataclass(frozen=True)
class Downsampler:
    """One way to make LR frames.

    Args:
        apply: Takes a frame and the scale, and returns the LR frame.
        centred: The LR pixel lies in the middle of its block, and not on the block's first pixel.
        scales: The scales for which it is defined; any by default.
    """

    apply: Callable[[np.ndarray, int], np.ndarray]
    centred: bool = False
    scales: tuple[int, ...] | None = None


def _check_scale(scale: int) -> None:
    if not isinstance(scale, int) or scale < 1:
        raise ValueError(f"scale must be a whole number from 1, got {scale!r}")


def _comisr(frame: np.ndarray, scale: int) -> np.ndarray:
    # (0, 0): OpenCV derives the kernel size from sigma, 11x11 for uint8
    return np.ascontiguousarray(cv2.GaussianBlur(frame, (0, 0), COMISR_SIGMA)[::scale, ::scale])


def _bd(frame: np.ndarray, scale: int) -> np.ndarray:
    # MATLAB's fspecial and imfilter: the middle of an even kernel lies half a pixel past the pixel
    # that it is written to, and rows 2:4:end begin at pixel 1, so LR pixel 0 sits at 1.5.
    offsets = np.arange(BD_TAPS) - (BD_TAPS - 1) / 2
    return _filter(frame, scale, _gaussian(offsets, BD_SIGMA), first=-4, border="edge")


def _duf(frame: np.ndarray, scale: int) -> np.ndarray:
    sigma = DUF_SIGMA * scale
    radius = min(int(4 * sigma + 0.5), DUF_RADIUS)  # where SciPy cuts a Gaussian
    weights = _gaussian(np.arange(-radius, radius + 1), sigma)
    return _filter(frame, scale, weights, first=-radius, border="reflect")


def _bi(frame: np.ndarray, scale: int) -> np.ndarray:
    first = int(np.floor((scale - 1) / 2 - 2 * scale)) + 1
    offsets = np.arange(first, first + 4 * scale) - (scale - 1) / 2
    weights = _cubic(offsets / scale)
    return _filter(frame, scale, weights / weights.sum(), first, border="symmetric")


def _none(frame: np.ndarray, scale: int) -> np.ndarray:
    return frame.copy()


DOWNSAMPLERS: dict[str, Downsampler] = {
    "comisr": Downsampler(_comisr),
    "bd": Downsampler(_bd, centred=True, scales=(BD_SCALE,)),
    "duf": Downsampler(_duf, scales=(2, 3, 4)),  # as in BasicSR
    "bi": Downsampler(_bi, centred=True),
    "none": Downsampler(_none, scales=(1,)),
}


def check_downsampler(kind: str, scale: int) -> None:
    """Refuse a name that is not in ``DOWNSAMPLERS``, or a scale that it does not have.

    Raises:
        ValueError: As said.
    """
    _check_scale(scale)
    scales = DOWNSAMPLERS[check_choice("downsampling kind", kind, DOWNSAMPLERS)].scales
    if scales is not None and scale not in scales:
        known = " or ".join(map(str, scales))
        raise ValueError(f"downsampling kind {kind!r} is defined for scale {known}, got {scale}")


def phase(kind: str, scale: int = 4) -> float:
    """Return the HR coordinate of LR pixel 0: 0, or the middle of its block.

    Raises:
        ValueError: ``kind`` is unknown, or is not defined for the scale.
    """
    check_downsampler(kind, scale)
    return (scale - 1) / 2 if DOWNSAMPLERS[kind].centred else 0.0


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
        ValueError: ``kind`` is unknown or not defined for the scale, or the size is not a multiple
            of ``scale``.
    """
    check_downsampler(kind, scale)
    height, width = frame.shape[:2]
    if height % scale or width % scale:
        raise ValueError(
            f"a frame of {width}x{height} does not divide by scale {scale}; "
            "cut it with crop_to_multiple first"
        )
    return DOWNSAMPLERS[kind].apply(frame, scale)


def bicubic_upsample(
    frame: np.ndarray, scale: int = 4, degradation: str | float = "comisr"
) -> np.ndarray:
    """Enlarge a frame by bicubic interpolation (a = -0.5, edges mirrored, as in MATLAB).

    Args:
        frame: RGB, ``uint8``.
        scale: How many times larger.
        degradation: What made the frame, a key of ``DOWNSAMPLERS``, or its phase in HR pixels. With
            the wrong one the result is shifted, by 1.5 pixels at scale 4.

    Raises:
        ValueError: The scale or the name is wrong, or the phase lies outside the first block.
    """
    _check_scale(scale)
    shift = phase(degradation, scale) if isinstance(degradation, str) else float(degradation)
    if not 0 <= shift < scale:
        raise ValueError(f"the phase must be from 0 to below the scale of {scale}, got {shift}")
    rows = _upsample_rows(frame.astype(np.float64), scale, shift)
    both = _upsample_rows(rows.swapaxes(0, 1), scale, shift).swapaxes(0, 1)
    return np.clip(np.rint(both), 0, 255).astype(np.uint8)


def _gaussian(offsets: np.ndarray, sigma: float) -> np.ndarray:
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    return weights / weights.sum()


def _filter(
    frame: np.ndarray, scale: int, weights: np.ndarray, first: int, border: str
) -> np.ndarray:
    """Filter both axes, keep every ``scale``-th pixel, and round as MATLAB does."""
    rows = _filter_rows(frame.astype(np.float64), scale, weights, first, border)
    both = _filter_rows(rows.swapaxes(0, 1), scale, weights, first, border).swapaxes(0, 1)
    return np.ascontiguousarray(np.floor(np.clip(both, 0, 255) + 0.5).astype(np.uint8))


def _filter_rows(
    image: np.ndarray, scale: int, weights: np.ndarray, first: int, border: str
) -> np.ndarray:
    """Return the sums ``out[i] = weights[k] * image[scale * i + first + k]`` of the first axis."""
    length = image.shape[0]
    after = max(0, first + len(weights) - scale)
    padded = np.pad(image, [(-first, after)] + [(0, 0)] * (image.ndim - 1), mode=border)
    return sum(w * padded[k : k + length : scale] for k, w in enumerate(weights))


def _upsample_rows(image: np.ndarray, scale: int, shift: float) -> np.ndarray:
    """Enlarge the first axis: output row ``y`` lies at input row ``(y - shift) / scale``."""
    length = image.shape[0]
    padded = np.pad(image, [(2, 2)] + [(0, 0)] * (image.ndim - 1), mode="symmetric")
    out = np.empty((length * scale, *image.shape[1:]))
    for step in range(scale):
        below, fraction = divmod((step - shift) / scale, 1)
        start = 1 + int(below)  # of the four rows around it, in the padded image
        weights = _cubic(np.arange(-1, 3) - fraction)
        out[step::scale] = sum(
            w * padded[start + k : start + k + length] for k, w in enumerate(weights)
        )
    return out


def _cubic(x: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution kernel (IEEE TASSP 1981)."""
    x, a = np.abs(x), CUBIC_A
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))
