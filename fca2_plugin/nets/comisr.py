"""COMISR: compression-informed video super-resolution (Li et al., ICCV 2021).

COMISR is a recurrent network of the FRVSR family with three ideas: it refines the flow at high
resolution, it sharpens the previous result by its Laplacian before reusing it, and it trains
through the clip in both directions. Structure and widths follow the published test code, which has
2,628,391 parameters (FCA²'s tables print 6.2 M).

Training in both directions is not implemented: its code was never published, and a patent
application covers it. The hosts train forward. Frames are in [0, 1] throughout, and flows have this
package's order and sign (see ``ops.warp``), so the published TensorFlow weights need conversion.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.geometry import FIRST
from fca2_plugin.nets.spec import NetSpec
from fca2_plugin.ops.padding import pad_space
from fca2_plugin.ops.resize import bicubic_enlarge
from fca2_plugin.ops.warp import flow_warp

__all__ = ["COMISRNet"]

_SCALE = 4
_MAX_FLOW = 24.0  # pixels at LQ size: the tanh of the flow network times this
_SLOPE = 0.2
_SIGMA = 1.5  # of the Gaussian for the Laplacian; a 3x3 window, as published


class _FlowNet(nn.Module):
    """An hourglass network for the flow between two LQ frames; sides are multiples of 8.

    Shape:
        (b, 6, h, w) to (b, 2, h, w) in pixels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(
            _two_convs(a, b) for a, b in ((6, width), (width, 2 * width), (2 * width, 4 * width))
        )
        self.decoder = nn.ModuleList(
            _two_convs(a, b)
            for a, b in ((4 * width, 8 * width), (8 * width, 4 * width), (4 * width, 2 * width))
        )
        self.head = nn.Sequential(
            nn.Conv2d(2 * width, width, 3, padding=1),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2d(width, 2, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        for convs in self.encoder:
            x = F.max_pool2d(convs(x), 2)
        for convs in self.decoder:
            x = F.interpolate(convs(x), scale_factor=2, mode="bilinear", align_corners=False)
        return _MAX_FLOW * torch.tanh(self.head(x))


def _two_convs(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        nn.LeakyReLU(_SLOPE),
        nn.Conv2d(out_channels, out_channels, 3, padding=1),
        nn.LeakyReLU(_SLOPE),
    )


class _ResidualBlock(nn.Module):
    """conv 3x3 - ReLU - conv 3x3, added to the input; initialised by torch's default."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def _double(in_channels: int, out_channels: int) -> nn.ConvTranspose2d:
    """Double height and width."""
    return nn.ConvTranspose2d(in_channels, out_channels, 3, 2, padding=1, output_padding=1)


class COMISRNet(nn.Module):
    """Super-resolves a clip frame by frame, each from the one before it.

    ::

        lq[i-1], lq[i] - flow net - x4 -(+)- HR flow
                                 +- refine -+   |
        sr[i-1] ------------------------------ warp - sharpen - unshuffle -+
        lq[i] ----------------------------------------------------------- cat - generator -(+)- sr
          +- bicubic x4 --------------------------------------------------------------------+

    Args:
        mid_channels: Width of generator and flow refinement.
        num_blocks: Residual blocks of the generator; 10 in the published code.
        flow_channels: First width of the flow network.
        warmup_frames: Number of frames, mirrored from the clip's start, that run first and whose
            results are dropped; the published test uses 5.
        phase: Position of the LQ pixels in their blocks, a word of ``fca2_plugin.geometry``; the
            published data keep the first of each block.

    Shape:
        (n, t, 3, h, w) in [0, 1] to (n, t, 3, 4h, 4w), any size and length.

    Raises:
        ValueError: ``warmup_frames`` is negative, or the phase is unknown.

    Example:
        >>> COMISRNet(mid_channels=8, num_blocks=1)(torch.rand(1, 2, 3, 16, 16)).shape
        torch.Size([1, 2, 3, 64, 64])
    """

    blur_kernel: Tensor

    def __init__(
        self,
        mid_channels: int = 64,
        num_blocks: int = 10,
        flow_channels: int = 32,
        warmup_frames: int = 0,
        phase: str = FIRST,
    ) -> None:
        super().__init__()
        self.spec = NetSpec(scale=_SCALE, phase=phase)
        self.phase = phase
        if warmup_frames < 0:
            raise ValueError(f"warmup_frames must be at least 0, got {warmup_frames}")
        self.warmup_frames = warmup_frames
        self.flow_net = _FlowNet(flow_channels)
        self.refine_flow = nn.Sequential(
            _double(2, mid_channels),
            nn.ReLU(),
            _double(mid_channels, mid_channels),
            nn.ReLU(),
            nn.Conv2d(mid_channels, 2, 3, padding=1),
        )
        self.generator = nn.Sequential(
            nn.Conv2d(3 + 3 * _SCALE**2, mid_channels, 3, padding=1),
            nn.ReLU(),
            *(_ResidualBlock(mid_channels) for _ in range(num_blocks)),
            _double(mid_channels, mid_channels),
            nn.ReLU(),
            _double(mid_channels, mid_channels),
            nn.ReLU(),
            nn.Conv2d(mid_channels, 3, 3, padding=1),
        )
        taps = torch.exp(-0.5 * (torch.arange(-1.0, 2.0) / _SIGMA) ** 2)
        kernel = torch.outer(taps, taps) / taps.sum() ** 2
        self.register_buffer("blur_kernel", kernel.expand(3, 1, 3, 3).clone(), persistent=False)

    def forward(self, lq: Tensor) -> Tensor:
        warmup = min(self.warmup_frames, lq.shape[1] - 1)
        if warmup:
            lq = torch.cat([lq[:, 1 : warmup + 1].flip(1), lq], dim=1)
        flows = self._hr_flows(lq)  # (n, t-1, 2, 4h, 4w)
        base = bicubic_enlarge(lq.flatten(0, 1), _SCALE, self.phase).unflatten(0, lq.shape[:2])
        sr: list[Tensor] = []
        for index in range(lq.shape[1]):
            if index:
                state = self._sharpen(flow_warp(sr[-1], flows[:, index - 1].permute(0, 2, 3, 1)))
            else:
                state = torch.zeros_like(base[:, 0])
            inputs = torch.cat([lq[:, index], F.pixel_unshuffle(state, _SCALE)], dim=1)
            sr.append(self.generator(inputs) + base[:, index])
        return torch.stack(sr[warmup:], dim=1)

    def _hr_flows(self, lq: Tensor) -> Tensor:
        """Compute the flow from each frame to its predecessor at high resolution, as one batch."""
        n, t, _, h, w = lq.shape
        if t == 1:
            return lq.new_zeros(n, 0, 2, _SCALE * h, _SCALE * w)
        pairs = torch.cat([lq[:, :-1], lq[:, 1:]], dim=2).flatten(0, 1)
        flow = self.flow_net(pad_space(pairs, 8))[..., :h, :w]
        enlarged = F.interpolate(
            _SCALE * flow, scale_factor=_SCALE, mode="bilinear", align_corners=False
        )
        return (enlarged + self.refine_flow(flow)).unflatten(0, (n, t - 1))

    def _sharpen(self, x: Tensor) -> Tensor:
        """Add the Laplacian, which is the image minus its Gaussian blur."""
        blurred = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), self.blur_kernel, groups=3)
        return x + (x - blurred)
