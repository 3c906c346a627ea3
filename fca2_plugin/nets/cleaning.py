"""The cleaning network of FCA² (Sec. III-C1).

In the paper, several residual layers always run three times, instead of RealBasicVSR's loop whose
stop depends on the data. Layers and widths follow the released model, which takes them from
RealBasicVSR: conv, 20 residual blocks of 64 channels, conv, with 1,480,643 parameters. The passes
share their weights.
"""

from torch import Tensor, nn

from fca2_plugin.layers.residual import ResidualBlocksWithInputConv
from fca2_plugin.nets.spec import NetSpec

__all__ = ["CleaningNet"]


class CleaningNet(nn.Module):
    """Removes coding noise from each frame separately.

    ::

        lq -+- conv - LeakyReLU - blocks - conv -(+)- ... three times, same weights ... - clean
            +-----------------------------------+

    Args:
        mid_channels: Width.
        num_blocks: Residual blocks.
        num_passes: Number of passes (Sec. IV-A2: 3).

    Shape:
        (n, t, 3, h, w) to the same.

    Raises:
        ValueError: ``num_passes`` is below 1.

    Example:
        >>> CleaningNet(mid_channels=8, num_blocks=1)(torch.rand(1, 2, 3, 16, 16)).shape
        torch.Size([1, 2, 3, 16, 16])
    """

    spec = NetSpec(scale=1)

    def __init__(self, mid_channels: int = 64, num_blocks: int = 20, num_passes: int = 3) -> None:
        super().__init__()
        if num_passes < 1:
            raise ValueError(
                f"num_passes must be at least 1, got {num_passes}; set cleaning=None to leave the "
                "cleaning network out"
            )
        self.num_passes = num_passes
        self.body = nn.Sequential(
            ResidualBlocksWithInputConv(3, mid_channels, num_blocks),
            nn.Conv2d(mid_channels, 3, 3, padding=1),
        )

    def forward(self, lq: Tensor) -> Tensor:
        frames = lq.flatten(0, 1)
        for _ in range(self.num_passes):
            frames = frames + self.body(frames)
        return frames.unflatten(0, lq.shape[:2])
