"""BasicVSR (Chan et al., CVPR 2021), so that its published weights run without a host.

This is the same network as MMagic's ``BasicVSRNet`` and BasicSR's ``BasicVSR``, with MMagic's names
in its state dict; files of either host load (``checkpoints.load_part``). Without gradients it keeps
little more than the features of one direction, which BasicVSR needs: it computes flow for a few
pairs at a time and releases tensors after their last use.
"""

from collections import deque
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin._torch import is_compiling
from fca2_plugin.layers.residual import ResidualBlockNoBN
from fca2_plugin.layers.spynet import SPyNet
from fca2_plugin.nets.spec import NetSpec
from fca2_plugin.ops.pieces import images_at_once, join_pieces
from fca2_plugin.ops.warp import flow_warp

__all__ = ["BasicVSRNet"]

_SCALE = 4
_HR_CHANNELS = 64  # of the convolutions at the result's size; independent of the width


class _Trunk(nn.Module):
    """A convolution and residual blocks; modules nested as the published names are."""

    def __init__(self, in_channels: int, mid_channels: int, num_blocks: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(in_channels, mid_channels, 3, padding=1),
            nn.LeakyReLU(0.1, inplace=True),
            nn.Sequential(*(ResidualBlockNoBN(mid_channels) for _ in range(num_blocks))),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x)


class _Enlarge(nn.Module):
    """A convolution, LeakyReLU(0.1) and a pixel shuffle: twice as high and wide."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.upsample_conv = nn.Conv2d(in_channels, 4 * out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(_lrelu(self.upsample_conv(x)), 2)


class BasicVSRNet(nn.Module):
    """Super-resolves a clip by features carried back and then forth along SPyNet's flow.

    ::

        lq[i] -+- cat(warped back[i+1]) --- trunk - back[i] --+
               +- cat(warped forth[i-1]) -- trunk - forth[i] -+- fusion - up x2 - up x2 - conv -+
               +- bilinear x4 ------------------------------------------------------ sr[i] -(+)-+

    Args:
        mid_channels: Width; 64 in the published weights.
        num_blocks: Residual blocks of each direction; 30 in the published weights.

    Shape:
        (n, t, 3, h, w) in [0, 1] to (n, t, 3, 4h, 4w), any size and length.

    Example:
        >>> BasicVSRNet(mid_channels=8, num_blocks=1)(torch.rand(1, 2, 3, 16, 16)).shape
        torch.Size([1, 2, 3, 64, 64])
    """

    def __init__(self, mid_channels: int = 64, num_blocks: int = 30) -> None:
        super().__init__()
        self.spec = NetSpec(scale=_SCALE)
        self.mid_channels = mid_channels
        self.spynet = SPyNet()
        self.backward_resblocks = _Trunk(3 + mid_channels, mid_channels, num_blocks)
        self.forward_resblocks = _Trunk(3 + mid_channels, mid_channels, num_blocks)
        self.fusion = nn.Conv2d(2 * mid_channels, mid_channels, 1)
        self.upsample1 = _Enlarge(mid_channels, mid_channels)
        self.upsample2 = _Enlarge(mid_channels, _HR_CHANNELS)
        self.conv_hr = nn.Conv2d(_HR_CHANNELS, _HR_CHANNELS, 3, padding=1)
        self.conv_last = nn.Conv2d(_HR_CHANNELS, 3, 3, padding=1)

    def forward(self, lq: Tensor) -> Tensor:
        n, t = lq.shape[:2]
        frames = self.stream_frames(lq)
        if torch.is_grad_enabled() or is_compiling():
            return torch.stack(list(frames), dim=1)
        # never all frames and their clip at once
        return join_pieces(frames, t * n).unflatten(0, (t, n)).transpose(0, 1)

    def stream_frames(self, lq: Tensor, *, keep: slice = slice(None)) -> Iterator[Tensor]:
        """Yield the frames ``keep`` of the result in order, (n, 3, 4h, 4w); see StreamsFrames."""
        wanted = range(lq.shape[1])[keep]
        later, earlier = lq[:, wanted.start :], lq[:, : wanted.stop]
        flows = self._flows(later[:, :-1], later[:, 1:])
        carried = self._carry(self.backward_resblocks, later.unbind(1)[::-1], flows[::-1])
        back = deque(carried, maxlen=len(wanted))  # the first frame's last
        flows = self._flows(earlier[:, 1:], earlier[:, :-1])
        carried = self._carry(self.forward_resblocks, earlier.unbind(1), flows)
        for i, forth in enumerate(carried):
            if i >= wanted.start:
                yield self._reconstruct(lq[:, i], torch.cat([back.pop(), forth], dim=1))

    def _flows(self, ref: Tensor, supp: Tensor) -> tuple[Tensor, ...]:
        """Flow that brings each frame of ``supp`` onto that of ``ref``, (n, h, w, 2) each."""
        n, pairs, _, h, w = ref.shape
        if not pairs:
            return ()
        ref, supp = ref.flatten(0, 1), supp.flatten(0, 1)
        at_once = images_at_once(n * pairs, h * w, ref.device)
        pieces = map(self.spynet, ref.split(at_once), supp.split(at_once))
        return join_pieces(pieces, n * pairs).permute(0, 2, 3, 1).unflatten(0, (n, pairs)).unbind(1)

    def _carry(
        self, trunk: nn.Module, frames: Sequence[Tensor], flows: Sequence[Tensor]
    ) -> Iterator[Tensor]:
        """Compute each frame's features (n, c, h, w) from it and the features before it.

        Args:
            trunk: The trunk of this direction.
            frames: The frames in the order of this direction.
            flows: Flows that bring the features of a frame onto the next one.
        """
        n, _, h, w = frames[0].shape
        carried = frames[0].new_zeros(n, self.mid_channels, h, w)
        for i, frame in enumerate(frames):
            if i > 0:
                carried = flow_warp(carried, flows[i - 1])
            carried = trunk(_fast(torch.cat([frame, carried], dim=1)))
            yield carried

    def _reconstruct(self, frame: Tensor, features: Tensor) -> Tensor:
        features = self.upsample2(self.upsample1(_lrelu(self.fusion(features))))
        detail = self.conv_last(_lrelu(self.conv_hr(features)))
        base = F.interpolate(frame, scale_factor=_SCALE, mode="bilinear", align_corners=False)
        return base.add_(detail)


def _fast(x: Tensor) -> Tensor:
    """Channels last in memory on a CPU, where convolutions then take a fifth less time."""
    if x.device.type != "cpu" or is_compiling():
        return x
    return x.contiguous(memory_format=torch.channels_last)


def _lrelu(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.1, inplace=True)
