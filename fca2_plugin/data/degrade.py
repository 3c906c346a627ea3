"""From a ground-truth frame to a low-resolution one, and the bicubic floor back.

Two data sets of the same clips can differ by more than a pixel, because each recipe puts the LR
pixels elsewhere: ``phase`` says where, in the words of ``fca2_plugin.geometry``.

::

    name       kernel                               phase     where it comes from
    gaussian   Gaussian, sigma 1.5, even 12x12      centred   the blur of FCA²'s paper, pixels as in
                                                              ordinary video: the default
    comisr     Gaussian, sigma 1.5, OpenCV's size   first     FCA² Sec. IV-A, COMISR
    bd         Gaussian, sigma 1.6, even 12x12      centred   MATLAB; BasicVSR, FTVSR
    duf        Gaussian, sigma 0.4 scale, 13x13     first     DUF, BasicSR
    bi         cubic, stretched by the scale        centred   MATLAB's imresize; REDS
    area       mean over the block                  centred   OpenCV's INTER_AREA; common scalers
    none       nothing, for scale 1                 centred
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from fca2_plugin._suggest import check_choice
from fca2_plugin.geometry import CENTRED, FIRST, offset

__all__ = [
    "DEFAULT_DEGRADATION",
    "DOWNSAMPLERS",
    "Downsampler",
    "bicubic_upsample",
    "crop_to_multiple",
    "downsample",
    "phase",
]

DEFAULT_DEGRADATION = "gaussian"
PAPER_SIGMA = 1.5  # Sec. IV-A
CENTRED_TAPS = 12  # even, so that the kernel's middle lies between two pixels
BD_SIGMA, BD_SCALE = 1.6, 4
DUF_SIGMA, DUF_RADIUS = 0.4, 6  # sigma for each step of the scale: 1.6 at x4
CUBIC_A = -0.5  # Keys' kernel, as in MATLAB; OpenCV's has -0.75

Border = Literal["edge", "reflect", "symmetric"]


@dataclass(frozen=True)
class Downsampler:
    """One way to make LR frames.

    Args:
        apply: Takes a frame and the scale, and returns the LR frame.
        phase: Where the LR pixel lies in its block, of ``fca2_plugin.geometry``.
        scales: The scales for which it is defined; any by default.
    """

    apply: Callable[[np.ndarray, int], np.ndarray]
    phase: str = CENTRED
    scales: tuple[int, ...] | None = None


def _check_scale(scale: int) -> None:
    if not isinstance(scale, int) or scale < 1:
        raise ValueError(f"scale must be a whole number of at least 1, got {scale!r}")


def _comisr(frame: np.ndarray, scale: int) -> np.ndarray:
    # (0, 0): OpenCV derives the kernel size from sigma, 11x11 for uint8
    return np.ascontiguousarray(cv2.GaussianBlur(frame, (0, 0), PAPER_SIGMA)[::scale, ::scale])


def _centred_gaussian(frame: np.ndarray, scale: int, sigma: float = PAPER_SIGMA) -> np.ndarray:
    # as many taps on either side of the block's middle, which lies on a pixel at odd scales
    taps = CENTRED_TAPS + scale % 2
    weights = _gaussian(np.arange(taps) - (taps - 1) / 2, sigma)
    return _filter(frame, scale, weights, first=(scale - taps) // 2, border="edge")


def _bd(frame: np.ndarray, scale: int) -> np.ndarray:
    # MATLAB's fspecial and imfilter: the middle of an even kernel lies half a pixel past the pixel
    # that it is written to, and rows 2:4:end begin at pixel 1, so LR pixel 0 sits at 1.5.
    return _centred_gaussian(frame, scale, BD_SIGMA)


def _area(frame: np.ndarray, scale: int) -> np.ndarray:
    return _filter(frame, scale, np.full(scale, 1 / scale), first=0, border="edge")


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
    "gaussian": Downsampler(_centred_gaussian),
    "comisr": Downsampler(_comisr, FIRST),
    "bd": Downsampler(_bd, scales=(BD_SCALE,)),
    "duf": Downsampler(_duf, FIRST, scales=(2, 3, 4)),  # as in BasicSR
    "bi": Downsampler(_bi),
    "area": Downsampler(_area),
    "none": Downsampler(_none, scales=(1,)),
}


def check_downsampler(kind: str, scale: int) -> None:
    """Check the name and the scale of a degradation.

    Raises:
        ValueError: The name is not in ``DOWNSAMPLERS``, or it does not have this scale.
    """
    _check_scale(scale)
    scales = DOWNSAMPLERS[check_choice("degradation", kind, DOWNSAMPLERS)].scales
    if scales is not None and scale not in scales:
        known = " or ".join(map(str, scales))
        raise ValueError(f"degradation {kind!r} is defined for scale {known}, got {scale}")


def phase(kind: str) -> str:
    """Return where the LR pixels of a degradation lie, a word of ``fca2_plugin.geometry``.

    Raises:
        ValueError: ``kind`` is unknown.

    Example:
        >>> phase("gaussian"), phase("comisr")
        ('centred', 'first')
    """
    return DOWNSAMPLERS[check_choice("degradation", kind, DOWNSAMPLERS)].phase


def crop_to_multiple(frame: np.ndarray, scale: int) -> np.ndarray:
    """Cut rows and columns off the end until both sides are multiples of ``scale``.

    Raises:
        ValueError: The frame is smaller than ``scale``.

    Example:
        >>> crop_to_multiple(np.zeros((65, 98, 3), np.uint8), 4).shape
        (64, 96, 3)
    """
    _check_scale(scale)
    height, width = frame.shape[:2]
    if min(height, width) < scale:
        raise ValueError(
            f"a frame of {width}x{height} is too small for scale {scale}; "
            "give larger frames or a smaller scale"
        )
    return np.ascontiguousarray(frame[: height - height % scale, : width - width % scale])


def downsample(frame: np.ndarray, scale: int = 4, kind: str = DEFAULT_DEGRADATION) -> np.ndarray:
    """Return the low-resolution frame.

    Args:
        frame: RGB, ``uint8``, both sides multiples of ``scale``.
        scale: How many times smaller.
        kind: A key of ``DOWNSAMPLERS``.

    Raises:
        ValueError: ``kind`` is unknown or not defined for the scale, or the size is not a multiple
            of ``scale``.

    Example:
        >>> downsample(np.zeros((64, 96, 3), np.uint8), scale=4).shape
        (16, 24, 3)
    """
    check_downsampler(kind, scale)
    height, width = frame.shape[:2]
    if height % scale or width % scale:
        raise ValueError(
            f"a frame of {width}x{height} cannot be divided by scale {scale}; cut it with "
            "crop_to_multiple first"
        )
    return DOWNSAMPLERS[kind].apply(frame, scale)


def bicubic_upsample(frame: np.ndarray, scale: int = 4, phase: str = CENTRED) -> np.ndarray:
    """Enlarge a frame by bicubic interpolation (a = -0.5, edges mirrored, as in MATLAB).

    Args:
        frame: RGB, ``uint8``.
        scale: How many times larger.
        phase: Where its pixels are. With the wrong one the result is displaced, by 1.5 pixels at
            scale 4.

    Raises:
        ValueError: The scale or the phase is wrong.

    Example:
        >>> bicubic_upsample(np.zeros((16, 24, 3), np.uint8), 4).shape
        (64, 96, 3)
    """
    _check_scale(scale)
    shift = offset(phase, scale)
    rows = _upsample_rows(frame.astype(np.float64), scale, shift)
    both = _upsample_rows(rows.swapaxes(0, 1), scale, shift).swapaxes(0, 1)
    return np.clip(np.rint(both), 0, 255).astype(np.uint8)


def _gaussian(offsets: np.ndarray, sigma: float) -> np.ndarray:
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    return weights / weights.sum()


def _filter(
    frame: np.ndarray, scale: int, weights: np.ndarray, first: int, border: Border
) -> np.ndarray:
    """Filter both axes, keep every ``scale``-th pixel, and round as MATLAB does."""
    rows = _filter_rows(frame.astype(np.float64), scale, weights, first, border)
    both = _filter_rows(rows.swapaxes(0, 1), scale, weights, first, border).swapaxes(0, 1)
    return np.ascontiguousarray(np.floor(np.clip(both, 0, 255) + 0.5).astype(np.uint8))


def _filter_rows(
    image: np.ndarray, scale: int, weights: np.ndarray, first: int, border: Border
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
