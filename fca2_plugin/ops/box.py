"""Fast means over square windows on CPU and GPU."""

import torch
from torch import Tensor
from torch.nn import functional as F

from fca2_plugin._torch import is_compiling

__all__ = ["box_mean"]


def box_mean(x: Tensor, size: int) -> Tensor:
    """Average the size x size pixels around each pixel that are inside the frame.

    On a GPU this is one operation. On a CPU, pooling would read every pixel of every window, so
    shifted maps are added instead, doubling each time: a window of 9 takes four per direction.

    Shape:
        x: (b, c, h, w); returns the same. ``size`` is odd.

    Example:
        >>> box_mean(torch.ones(1, 1, 4, 4), 3).unique()
        tensor([1.])
    """
    if x.device.type != "cpu" or is_compiling() or torch.jit.is_tracing():
        return F.avg_pool2d(x, size, 1, size // 2, count_include_pad=False)
    total = _run_sum(_run_sum(F.pad(x, (size // 2,) * 4), size, 3), size, 2)
    rows, columns = (_counts(side, size, x) for side in x.shape[-2:])
    return total.mul_(1 / (rows[:, None] * columns))


def _run_sum(x: Tensor, size: int, dim: int) -> Tensor:
    """Sums of ``size`` neighbours along an axis, which gets shorter by ``size - 1``."""
    if size == 1:
        return x
    half = _run_sum(x, size // 2, dim)  # of size // 2
    length = x.shape[dim] - size + 1
    total = half.narrow(dim, 0, length) + half.narrow(dim, size // 2, length)
    if size % 2:
        total += x.narrow(dim, size - 1, length)
    return total


def _counts(length: int, size: int, like: Tensor) -> Tensor:
    """Count the pixels around each pixel of a row that are inside the frame."""
    places = torch.arange(length, device=like.device, dtype=like.dtype)
    before, after = places.clamp(max=size // 2), places.flip(0).clamp(max=size // 2)
    return before + after + 1
