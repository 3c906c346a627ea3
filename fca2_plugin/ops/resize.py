"""Enlarging and displacing by fixed filters, aligned with the position of LQ pixels."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from fca2_plugin.geometry import CENTRED, offset
from fca2_plugin.ops.precision import without_autocast

__all__ = [
    "bicubic_enlarge",
    "bicubic_kernel",
    "bilinear_kernel",
    "cells_by",
    "displace",
]

_LOBES = 3  # of the Lanczos kernel


def bicubic_enlarge(x: Tensor, scale: int, phase: str = CENTRED, a: float = -0.75) -> Tensor:
    """Enlarge by cubic convolution; edges are repeated.

    Computed in float32 or better, also under autocast: in half precision the weights would not add
    up to one, which would change the brightness.

    Args:
        x: Frames.
        scale: How many times larger.
        phase: Position of the pixels of ``x`` in their blocks, a word of ``fca2_plugin.geometry``.
        a: Keys' parameter; -0.75 as in OpenCV, TensorFlow and torch.

    Shape:
        x: (b, c, h, w); returns (b, c, scale*h, scale*w).

    Raises:
        ValueError: An unknown phase.

    Example:
        >>> bicubic_enlarge(torch.rand(1, 3, 8, 8), 4).shape
        torch.Size([1, 3, 32, 32])
    """
    dtype = torch.promote_types(x.dtype, torch.float32)
    before, kernel = bicubic_kernel(scale, phase, a, dtype, x.device)
    return F.pixel_shuffle(cells_by(x, kernel, before), scale).to(x.dtype)


def bicubic_kernel(
    scale: int,
    phase: str = CENTRED,
    a: float = -0.75,
    dtype: torch.dtype = torch.float32,
    device: torch.device | None = None,
) -> tuple[int, Tensor]:
    """The weights of LQ pixels in ``bicubic_enlarge``.

    Args:
        scale: See ``bicubic_enlarge``.
        phase: See ``bicubic_enlarge``.
        a: See ``bicubic_enlarge``.
        dtype: Type of the weights.
        device: Device of the weights.

    Returns:
        The number of LQ pixels before a block's own pixel, and the weights for each pixel of a
        block, (scale*scale, 1, size, size).
    """
    before, taps = _phase_taps(scale, phase, a, dtype, device)
    size = taps.shape[1]
    kernel = taps[:, None, :, None] * taps[None, :, None, :]  # (scale, scale, size, size)
    return before, kernel.reshape(scale * scale, 1, size, size)


def bilinear_kernel(scale: int) -> tuple[int, Tensor]:
    """The weights of pixels in bilinear enlargement, as those of ``bicubic_kernel``.

    ``F.interpolate`` has the same weights; pixels lie at the centre of their blocks.
    """
    where = (torch.arange(scale) - (scale - 1) / 2) / scale
    taps = (1 - (torch.arange(-1, 2) - where[:, None]).abs()).clamp_min(0)
    kernel = taps[:, None, :, None] * taps[None, :, None, :]
    return 1, kernel.reshape(scale * scale, 1, 3, 3)


def cells_by(x: Tensor, kernel: Tensor, before: int) -> Tensor:
    """Enlarge by a kernel of ``bicubic_kernel``, to cells, which ``pixel_shuffle`` puts in order.

    (b, c, h, w) to (b, c*scale*scale, h, w). Computed and returned in the kernel's precision, also
    under autocast.
    """
    b, c, h, w = x.shape
    size = kernel.shape[-1]
    pads = (before, size - 1 - before) * 2
    with without_autocast(x.device.type):
        frames = x.to(kernel.dtype).reshape(b * c, 1, h, w)
        cells = F.conv2d(F.pad(frames, pads, mode="replicate"), kernel)
    return cells.reshape(b, -1, h, w)


def displace(x: Tensor, pixels: float) -> Tensor:
    """Move pictures right and down by a fraction of a pixel, with a Lanczos kernel.

    Args:
        x: Frames.
        pixels: How far; negative moves left and up. Edges are repeated.

    Shape:
        x: (..., h, w); returns the same.

    Example:
        >>> displace(torch.rand(1, 3, 8, 8), 0.5).shape
        torch.Size([1, 3, 8, 8])
    """
    if pixels == 0:
        return x
    whole = math.floor(pixels)
    taps = torch.arange(-_LOBES, _LOBES + 1, device=x.device, dtype=torch.float32)
    weights = _lanczos(taps + (pixels - whole))
    weights = (weights / weights.sum()).to(x.dtype)
    size = len(weights)
    before, after = _LOBES + max(whole, 0), _LOBES + max(-whole, 0)
    frames = x.reshape(-1, 1, *x.shape[-2:])
    padded = F.pad(frames, (before, after) * 2, mode="replicate")
    padded = padded[..., max(-whole, 0) :, max(-whole, 0) :]
    moved = F.conv2d(F.conv2d(padded, weights.view(1, 1, size, 1)), weights.view(1, 1, 1, size))
    return moved[..., : x.shape[-2], : x.shape[-1]].reshape(x.shape)


def _phase_taps(
    scale: int, phase: str, a: float, dtype: torch.dtype, device: torch.device | None
) -> tuple[int, Tensor]:
    """For each pixel of a block, the weights of the LQ pixels around it.

    Returns:
        The number of them before the block's own LQ pixel, and the weights (scale, size).
    """
    first = offset(phase, scale)
    before = 1 - math.floor(-first / scale)
    after = 2 + math.floor((scale - 1 - first) / scale)
    steps = torch.arange(-before, after + 1, device=device, dtype=dtype)
    where = (torch.arange(scale, device=device, dtype=dtype) - first) / scale
    return before, _cubic(steps - where[:, None], a)


def _cubic(x: Tensor, a: float) -> Tensor:
    """Keys' cubic convolution kernel (IEEE TASSP 1981)."""
    x = x.abs()
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return torch.where(x <= 1, near, torch.where(x < 2, far, torch.zeros_like(x)))


def _lanczos(x: Tensor) -> Tensor:
    return torch.where(
        x.abs() < _LOBES, torch.sinc(x) * torch.sinc(x / _LOBES), torch.zeros_like(x)
    )
