"""Optical flow without weights, as a module so that it can be compiled separately."""

from torch import Tensor, nn

from fca2_plugin.ops.flow import dense_flow

__all__ = ["DenseFlow"]


class DenseFlow(nn.Module):
    """Flow that brings ``supp`` onto ``ref``, in float32 and without gradients.

    Shape:
        ref, supp: (b, c, h, w) in [0, 1]; returns (b, 2, h, w) in pixels, (x, y).
    """

    def forward(self, ref: Tensor, supp: Tensor) -> Tensor:
        return dense_flow(ref, supp)
