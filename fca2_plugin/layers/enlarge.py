"""Enlargement by fixed kernels that are computed once.

``cells`` returns the pixels of a block as channels at the block's place, before they are shuffled
into a picture. Two pictures are best added as cells: shuffling costs as much as several additions,
and then only the sum needs it.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.geometry import CENTRED
from fca2_plugin.ops.resize import bicubic_kernel, bilinear_kernel, cells_by

__all__ = ["BicubicEnlarge", "BilinearCells"]


class _FixedKernel(nn.Module):
    """Keeps a kernel that moves with the network, but is not in checkpoints."""

    kernel: Tensor

    def __init__(self, scale: int, before: int, kernel: Tensor) -> None:
        super().__init__()
        self.scale, self.before = scale, before
        self.register_buffer("kernel", kernel, persistent=False)

    def cells(self, x: Tensor) -> Tensor:
        """Enlarge (b, c, h, w) to cells (b, c*scale*scale, h, w), in float32 or better."""
        kernel = self.kernel.to(torch.promote_types(x.dtype, self.kernel.dtype))
        return cells_by(x, kernel, self.before)


class BicubicEnlarge(_FixedKernel):
    """``bicubic_enlarge`` with a precomputed kernel, which saves two dozen operations.

    Args:
        scale: Scaling factor.
        phase: Position of the input's pixels in their blocks, a word of ``fca2_plugin.geometry``.

    Shape:
        (b, c, h, w) to (b, c, scale*h, scale*w).

    Raises:
        ValueError: The phase is unknown.
    """

    def __init__(self, scale: int, phase: str = CENTRED) -> None:
        super().__init__(scale, *bicubic_kernel(scale, phase))
        self.phase = phase

    def extra_repr(self) -> str:
        return f"scale={self.scale}, phase={self.phase!r}"

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.cells(x), self.scale).to(x.dtype)


class BilinearCells(_FixedKernel):
    """Bilinear enlargement, as of ``F.interpolate``, to cells.

    Args:
        scale: Scaling factor.

    Shape:
        (b, c, h, w) to (b, c*scale*scale, h, w), in float32 or better.
    """

    def __init__(self, scale: int) -> None:
        super().__init__(scale, *bilinear_kernel(scale))

    def extra_repr(self) -> str:
        return f"scale={self.scale}"

    def forward(self, x: Tensor) -> Tensor:
        return self.cells(x)
