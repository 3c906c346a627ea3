"""PSNR and SSIM as the tables of the field report them.

On ``uint8`` frames, on the Y channel of BT.601 in limited range (unrounded), without a border crop
and over all frames: the protocol of FCA² and CAVSR on Vid4 and REDS. The numbers agree with
BasicSR's (``test_y_channel=True``) and MMagic's (``convert_to='Y'``).
"""

import math

import cv2
import numpy as np

__all__ = ["psnr", "rgb_to_y", "ssim"]

Y_WEIGHTS = np.array([65.481, 128.553, 24.966]) / 255  # ITU-R BT.601, 16 to 235
Y_OFFSET = 16.0
PEAK = 255.0
SSIM_WINDOW, SSIM_SIGMA = 11, 1.5  # Wang et al., TIP 2004
SSIM_C1, SSIM_C2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2


def rgb_to_y(frame: np.ndarray) -> np.ndarray:
    """Return the luma of a ``uint8`` RGB frame as float64 in 16 to 235, not rounded.

    Shape: (h, w, 3) to (h, w).
    """
    return frame @ Y_WEIGHTS + Y_OFFSET


def _prepare(
    a: np.ndarray, b: np.ndarray, y: bool, crop_border: int
) -> tuple[np.ndarray, np.ndarray]:
    """Check both frames, then crop and convert them to float64 (h, w, channels)."""
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
    height, width = a.shape[:2]
    if crop_border < 0 or 2 * crop_border >= min(height, width):
        raise ValueError(
            f"crop_border={crop_border} leaves nothing of a {width}x{height} frame; "
            "use a smaller one, from 0"
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
    """
    a, b = _prepare(a, b, y, crop_border)
    mse = float(np.mean((a - b) ** 2))
    return 10 * math.log10(PEAK**2 / mse) if mse else math.inf


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
    """
    a, b = _prepare(a, b, y, crop_border)
    if min(a.shape[:2]) < SSIM_WINDOW:
        raise ValueError(
            f"SSIM needs at least {SSIM_WINDOW}x{SSIM_WINDOW} pixels, got "
            f"{a.shape[1]}x{a.shape[0]}; compare larger frames"
        )
    mean_a, mean_b = _windowed(a), _windowed(b)
    var_a = _windowed(a * a) - mean_a**2
    var_b = _windowed(b * b) - mean_b**2
    covariance = _windowed(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + SSIM_C1) / (mean_a**2 + mean_b**2 + SSIM_C1)
    structure = (2 * covariance + SSIM_C2) / (var_a + var_b + SSIM_C2)
    return float(np.mean(luminance * structure))


def _windowed(image: np.ndarray) -> np.ndarray:
    """Return the Gaussian-weighted mean around each pixel whose window lies in the image."""
    kernel = cv2.getGaussianKernel(SSIM_WINDOW, SSIM_SIGMA)
    half = SSIM_WINDOW // 2
    filtered = cv2.sepFilter2D(image, -1, kernel, kernel)
    return filtered[half : filtered.shape[0] - half, half : filtered.shape[1] - half]
