"""Bicubic enlargement whose kernel is computed once."""

import torch
from torch import Tensor, nn

from fca2_plugin.geometry import CENTRED
from fca2_plugin.ops.resize import bicubic_kernel, enlarge_by

__all__ = ["BicubicEnlarge"]


class BicubicEnlarge(nn.Module):
    """``bicubic_enlarge`` with a precomputed kernel, which saves two dozen operations.

    The kernel moves with the network, but checkpoints do not contain it.

    Args:
        scale: Scaling factor.
        phase: Position of the input's pixels in their blocks, a word of ``fca2_plugin.geometry``.

    Shape:
        (b, c, h, w) to (b, c, scale*h, scale*w).

    Raises:
        ValueError: The phase is unknown.
    """

    kernel: Tensor

    def __init__(self, scale: int, phase: str = CENTRED) -> None:
        super().__init__()
        self.scale, self.phase = scale, phase
        self.before, kernel = bicubic_kernel(scale, phase)
        self.register_buffer("kernel", kernel, persistent=False)

    def extra_repr(self) -> str:
        return f"scale={self.scale}, phase={self.phase!r}"

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.kernel.to(torch.promote_types(x.dtype, self.kernel.dtype))
        return enlarge_by(x, kernel, self.before)
