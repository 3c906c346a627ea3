"""Multi-frame quality enhancement: MFQE (Yang et al., CVPR 2018) and 2.0 (Guan et al., TPAMI 2019).

The quality of coded video varies from frame to frame. A frame is enhanced with the previous and the
next frame of peak quality (PQF), both warped onto it by flow. The structure is that of the released
models, with 1,787,547 and 255,422 parameters. The two models differ after the flow. In the first, a
network for single frames enhances the PQFs. In the second, PQFs have separate weights
(``MFQE2PairNet``).

Other details also follow the released code: flow in units of 64 pixels (the width of its training
patches), activations that start as ReLU and learn a slope per channel, batch normalisation as in
TensorFlow, and a second enhancement part without dense connections for QP 22 to 32
(``dense=False``). For warping, we repeat frames at their borders; the released code uses zeros.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.layers.conv import conv_chain
from fca2_plugin.nets.enhancer import Enhancer
from fca2_plugin.ops.frame_groups import pick_frames
from fca2_plugin.ops.warp import flow_warp
from fca2_plugin.ops.windows import peak_indices

__all__ = ["MFQE2Net", "MFQE2PairNet", "MFQENet", "check_compensates"]

_FLOW_UNIT = 64  # pixels
_KERNELS = (3, 5, 7)
_MINOR = 0.01  # the weight of the loss that does not dominate
_PQF_DISTANCE = 2  # HM's low-delay QP offsets make every second frame better


def _prelu(channels: int) -> nn.PReLU:
    return nn.PReLU(channels, init=0.0)


def _conv(in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1) -> list:
    padding = kernel_size // 2
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding)
    return [conv, _prelu(out_channels)]


def _flow(hidden: list, mid_channels: int, shrink: int) -> nn.Sequential:
    """Layers that predict a flow ``shrink`` times smaller and then unfold it."""
    last = nn.Conv2d(mid_channels, 2 * shrink**2, 3, padding=1)
    return nn.Sequential(*hidden, last, nn.Tanh(), nn.PixelShuffle(shrink))


class MotionCompensation(nn.Module):
    """Warps a frame onto another by a flow that is refined in three steps (MC-subnet).

    ::

        cur, other - coarse (1/4) - flow - warp - fine (1/2) - flow - warp - finest - flow - warp

    Shape:
        current, other (b, 1, h, w) to (b, 1, h, w), sides multiples of 4.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        c = channels
        refined = 5  # channels: both frames, the flow so far, and the frame warped by it
        coarse = [*_conv(2, c, 5, 2), *_conv(c, c), *_conv(c, c, 5, 2), *_conv(c, c)]
        same = [layer for _ in range(3) for layer in _conv(c, c)]
        self.coarse = _flow(coarse, c, shrink=4)
        self.fine = _flow([*_conv(refined, c, 5, 2), *same], c, shrink=2)
        same = [layer for _ in range(3) for layer in _conv(c, c)]
        self.finest = _flow([*_conv(refined, c), *same], c, shrink=1)

    def forward(self, current: Tensor, other: Tensor) -> Tensor:
        pair = torch.cat([current, other], dim=1)
        flow = self.coarse(pair)
        for refine in (self.fine, self.finest):
            flow = flow + refine(torch.cat([pair, flow, self.warp(other, flow)], dim=1))
        return self.warp(other, flow)

    @staticmethod
    def warp(frame: Tensor, flow: Tensor) -> Tensor:
        """Warp by a flow (b, 2, h, w), x before y, in units of 64 pixels."""
        pixels = _FLOW_UNIT * flow.permute(0, 2, 3, 1)
        return flow_warp(frame, pixels, padding_mode="border")


class PairwiseEnhancement(nn.Module):
    """Merges the current frame with each of its neighbours, then both results (MFQE's QE-subnet).

    Shape:
        (b, 3, h, w), both compensated frames around the current one, to (b, 1, h, w).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        c, half = channels, channels // 2
        self.extract = nn.ModuleList(nn.Sequential(*_conv(1, c, 9)) for _ in range(3))
        self.merge = nn.ModuleList(
            nn.Sequential(*_conv(2 * c, half, 7), *_conv(half, half)) for _ in range(2)
        )
        self.last = nn.Sequential(*_conv(2 * half, c // 4, 1), nn.Conv2d(c // 4, 1, 5, padding=2))

    def forward(self, frames: Tensor) -> Tensor:
        before, current, after = (
            layer(frame) for frame, layer in zip(frames.split(1, dim=1), self.extract, strict=True)
        )
        pairs = (torch.cat([before, current], dim=1), torch.cat([current, after], dim=1))
        merged = [layer(pair) for pair, layer in zip(pairs, self.merge, strict=True)]
        return self.last(torch.cat(merged, dim=1))


class DenseEnhancement(nn.Module):
    """Convolutions of three sizes on each frame, then five dense layers and a last one.

    This is MFQE 2.0's QE-subnet. Without ``dense``, nine convolutions in a row replace the layers.

    Shape:
        (b, 3, h, w), both compensated frames around the current one, to (b, 1, h, w).
    """

    def __init__(self, channels: int, dense: bool) -> None:
        super().__init__()
        c = channels
        self.extract = nn.ModuleList(
            nn.ModuleList(nn.Sequential(*_conv(1, c, size)) for size in _KERNELS) for _ in range(3)
        )
        num_maps = 3 * len(_KERNELS)
        self.dense: nn.ModuleList | None = None
        if dense:
            widths = (num_maps * c, c, 2 * c, 3 * c, 4 * c)
            self.dense = nn.ModuleList(self._normalized(width, c) for width in widths)
            self.last = self._normalized(c, 1)
        else:
            self.last = conv_chain([num_maps * c, *7 * [c], c // 2, 1], _prelu)

    @staticmethod
    def _normalized(in_channels: int, out_channels: int) -> nn.Sequential:
        conv, activation = _conv(in_channels, out_channels)
        # TensorFlow's defaults; its momentum of 0.99 is 0.01 here
        return nn.Sequential(conv, nn.BatchNorm2d(out_channels, 1e-3, 0.01), activation)

    def forward(self, frames: Tensor) -> Tensor:
        maps = torch.cat(
            [
                layer(frame)
                for frame, layers in zip(frames.split(1, dim=1), self.extract, strict=True)
                for layer in layers.children()
            ],
            dim=1,
        )
        if self.dense is None:
            return self.last(maps)
        found = [self.dense[0](maps)]
        for layer in self.dense[1:]:
            found.append(layer(torch.cat(found, dim=1)))
        return self.last(found[-1])


class _PeakEnhancer(Enhancer):
    """Enhances a frame with the frames of peak quality before and after it.

    ::

        PQF before - MotionCompensation --+
        frame ----------------------------+- enhance -(+)- enhanced
        PQF after  - MotionCompensation --+            |
                                              frame ---+
    """

    size_multiple = 4
    uses_peaks = True
    context_frames = cut_multiple = _PQF_DISTANCE

    def __init__(self, mid_channels: int, enhance: nn.Module, windows_at_once: int | None) -> None:
        super().__init__(1, windows_at_once=windows_at_once)
        self.compensation = MotionCompensation(mid_channels)
        self.enhance = enhance

    def forward(self, x: Tensor, pqfs: Iterable[int] | None = None) -> Tensor:
        """Enhance a clip whose frames ``pqfs`` are PQFs; None: every second, from the first."""
        if x.ndim == 4:
            return self.enhance_window(x)
        windows = self.windows(x.shape[1], pqfs)
        return self.to_clip(self.enhance_frames(self.to_planes(x), windows), x)

    def windows(self, num_frames: int, peaks: Iterable[int] | None = None) -> list[list[int]]:
        return peak_indices(num_frames, _pqfs(num_frames, peaks))

    def residual(self, window: Tensor) -> Tensor:
        before, after = self.compensate(window).split(1, dim=1)
        return self.enhance(torch.cat([before, window[:, 1:2], after], dim=1))

    def compensate(self, window: Tensor) -> Tensor:
        """Warp both neighbours onto the middle frame, (b, 3, h, w) to (b, 2, h, w).

        ``add_compensation`` compares the results with the middle frame (L_MC).
        """
        before, current, after = window.split(1, dim=1)
        others = torch.cat([before, after])
        moved = self.compensation(torch.cat([current, current]), others)
        return torch.cat(moved.chunk(2), dim=1)

    def add_compensation(self, loss: Tensor, window: Tensor, leads: bool) -> Tensor:
        """Add L_MC as published: one of the two losses has full weight, the other a small one.

        Args:
            loss: Loss of the result (L_QE).
            window: Input of the network, (b, 3, h, w).
            leads: Whether L_MC has full weight (step 1); otherwise ``loss`` has it.
        """
        moved = self.compensate(self.pad(window))[..., : window.shape[-2], : window.shape[-1]]
        # the sum of both neighbours' means
        motion = 2 * F.mse_loss(moved, window[:, 1:2].expand_as(moved))
        return motion + _MINOR * loss if leads else _MINOR * motion + loss


class MFQENet(_PeakEnhancer):
    """MFQE: compensates motion, then merges each neighbour with the frame.

    ::

        PQF before, frame, PQF after - MotionCompensation - PairwiseEnhancement -(+)- enhanced
                      +----------------------------------------------------------+

    Args:
        mid_channels: Width of the motion compensation.
        qe_channels: Width of the enhancement, a multiple of 4.
        windows_at_once: Frames that run as one batch without gradients; None for all.

    Shape:
        (n, t, c, h, w) in [0, 1] to the same, each channel separately.

    Example:
        >>> MFQENet(mid_channels=8, qe_channels=8)(torch.rand(1, 3, 1, 16, 16)).shape
        torch.Size([1, 3, 1, 16, 16])
    """

    def __init__(
        self, mid_channels: int = 24, qe_channels: int = 128, windows_at_once: int | None = 8
    ) -> None:
        super().__init__(mid_channels, PairwiseEnhancement(qe_channels), windows_at_once)


class MFQE2Net(_PeakEnhancer):
    """MFQE 2.0: compensates motion, then applies convolutions of three sizes and dense layers.

    ::

        PQF before, frame, PQF after - MotionCompensation - DenseEnhancement -(+)- enhanced
                      +-------------------------------------------------------+

    Args:
        mid_channels: Width of the motion compensation.
        qe_channels: Width of the enhancement, even.
        dense: Use dense enhancement (QP 37 and 42); False uses the plain one (QP 22 to 32).
        windows_at_once: Frames that run as one batch without gradients; None for all.

    Shape:
        (n, t, c, h, w) in [0, 1] to the same, each channel separately.

    Example:
        >>> MFQE2Net(mid_channels=8, qe_channels=8)(torch.rand(1, 3, 1, 16, 16)).shape
        torch.Size([1, 3, 1, 16, 16])
    """

    def __init__(
        self,
        mid_channels: int = 24,
        qe_channels: int = 32,
        dense: bool = True,
        windows_at_once: int | None = 8,
    ) -> None:
        super().__init__(mid_channels, DenseEnhancement(qe_channels, dense), windows_at_once)


class MFQE2PairNet(nn.Module):
    """Two MFQE 2.0 networks: one enhances the PQFs, the other all other frames.

    Each is trained as an ``MFQE2Net`` on its own kind of frames. The arguments apply to both.

    Shape:
        (n, t, c, h, w) in [0, 1] to the same, each channel separately.

    Example:
        >>> MFQE2PairNet(mid_channels=8, qe_channels=8)(torch.rand(1, 3, 1, 16, 16)).shape
        torch.Size([1, 3, 1, 16, 16])
    """

    uses_peaks = True
    context_frames = cut_multiple = _PQF_DISTANCE

    def __init__(
        self,
        mid_channels: int = 24,
        qe_channels: int = 32,
        dense: bool = True,
        windows_at_once: int | None = 8,
    ) -> None:
        super().__init__()
        self.pqf_net = MFQE2Net(mid_channels, qe_channels, dense, windows_at_once)
        self.non_pqf_net = MFQE2Net(mid_channels, qe_channels, dense, windows_at_once)
        self.spec = self.pqf_net.spec

    def windows(self, num_frames: int, peaks: Iterable[int] | None = None) -> list[list[int]]:
        """The requirements of both networks."""
        return self.pqf_net.windows(num_frames, peaks)

    def step(
        self, window: Tensor, state: Tensor | None = None, is_peak: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Enhance the next frame like ``Enhancer.step``, with the network for its kind."""
        return (self.pqf_net if is_peak else self.non_pqf_net).step(window)

    def forward(self, x: Tensor, pqfs: Iterable[int] | None = None) -> Tensor:
        """Enhance a clip whose frames ``pqfs`` are PQFs; None: every second, from the first."""
        pqfs = sorted(set(_pqfs(x.shape[1], pqfs)))
        others = [frame for frame in range(x.shape[1]) if frame not in pqfs]
        planes = self.pqf_net.to_planes(x)
        windows = self.windows(x.shape[1], pqfs)
        parts = [
            net.enhance_frames(planes, [windows[frame] for frame in frames])
            for net, frames in ((self.pqf_net, pqfs), (self.non_pqf_net, others))
            if frames
        ]
        order = sorted(range(x.shape[1]), key=(pqfs + others).__getitem__)
        return self.pqf_net.to_clip(pick_frames(torch.cat(parts, dim=1), order), x)


def _pqfs(num_frames: int, pqfs: Iterable[int] | None) -> Iterable[int]:
    return range(0, num_frames, _PQF_DISTANCE) if pqfs is None else pqfs


def check_compensates(net: nn.Module) -> None:
    """Check that a network has motion compensation to train.

    Raises:
        ValueError: It does not.
    """
    if not isinstance(net, _PeakEnhancer):
        raise ValueError(
            f"compensation_iters is set, but {type(net).__name__} has no motion compensation to "
            "train; leave it out, or train MFQENet or MFQE2Net"
        )
