"""STDF, spatio-temporal deformable fusion (Deng et al., AAAI 2020), and STDF before VSR.

Sizes follow the public PyTorch implementation: R1 has 329,842 parameters, R3 364,510 and R3L
1,274,622 (printed: 1275 K). We made two choices. Offsets start at zero (see ``layers/deform.py``).
Frames whose sides are not multiples of 8 are padded and cropped; its authors leave this to the
caller.

``frontend`` is our reading of the FCA² paper's "STDF + VSR" rows. It matches their +1.1 M
parameters: RGB, radius 3, U-Net of 64, a residual for every LR frame, then the VSR network. Its
planes are in the implementation's order: all R frames, all G, all B.
"""

from torch import Tensor, nn

from fca2_plugin.layers.conv import conv_chain
from fca2_plugin.layers.deform import DeformFusion
from fca2_plugin.layers.quick_start import pass_on, see_details, start_alive, start_silent
from fca2_plugin.nets.enhancer import Enhancer

__all__ = ["STDF_VARIANTS", "STDFNet"]

#: Settings of the published variants and of the front-end.
STDF_VARIANTS = {
    "R1": {"radius": 1},
    "R3": {"radius": 3},
    "R3L": {"radius": 3, "mid_channels": 64, "qe_channels": 64, "num_layers": 16},
    "frontend": {"radius": 3, "in_channels": 3, "mid_channels": 64},
}


class STDFNet(Enhancer):
    """Fuses a window by deformable convolution and corrects its middle frame.

    ::

        window (b,c*f,h,w) -+- UNet - offsets, masks -+
                            +--------- deformable conv - ReLU - convs -(+)- enhanced
                            +----------------- middle frame -----------+

    Args:
        radius: Frames before and after the middle one.
        in_channels: 1 for luma, 3 for RGB.
        mid_channels: Width of the U-Net.
        num_levels: Number of times the U-Net halves the size.
        fused_channels: Channels of the fused features.
        qe_channels: Width of the enhancement part.
        num_layers: Convolutions of the enhancement part.
        quick_start: First weights for very short training, see ``layers/quick_start.py``.
        windows_at_once: Windows that run as one batch without gradients; None for all.

    Shape:
        (n, t, c, h, w) in [0, 1] to the same.

    Example:
        >>> STDFNet(radius=1, mid_channels=8, num_layers=2)(torch.rand(1, 3, 1, 16, 16)).shape
        torch.Size([1, 3, 1, 16, 16])
    """

    def __init__(
        self,
        radius: int = 3,
        in_channels: int = 1,
        mid_channels: int = 32,
        num_levels: int = 3,
        fused_channels: int = 64,
        qe_channels: int = 48,
        num_layers: int = 8,
        quick_start: bool = False,
        windows_at_once: int | None = 8,
    ) -> None:
        super().__init__(radius, in_channels, windows_at_once)
        self.size_multiple = 2**num_levels
        planes = in_channels * self.num_frames
        self.fusion = DeformFusion(planes, fused_channels, mid_channels, num_levels)
        hidden = (num_layers - 1) * [qe_channels]
        self.enhance = conv_chain([fused_channels, *hidden, in_channels])
        if quick_start:
            self._start_quickly()

    def residual(self, window: Tensor) -> Tensor:
        return self.enhance(self.fusion(window))

    def _start_quickly(self) -> None:
        start_alive(self.fusion.unet)
        see_details(self.fusion.block.deform)
        *hidden, last = (layer for layer in self.enhance if isinstance(layer, nn.Conv2d))
        for conv in hidden:
            pass_on(conv)
        start_silent(last)
