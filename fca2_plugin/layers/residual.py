"""Residual blocks of the super-resolution field."""

from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["ResidualBlockNoBN", "ResidualBlocksWithInputConv"]


class ResidualBlockNoBN(nn.Module):
    """conv 3x3 - ReLU - conv 3x3, added to the input.

    Starts near the identity: weights are He-initialised and scaled by 0.1, as in ESRGAN.

    Shape:
        (b, mid_channels, h, w) to the same.

    Example:
        >>> ResidualBlockNoBN(8)(torch.rand(1, 8, 16, 16)).shape
        torch.Size([1, 8, 16, 16])
    """

    def __init__(self, mid_channels: int = 64) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(mid_channels, mid_channels, 3, padding=1)
        self.conv2 = nn.Conv2d(mid_channels, mid_channels, 3, padding=1)
        for conv in (self.conv1, self.conv2):
            nn.init.kaiming_normal_(conv.weight)
            conv.weight.data.mul_(0.1)
            nn.init.zeros_(conv.get_parameter("bias"))

    def forward(self, x: Tensor) -> Tensor:
        # in place: a convolution's backward pass does not need its output
        change = self.conv2(F.relu(self.conv1(x), inplace=True))
        return change.add_(x) if change.dtype == x.dtype else x + change  # autocast


class ResidualBlocksWithInputConv(nn.Sequential):
    """conv 3x3 - LeakyReLU(0.1) - ``num_blocks`` residual blocks.

    Shape:
        (b, in_channels, h, w) to (b, out_channels, h, w).

    Example:
        >>> ResidualBlocksWithInputConv(3, 8, num_blocks=2)(torch.rand(1, 3, 16, 16)).shape
        torch.Size([1, 8, 16, 16])
    """

    def __init__(self, in_channels: int, out_channels: int = 64, num_blocks: int = 30) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 3, padding=1),
            nn.LeakyReLU(0.1, inplace=True),
            *(ResidualBlockNoBN(out_channels) for _ in range(num_blocks)),
        )
