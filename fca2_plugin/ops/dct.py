"""The discrete cosine transform of 8 x 8 blocks, as in JPEG and video codecs."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["BLOCK", "block_dct", "block_idct"]

BLOCK = 8


def _basis(like: Tensor) -> Tensor:
    """Orthonormal two-dimensional DCT-II as a matrix, (64 frequencies, 64 pixels)."""
    n = torch.arange(BLOCK, device=like.device, dtype=torch.float64)
    rows = torch.cos(math.pi / BLOCK * (n[None] + 0.5) * n[:, None]) * math.sqrt(2 / BLOCK)
    rows[0] /= math.sqrt(2)
    return torch.kron(rows, rows).to(like.dtype)


def block_dct(x: Tensor) -> Tensor:
    """Transform every 8 x 8 block of every channel.

    Shape:
        x: (b, c, h, w), sides in multiples of 8; returns (b, 64*c, h/8, w/8), channel by channel
        and row by row of frequencies, the mean first.

    Example:
        >>> block_dct(torch.rand(1, 3, 16, 16)).shape
        torch.Size([1, 192, 2, 2])
    """
    c = x.shape[1]
    weight = _basis(x)[..., None, None].repeat(c, 1, 1, 1)
    return F.conv2d(F.pixel_unshuffle(x, BLOCK), weight, groups=c)


def block_idct(x: Tensor) -> Tensor:
    """Undo ``block_dct``.

    Shape:
        x: (b, 64*c, h, w); returns (b, c, 8*h, 8*w).

    Example:
        >>> x = torch.rand(1, 3, 16, 16)
        >>> torch.allclose(block_idct(block_dct(x)), x, atol=1e-5)
        True
    """
    c = x.shape[1] // BLOCK**2
    weight = _basis(x).T[..., None, None].repeat(c, 1, 1, 1)
    return F.pixel_shuffle(F.conv2d(x, weight, groups=c), BLOCK)
