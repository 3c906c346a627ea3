"""CF-STIF: coarse-to-fine spatio-temporal information fusion (Luo et al., SPL 2022).

The structure is that of the released model, with 2,219,550 parameters (the paper prints 2200 K).
First, convolutions over time process the window. Then a pyramid of three sizes predicts the field
of one deformable convolution on the raw frames, and three dense blocks enhance its result.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.layers.deform import DeformBlock
from fca2_plugin.layers.residual import ResidualBlockNoBN
from fca2_plugin.nets.enhancer import Enhancer

__all__ = ["CFSTIFNet"]


def _conv(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1)


def _double(channels: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels, channels, 4, 2, padding=1)


def _down(channels: int) -> nn.Sequential:
    return nn.Sequential(
        _conv(channels, channels, 2), nn.ReLU(), _conv(channels, channels), nn.ReLU()
    )


def _up(channels: int) -> nn.Sequential:
    return nn.Sequential(_double(channels), nn.ReLU(), _conv(channels, channels))


class _Residual(ResidualBlockNoBN):
    """A residual block with an additional ReLU after the sum."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(super().forward(x))


class Pyramid(nn.Module):
    """Features at full, half and quarter size, mixed from the smallest up, summed at full size.

    Shape:
        (b, channels, h, w) to the same, sides multiples of 4.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        c = channels
        self.to_half, self.to_quarter = _down(c), nn.Sequential(_down(c), _down(c))
        self.half_from_quarter, self.full_from_half = _double(c), _double(c)
        self.at_full, self.at_half, self.at_quarter = _Residual(c), _Residual(c), _Residual(c)
        self.up_half = nn.Sequential(_Residual(c), _up(c))
        self.up_quarter = nn.Sequential(_Residual(c), _up(c), nn.ReLU(), _up(c))
        self.merge = nn.Sequential(_conv(c, c), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        quarter = self.at_quarter(self.to_quarter(x))
        half = self.at_half(self.to_half(x) + self.half_from_quarter(quarter))
        full = self.at_full(x + self.full_from_half(half))
        return self.merge(full + self.up_half(half) + self.up_quarter(quarter))


class DenseBlock(nn.Module):
    """Three convolutions in a row, and a fourth that sees the input and all three results.

    Shape:
        (b, channels, h, w) to the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(_conv(channels, channels) for _ in range(3))
        self.merge = _conv(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        maps = [x]
        for conv in self.convs:
            maps.append(F.relu(conv(maps[-1])))
        return self.merge(torch.cat(maps, dim=1))


class Enhancement(nn.Module):
    """Dense blocks on the features, on the first block's remainder, and on the second's result.

    Shape:
        (b, in_channels, h, w) to (b, 1, h, w).
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        c = channels
        self.head = _conv(in_channels, c)
        self.blocks = nn.ModuleList(DenseBlock(c) for _ in range(3))
        self.merge = _conv(4 * c, c)
        self.tail = nn.Sequential(_conv(c, c), nn.ReLU(), _conv(c, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(x)
        found = self.blocks[0](x)
        refined = x + self.blocks[1](x - found)
        last = self.blocks[2](refined)
        return self.tail(self.merge(torch.cat([x, found, refined, last], dim=1)) + x)


class CFSTIFNet(Enhancer):
    """Fuses a window from coarse to fine and corrects its middle frame.

    ::

        window -+- 3-D convs - 1x1 - Pyramid - field -+
                +--------------- deformable conv - ReLU - Enhancement -(+)- enhanced
                +---------------------- middle frame ------------------+

    Args:
        radius: Frames before and after the middle one.
        time_channels: Width of the convolutions over time.
        mid_channels: Width of everything else.
        windows_at_once: Windows that run as one batch without gradients; None for all.

    Shape:
        (n, t, c, h, w) in [0, 1] to the same, each channel separately.

    Example:
        >>> CFSTIFNet(radius=1, time_channels=4, mid_channels=8)(torch.rand(1, 2, 1, 16, 16)).shape
        torch.Size([1, 2, 1, 16, 16])
    """

    size_multiple = 4

    def __init__(
        self,
        radius: int = 3,
        time_channels: int = 32,
        mid_channels: int = 64,
        windows_at_once: int | None = 8,
    ) -> None:
        super().__init__(radius, windows_at_once=windows_at_once)
        f, c = self.num_frames, mid_channels
        self.over_time = nn.Sequential(
            nn.Conv3d(1, time_channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv3d(time_channels, time_channels, 3, padding=1),
            nn.ReLU(),
        )
        self.squeeze = nn.Sequential(nn.Conv2d(f * time_channels, c, 1), nn.ReLU())
        self.pyramid = Pyramid(c)
        self.block = DeformBlock(c, f, c)
        self.enhance = Enhancement(c, c)

    def residual(self, window: Tensor) -> Tensor:
        maps = self.over_time(window.unsqueeze(1))  # (b, time_channels, f, h, w)
        guide = self.pyramid(self.squeeze(maps.transpose(1, 2).flatten(1, 2)))
        return self.enhance(self.block(window, guide))
