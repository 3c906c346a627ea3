"""PSNR and SSIM of one frame.

``psnr`` and ``ssim`` are what the tables of the field report: on ``uint8`` frames, on the Y channel
of BT.601 in limited range (unrounded), without a border crop, as BasicSR (``test_y_channel=True``)
and MMagic (``convert_to='Y'``) compute them. The functions below them take float planes and are
what ``protocols`` is made of.
"""

import math

import cv2
import numpy as np

__all__ = [
    "check_pair",
    "mean_psnr",
    "psnr",
    "rgb_to_y",
    "ssim",
    "ssim_gaussian",
    "ssim_uniform",
]

Y_WEIGHTS = np.array([65.481, 128.553, 24.966]) / 255  # ITU-R BT.601, 16 to 235
Y_TRANSFORM = np.array([[*Y_WEIGHTS, 16.0]])
PEAK = 255.0
GAUSSIAN_WINDOW, GAUSSIAN_SIGMA = 11, 1.5  # Wang et al., TIP 2004
UNIFORM_WINDOW = 7  # scikit-image's default
K1, K2 = 0.01, 0.03  # Wang et al.


def rgb_to_y(frame: np.ndarray) -> np.ndarray:
    """Return the luma of a ``uint8`` RGB frame as float64 in 16 to 235, not rounded.

    Shape: (h, w, 3) to (h, w).

    Example:
        >>> rgb_to_y(np.zeros((1, 1, 3), np.uint8)).tolist()
        [[16.0]]
    """
    # three times as fast as a matrix product, which BLAS does not take uint8 for
    return cv2.transform(frame.astype(np.float64, order="C"), Y_TRANSFORM)


def check_pair(a: np.ndarray, b: np.ndarray) -> None:
    """Refuse anything but two ``uint8`` RGB frames of one size.

    Raises:
        TypeError: A frame is not ``uint8``.
        ValueError: A shape is not (h, w, 3), or the two differ.
    """
    for frame in (a, b):
        if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8:
            got = getattr(frame, "dtype", type(frame).__name__)
            raise TypeError(f"metrics compare uint8 frames, got {got}; round and clip them first")
        if frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(f"metrics compare RGB frames of shape (h, w, 3), got {frame.shape}")
    if a.shape != b.shape:
        raise ValueError(
            f"the frames differ in shape, {a.shape} and {b.shape}; compare frames of one size"
        )


def _prepare(
    a: np.ndarray, b: np.ndarray, y: bool, crop_border: int
) -> tuple[np.ndarray, np.ndarray]:
    """Check both frames, then crop and convert them to float64 (h, w, channels)."""
    check_pair(a, b)
    height, width = a.shape[:2]
    if crop_border < 0 or 2 * crop_border >= min(height, width):
        raise ValueError(
            f"crop_border={crop_border} removes the whole frame of {width}x{height} pixels; use a "
            "smaller one, from 0"
        )
    inner = np.s_[crop_border : height - crop_border, crop_border : width - crop_border]
    if y:
        return rgb_to_y(a[inner])[..., None], rgb_to_y(b[inner])[..., None]
    return a[inner].astype(np.float64), b[inner].astype(np.float64)


def psnr(a: np.ndarray, b: np.ndarray, *, y: bool = True, crop_border: int = 0) -> float:
    """Return the peak signal-to-noise ratio in dB, infinite for equal frames.

    Args:
        a: ``uint8`` RGB frame.
        b: The frame to compare it with.
        y: Compare luma; otherwise all three channels as one.
        crop_border: Pixels to leave out at each side.

    Raises:
        TypeError: A frame is not ``uint8``.
        ValueError: The shapes differ or are not (h, w, 3), or the border is too wide.

    Example:
        >>> black = np.zeros((32, 32, 3), np.uint8)
        >>> round(psnr(black, black + 10, y=False), 2)
        28.13
    """
    return mean_psnr(*_prepare(a, b, y, crop_border), PEAK)


def mean_psnr(a: np.ndarray, b: np.ndarray, peak: float) -> float:
    """Return the PSNR over all elements of two float arrays, infinite for equal ones."""
    mse = float(np.mean((a - b) ** 2))
    return 10 * math.log10(peak**2 / mse) if mse else math.inf


def ssim(a: np.ndarray, b: np.ndarray, *, y: bool = True, crop_border: int = 0) -> float:
    """Return the structural similarity: Gaussian window 11x11, sigma 1.5, only where it fits.

    Args:
        a: ``uint8`` RGB frame.
        b: The frame to compare it with.
        y: Compare luma; otherwise the mean over the three channels.
        crop_border: Pixels to leave out at each side.

    Raises:
        TypeError: A frame is not ``uint8``.
        ValueError: The shapes differ or are not (h, w, 3), or less than a window is left.

    Example:
        >>> black = np.zeros((32, 32, 3), np.uint8)
        >>> ssim(black, black)
        1.0
    """
    return ssim_gaussian(*_prepare(a, b, y, crop_border), PEAK)


def ssim_gaussian(a: np.ndarray, b: np.ndarray, data_range: float) -> float:
    """SSIM of Wang et al. on float planes (h, w) or (h, w, channels): Gaussian, where it fits.

    Raises:
        ValueError: The planes are smaller than the window.
    """
    kernel = cv2.getGaussianKernel(GAUSSIAN_WINDOW, GAUSSIAN_SIGMA)
    return _ssim(
        a, b, data_range, GAUSSIAN_WINDOW, lambda x: cv2.sepFilter2D(x, -1, kernel, kernel)
    )


def ssim_uniform(a: np.ndarray, b: np.ndarray, data_range: float) -> float:
    """SSIM as scikit-image has it by default: uniform window 7x7, sample (co)variances.

    Raises:
        ValueError: The planes are smaller than the window, or ``data_range`` is 0.
    """
    if not data_range:
        raise ValueError(
            "this SSIM divides by the range of the frame's values, which is 0 in a frame of one "
            "colour; use a protocol with a fixed range, such as cvsr-y"
        )
    size = (UNIFORM_WINDOW, UNIFORM_WINDOW)
    count = UNIFORM_WINDOW**2
    unbiased = count / (count - 1)
    return _ssim(a, b, data_range, UNIFORM_WINDOW, lambda x: cv2.blur(x, size), unbiased)


def _ssim(a, b, data_range: float, window: int, windowed, covariance_scale: float = 1.0) -> float:
    """The mean of SSIM over all windows that lie in the planes."""
    height, width = a.shape[:2]
    if min(height, width) < window:
        raise ValueError(
            f"SSIM needs at least {window}x{window} pixels, got {width}x{height}; "
            "compare larger frames"
        )
    half = window // 2

    def mean(x: np.ndarray) -> np.ndarray:
        return windowed(x)[half : height - half, half : width - half]

    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    mean_a, mean_b = mean(a), mean(b)
    product, squares = mean_a * mean_b, mean_a**2 + mean_b**2
    variances = covariance_scale * (mean(a * a + b * b) - squares)
    covariance = covariance_scale * (mean(a * b) - product)
    similarity = (2 * product + c1) * (2 * covariance + c2)
    return float(np.mean(similarity / ((squares + c1) * (variances + c2))))
