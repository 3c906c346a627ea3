"""Compact networks of this project for x4 video super-resolution on a CPU.

Like BasicVSR (Chan et al., CVPR 2021), ``CompactVSRNet`` propagates features in both directions
along flow, but each of its parts is small. The flow network uses 3x3 convolutions instead of
SPyNet's 7x7, which would cost more than all other parts together. One pixel shuffle at LQ size, as
in SRVGGNetCompact of Real-ESRGAN, replaces convolutions at HR size. ``CompactSRNet`` is that
SRVGGNetCompact. It processes each frame separately, as a lower bound without neighbouring frames.

Both add the output of their last convolution to bicubic enlargement. That output is small at first,
so training starts from bicubic rather than from noise.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.geometry import CENTRED
from fca2_plugin.layers.enlarge import BicubicEnlarge
from fca2_plugin.layers.residual import ResidualBlocksWithInputConv
from fca2_plugin.layers.spynet import SPyNet
from fca2_plugin.nets.spec import NetSpec
from fca2_plugin.ops.pieces import images_at_once, join_pieces, stack_frames
from fca2_plugin.ops.warp import flow_warp

__all__ = ["CompactFlowNet", "CompactSRNet", "CompactVSRNet"]

_SCALE = 4
_LEVELS = 4  # 1 pixel at the top is 8 at LQ size: more than the motion between frames
_FLOW_WIDTHS = (24, 32, 24)


def _small_spynet() -> SPyNet:
    return SPyNet(_LEVELS, _FLOW_WIDTHS, kernel_size=3)


def _faint_tail(mid_channels: int) -> nn.Conv2d:
    tail = nn.Conv2d(mid_channels, 3 * _SCALE**2, 3, padding=1)
    tail.weight.data.mul_(0.01)
    nn.init.zeros_(tail.get_parameter("bias"))
    return tail


def _enlarge(enlarge: BicubicEnlarge, lq: Tensor, residual: Tensor) -> Tensor:
    """Add the tail's output to bicubic frames, and shuffle the sum to the result's size."""
    return F.pixel_shuffle(enlarge.cells(lq).add_(residual), _SCALE).to(lq.dtype)


def _neighbour_flows(spynet: SPyNet, lq: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the flow of each frame to the next and to the previous one, (t-1, n, h, w, 2)."""
    n, t, _, h, w = lq.shape
    frames = lq.unbind(1)
    pairs = [*zip(frames, frames[1:], strict=False), *zip(frames[1:], frames, strict=False)]
    at_once = images_at_once(len(pairs), n * h * w, lq.device)
    batches = (pairs[start : start + at_once] for start in range(0, len(pairs), at_once))
    pieces = (spynet(*map(torch.cat, zip(*batch, strict=True))) for batch in batches)
    flows = join_pieces(pieces, len(pairs) * n).permute(0, 2, 3, 1)
    to_next, to_previous = flows.unflatten(0, (2, t - 1, n))
    return to_next, to_previous


class CompactVSRNet(nn.Module):
    """Super-resolves a clip by features carried back and then forth along its motion.

    ::

        lq[i] -+- cat(warped back[i+1]) -- blocks - back[i]
               +- cat(back[i], warped forth[i-1]) - blocks - forth[i] - conv - shuffle -(+)- sr[i]
               +- bicubic x4 -----------------------------------------------------------+

    Args:
        mid_channels: Width.
        num_blocks: Residual blocks of each direction.
        phase: Position of the LQ pixels in their blocks, a word of ``fca2_plugin.geometry``.

    Shape:
        (n, t, 3, h, w) in [0, 1] to (n, t, 3, 4h, 4w), any size and length.

    Example:
        >>> CompactVSRNet(mid_channels=8, num_blocks=1)(torch.rand(1, 2, 3, 16, 16)).shape
        torch.Size([1, 2, 3, 64, 64])
    """

    def __init__(self, mid_channels: int = 32, num_blocks: int = 5, phase: str = CENTRED) -> None:
        super().__init__()
        self.spec = NetSpec(scale=_SCALE, phase=phase)
        self.enlarge = BicubicEnlarge(_SCALE, phase)
        self.mid_channels = mid_channels
        self.spynet = _small_spynet()
        self.back = ResidualBlocksWithInputConv(3 + mid_channels, mid_channels, num_blocks)
        self.forth = ResidualBlocksWithInputConv(3 + 2 * mid_channels, mid_channels, num_blocks)
        self.tail = _faint_tail(mid_channels)

    def forward(self, lq: Tensor) -> Tensor:
        return stack_frames(self.stream_frames(lq), lq.shape[1])

    def stream_frames(self, lq: Tensor, *, keep: slice = slice(None)) -> Iterator[Tensor]:
        """Yield the frames ``keep`` of the result in order, (n, 3, 4h, 4w); see StreamsFrames."""
        n, t, _, h, w = lq.shape
        wanted = range(t)[keep]
        if t > 1:
            to_next, to_previous = _neighbour_flows(self.spynet, lq)
        back: list[Tensor] = []  # the last frame's first
        carried = lq.new_zeros(n, self.mid_channels, h, w)
        for i in reversed(range(t)):
            if i < t - 1:
                carried = flow_warp(carried, to_next[i])
            carried = self.back(torch.cat([lq[:, i], carried], dim=1))
            if i < wanted.stop:
                back.append(carried)
        carried = torch.zeros_like(carried)
        for i in range(wanted.stop):
            if i > 0:
                carried = flow_warp(carried, to_previous[i - 1])
            carried = self.forth(torch.cat([lq[:, i], back.pop(), carried], dim=1))
            if i >= wanted.start:
                yield _enlarge(self.enlarge, lq[:, i], self.tail(carried))


class CompactFlowNet(nn.Module):
    """Trains the flow of ``CompactVSRNet``: rebuilds every frame from a neighbour along it.

    With the frames themselves as targets, a host's pixel loss on the result is the photometric
    loss of unsupervised flow. Odd frames are rebuilt from the previous frame, even frames from the
    next one, if it exists.

    Shape:
        (n, t, 3, h, w) in [0, 1] to the same, t >= 2 to learn anything.

    Example:
        >>> CompactFlowNet()(torch.rand(1, 2, 3, 16, 16)).shape
        torch.Size([1, 2, 3, 16, 16])
    """

    spec = NetSpec(scale=1)

    def __init__(self) -> None:
        super().__init__()
        self.spynet = _small_spynet()

    def forward(self, lq: Tensor) -> Tensor:
        t = lq.shape[1]
        if t == 1:
            return lq.clone()
        to_next, to_previous = _neighbour_flows(self.spynet, lq)
        rebuilt = []
        for i in range(t):
            backward = i % 2 == 1 or i == t - 1
            flow, other = (to_previous[i - 1], i - 1) if backward else (to_next[i], i + 1)
            rebuilt.append(flow_warp(lq[:, other], flow, padding_mode="border"))
        return torch.stack(rebuilt, dim=1)


class CompactSRNet(nn.Module):
    """Super-resolves every frame separately with SRVGGNetCompact's chain of convolutions.

    ::

        lq -+- conv - PReLU - ... - conv - shuffle -(+)- sr
            +- bicubic x4 --------------------------+

    Args:
        mid_channels: Width.
        num_convs: Convolutions between the first and the last.
        phase: Position of the LQ pixels in their blocks, a word of ``fca2_plugin.geometry``.

    Shape:
        (n, t, 3, h, w) in [0, 1] to (n, t, 3, 4h, 4w), any size and length.

    Example:
        >>> CompactSRNet(mid_channels=8, num_convs=1)(torch.rand(1, 2, 3, 16, 16)).shape
        torch.Size([1, 2, 3, 64, 64])
    """

    def __init__(self, mid_channels: int = 32, num_convs: int = 16, phase: str = CENTRED) -> None:
        super().__init__()
        self.spec = NetSpec(scale=_SCALE, phase=phase)
        self.enlarge = BicubicEnlarge(_SCALE, phase)
        layers: list[nn.Module] = []
        for before in (3, *[mid_channels] * num_convs):
            layers += [nn.Conv2d(before, mid_channels, 3, padding=1), nn.PReLU(mid_channels)]
        self.body = nn.Sequential(*layers)
        self.tail = _faint_tail(mid_channels)

    def forward(self, lq: Tensor) -> Tensor:
        frames = lq.flatten(0, 1)
        sr = _enlarge(self.enlarge, frames, self.tail(self.body(frames)))
        return sr.unflatten(0, lq.shape[:2])
