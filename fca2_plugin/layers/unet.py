"""The small U-Net of STDF (Deng et al., AAAI 2020), which RFDA and TGAFNet took over."""

import torch
from torch import Tensor, nn

__all__ = ["UNet"]


def _conv(in_channels: int, out_channels: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(in_channels, out_channels, 3, stride, padding=1), nn.ReLU(inplace=True)]


def _double(channels: int) -> list[nn.Module]:
    return [nn.ConvTranspose2d(channels, channels, 4, 2, padding=1), nn.ReLU(inplace=True)]


class UNet(nn.Module):
    """Halves the size ``num_levels`` times and restores it, with one width and ReLU everywhere.

    ::

        x - head - down - down - bottom - up - up - tail
                      |      +-----------(c)   |
                      +-----------------------(c)

    Only the results of the ``down`` stages are passed on, not the map at full size.

    Args:
        mid_channels: Width.
        num_levels: Number of halvings, including that in ``bottom``; sides must be multiples of
            ``2**num_levels``.
        in_channels: Channels of the input; None leaves out ``head``, for inputs that have
            ``mid_channels`` (TGAFNet).

    Shape:
        (b, in_channels or mid_channels, h, w) to (b, mid_channels, h, w).

    Example:
        >>> UNet(8, num_levels=2, in_channels=3)(torch.rand(1, 3, 16, 16)).shape
        torch.Size([1, 8, 16, 16])
    """

    def __init__(
        self, mid_channels: int, num_levels: int = 3, in_channels: int | None = None
    ) -> None:
        super().__init__()
        c = mid_channels
        self.head = nn.Sequential(*(_conv(in_channels, c) if in_channels else ()))
        self.down = nn.ModuleList(
            nn.Sequential(*_conv(c, c, 2), *_conv(c, c)) for _ in range(num_levels - 1)
        )
        self.bottom = nn.Sequential(*_conv(c, c, 2), *_conv(c, c), *_double(c))
        self.up = nn.ModuleList(  # in running order, the smallest map first
            nn.Sequential(*_conv(2 * c, c), *_double(c)) for _ in range(num_levels - 1)
        )
        self.tail = nn.Sequential(*_conv(c, c))

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(x)
        skips = []
        for down in self.down:
            x = down(x)
            skips.append(x)
        x = self.bottom(x)
        for up in self.up:
            x = up(torch.cat([x, skips.pop()], dim=1))
        return self.tail(x)
