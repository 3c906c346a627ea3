"""Attention over channels and over the whole frame."""

import torch
from torch import Tensor, nn

__all__ = ["ChannelAttention", "ContextBlock"]


class ChannelAttention(nn.Module):
    """Weighs channels by their global average (squeeze and excitation).

    Args:
        channels: Channels of the input.
        reduction: Factor by which the hidden layer is narrower.

    Shape:
        (b, channels, h, w) to the same.

    Example:
        >>> ChannelAttention(6)(torch.rand(1, 6, 16, 16)).shape
        torch.Size([1, 6, 16, 16])
    """

    def __init__(self, channels: int, reduction: int = 3) -> None:
        super().__init__()
        squeezed = max(channels // reduction, 1)
        self.weigh = nn.Sequential(
            nn.Conv2d(channels, squeezed, 1), nn.ReLU(), nn.Conv2d(squeezed, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.weigh(x.mean(dim=(-2, -1), keepdim=True)))


class ContextBlock(nn.Module):
    """Adds to every pixel one vector that sums up the frame (GCNet, Cao et al., ICCVW 2019).

    ::

        x -+- 1x1 to one map - softmax over pixels - weighted mean - 1x1 - LeakyReLU - 1x1 -(+)-
           +--------------------------------------------------------------------------------+

    The layers do not have biases, like MIRNet-v2's contextual module, which TGAFNet adopts.

    Shape:
        (b, channels, h, w) to the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mask = nn.Conv2d(channels, 1, 1, bias=False)
        self.transform = nn.Sequential(
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, channels, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        weights = self.mask(x).flatten(2).softmax(dim=-1)  # (b, 1, h*w)
        context = x.flatten(2) @ weights.transpose(1, 2)  # (b, c, 1)
        return x + self.transform(context.unsqueeze(-1))
