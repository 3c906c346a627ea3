"""Enlarging by fixed filters, aligned with the data of the field."""

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["bicubic_enlarge"]


def bicubic_enlarge(x: Tensor, scale: int, a: float = -0.75) -> Tensor:
    """Enlarge by cubic convolution; LR pixel i lies on HR pixel ``scale * i``.

    That is where LQ frames lie which keep every ``scale``-th pixel from the first (COMISR, FCA²),
    while ``F.interpolate`` takes them for the middles of their blocks. Edges are repeated.

    Args:
        x: Frames.
        scale: How many times larger.
        a: Keys' parameter; -0.75 as OpenCV, TensorFlow and torch have it.

    Shape:
        x: (b, c, h, w); returns (b, c, scale*h, scale*w).
    """
    b, c, h, w = x.shape
    offsets = torch.arange(-1, 3, device=x.device, dtype=x.dtype)
    phases = torch.arange(scale, device=x.device, dtype=x.dtype) / scale
    taps = _cubic(offsets - phases[:, None], a)  # (scale, 4)
    kernel = taps[:, None, :, None] * taps[None, :, None, :]  # (scale, scale, 4, 4)
    padded = F.pad(x.reshape(b * c, 1, h, w), (1, 2, 1, 2), mode="replicate")
    phased = F.conv2d(padded, kernel.reshape(scale * scale, 1, 4, 4))
    return F.pixel_shuffle(phased, scale).reshape(b, c, scale * h, scale * w)


def _cubic(x: Tensor, a: float) -> Tensor:
    """Keys' cubic convolution kernel (IEEE TASSP 1981)."""
    x = x.abs()
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return torch.where(x <= 1, near, torch.where(x < 2, far, torch.zeros_like(x)))
