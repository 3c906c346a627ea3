"""The spatial-spectral block of FCA²'s encoder and decoder (Fig. 5), from SSPSR."""

import torch
from torch import Tensor, nn

from fca2_plugin.layers.attention import ChannelAttention
from fca2_plugin.layers.lean_conv import LeanConv2d

__all__ = ["SpatialSpectralBlock", "SpatialSpectralBody"]

# 0.1 and the slope come from SSPSR; the paper does not give them.
_RESIDUAL_SCALE = 0.1
_SLOPE = 0.01


class SpatialSpectralBlock(nn.Module):
    """A spatial (3x3) and a channel (1x1 with attention) residual block in turn.

    Shape:
        (b, channels, h, w) to the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spatial = nn.Sequential(
            LeanConv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(_SLOPE, inplace=True),  # otherwise training keeps input and output
            LeanConv2d(channels, channels, 3, padding=1),
        )
        self.spectral = nn.Sequential(
            LeanConv2d(channels, channels, 1),
            nn.LeakyReLU(_SLOPE, inplace=True),
            LeanConv2d(channels, channels, 1),
            ChannelAttention(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = torch.add(x, self.spatial(x), alpha=_RESIDUAL_SCALE)
        return torch.add(x, self.spectral(x), alpha=_RESIDUAL_SCALE)


class SpatialSpectralBody(nn.Module):
    """conv 3x3, ``num_blocks`` spatial-spectral blocks inside a long skip, conv 3x3.

    ::

        x - head -+- block ... block -(+)- tail - out
                  +--------------------+

    Shape:
        (b, in_channels, h, w) to (b, out_channels, h, w).
    """

    def __init__(
        self, in_channels: int, mid_channels: int, out_channels: int, num_blocks: int
    ) -> None:
        super().__init__()
        self.head = LeanConv2d(in_channels, mid_channels, 3, padding=1)
        self.blocks = nn.Sequential(
            *(SpatialSpectralBlock(mid_channels) for _ in range(num_blocks))
        )
        self.tail = LeanConv2d(mid_channels, out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(x)
        return self.tail(x + self.blocks(x))
