"""DCAD, the deep CNN-based auto decoder (Wang, Chen and Chao, DCC 2017): single frames.

The network has ten 3x3 convolutions of 64 channels and a residual. Its 296,641 parameters agree
with MFQE 2.0's table. ``in_channels=3`` is the RGB variant that PowerQE trains.
"""

from torch import Tensor

from fca2_plugin.layers.conv import conv_chain
from fca2_plugin.nets.enhancer import Enhancer

__all__ = ["DCADNet"]


class DCADNet(Enhancer):
    """Enhances every frame separately.

    ::

        frame -+- conv - ReLU - ... ten convolutions ... - conv -(+)- enhanced
               +------------------------------------------------+

    Args:
        in_channels: 1 for luma, 3 for RGB.
        mid_channels: Width.
        num_layers: Convolutions.
        windows_at_once: Frames that run as one batch without gradients; None for all.

    Shape:
        (n, t, c, h, w) in [0, 1] to the same.

    Example:
        >>> DCADNet(mid_channels=8, num_layers=3)(torch.rand(1, 2, 1, 16, 16)).shape
        torch.Size([1, 2, 1, 16, 16])
    """

    def __init__(
        self,
        in_channels: int = 1,
        mid_channels: int = 64,
        num_layers: int = 10,
        windows_at_once: int | None = 8,
    ) -> None:
        super().__init__(0, in_channels, windows_at_once)
        hidden = (num_layers - 1) * [mid_channels]
        self.body = conv_chain([in_channels, *hidden, in_channels])

    def residual(self, window: Tensor) -> Tensor:
        return self.body(window)
