"""Deformable layers that predict offsets from features and sample other planes at them.

Offsets start at zero, so the first step behaves like a plain convolution. This also keeps training
from running away to offsets of thousands of pixels, which users of released models report.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.layers.unet import UNet
from fca2_plugin.ops.deform import deform_conv2d

__all__ = ["DeformBlock", "DeformConv", "DeformFusion", "zero_conv"]


def zero_conv(in_channels: int, out_channels: int) -> nn.Conv2d:
    """A 3x3 convolution that starts at zero, for offsets and masks."""
    conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
    nn.init.zeros_(conv.weight)
    nn.init.zeros_(conv.get_parameter("bias"))
    return conv


class DeformConv(nn.Conv2d):
    """Deformable convolution with an offset field for every input channel.

    Args:
        in_channels: Channels, each of which is a deformable group.
        out_channels: Channels of the output.
        kernel_size: Side of the kernel, odd.
        modulated: Also weigh samples by masks (DCN v2).

    Shape:
        x (b, in_channels, h, w) and its field (b, field_channels, h, w), offsets before masks, to
        (b, out_channels, h, w).
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int = 3, modulated: bool = True
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        self.num_offsets = 2 * in_channels * kernel_size**2
        self.num_masks = self.num_offsets // 2 if modulated else 0

    @property
    def field_channels(self) -> int:
        """Channels of the field: two offsets and, if modulated, a mask for every sample."""
        return self.num_offsets + self.num_masks

    def forward(self, x: Tensor, field: Tensor) -> Tensor:  # type: ignore[override]  # its field, too
        offset, mask = field.split((self.num_offsets, self.num_masks), dim=1)
        mask = torch.sigmoid(mask) if self.num_masks else None
        return deform_conv2d(x, offset, mask, self.weight, self.bias, self.kernel_size[0] // 2)


class DeformBlock(nn.Module):
    """conv 3x3 on a guide predicts the field of a deformable convolution on ``x``; then ReLU.

    Args:
        guide_channels: Channels of the guide.
        in_channels: Channels of ``x``, each with its own field.
        out_channels: Channels of the output.
        kernel_size: Side of the deformable kernel.
        modulated: Use masks (DCN v2).

    Shape:
        x (b, in_channels, h, w), guide (b, guide_channels, h, w) to (b, out_channels, h, w).

    Example:
        >>> block = DeformBlock(guide_channels=4, in_channels=2, out_channels=8)
        >>> block(torch.rand(1, 2, 16, 16), torch.rand(1, 4, 16, 16)).shape
        torch.Size([1, 8, 16, 16])
    """

    def __init__(
        self,
        guide_channels: int,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        modulated: bool = True,
    ) -> None:
        super().__init__()
        self.deform = DeformConv(in_channels, out_channels, kernel_size, modulated)
        self.field = zero_conv(guide_channels, self.deform.field_channels)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        return F.relu(self.deform(x, self.field(guide)))


class DeformFusion(nn.Module):
    """STDF's fusion module: a U-Net sees all planes, and a deformable block fuses them.

    ::

        x -+- UNet - field -+
           +--------- deformable conv - ReLU

    Args:
        in_channels: Input planes: the frames of a window, or features.
        out_channels: Channels of the output.
        mid_channels: Width of the U-Net.
        num_levels: Number of times the U-Net halves the size.
        kernel_size: Side of the deformable kernel.

    Shape:
        (b, in_channels, h, w) to (b, out_channels, h, w), sides multiples of ``2**num_levels``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        mid_channels: int = 32,
        num_levels: int = 3,
        kernel_size: int = 3,
    ) -> None:
        super().__init__()
        self.unet = UNet(mid_channels, num_levels, in_channels)
        self.block = DeformBlock(mid_channels, in_channels, out_channels, kernel_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x, self.unet(x))
