"""SPyNet, the optical flow network of the VSR field (Ranjan and Black, CVPR 2017).

This package uses only this SPyNet. Its weights have MMagic's names, so that the usual file
``spynet_20210409-c6c1bd09.pth`` loads. That file's authors allow research use only. For small
networks that train their own flow, it can have fewer and narrower levels and smaller kernels.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.ops.padding import round_up
from fca2_plugin.ops.warp import flow_warp

__all__ = ["SPyNet"]

_WIDTHS = (32, 64, 32, 16)  # of the published network
# ImageNet statistics, which the published weights expect
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


class _Conv(nn.Module):
    """A convolution in a module, to match the names in the published weights."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class _Level(nn.Module):
    """Refines the flow at one level of the pyramid."""

    def __init__(self, widths: Sequence[int], kernel_size: int) -> None:
        super().__init__()
        self.basic_module = nn.Sequential(
            *(_Conv(a, b, kernel_size) for a, b in zip((8, *widths), (*widths, 2), strict=True))
        )

    def forward(self, x: Tensor) -> Tensor:
        *hidden, last = self.basic_module
        for conv in hidden:
            x = F.relu(conv(x), inplace=True)
        return last(x)


class SPyNet(nn.Module):
    """Flow that brings ``supp`` onto ``ref``: ``flow_warp(supp, flow)`` looks like ``ref``.

    Args:
        num_levels: Levels of the pyramid; 6 in the published network.
        widths: Channels between the convolutions of a level.
        kernel_size: Side of their kernels, odd.

    Shape:
        ref, supp: (b, 3, h, w) in [0, 1], any size; returns (b, 2, h, w) in pixels, (x, y).

    Example:
        >>> ref, supp = torch.rand(2, 1, 3, 32, 32)
        >>> SPyNet(num_levels=2)(ref, supp).shape
        torch.Size([1, 2, 32, 32])
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, num_levels: int = 6, widths: Sequence[int] = _WIDTHS, kernel_size: int = 7
    ) -> None:
        super().__init__()
        self.basic_module = nn.ModuleList(_Level(widths, kernel_size) for _ in range(num_levels))
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(_STD).view(1, 3, 1, 1))

    def forward(self, ref: Tensor, supp: Tensor) -> Tensor:
        h, w = ref.shape[-2:]
        multiple = 2 ** (len(self.basic_module) - 1)
        size = round_up(h, multiple), round_up(w, multiple)
        ref, supp = (self._resize(frames, size) for frames in (ref, supp))
        flow = self._resize(self._pyramid_flow(ref, supp), (h, w))
        # plain numbers: a tensor would be copied to the GPU, which would have to wait for it
        return torch.stack([flow[:, 0] * (w / size[1]), flow[:, 1] * (h / size[0])], dim=1)

    def _pyramid_flow(self, ref: Tensor, supp: Tensor) -> Tensor:
        levels = [((ref - self.mean) / self.std, (supp - self.mean) / self.std)]
        for _ in range(len(self.basic_module) - 1):
            ref, supp = levels[-1]
            levels.append((F.avg_pool2d(ref, 2), F.avg_pool2d(supp, 2)))

        for refine, (ref, supp) in zip(self.basic_module, reversed(levels), strict=True):
            if ref is levels[-1][0]:
                flow = ref.new_zeros(ref.shape[0], 2, *ref.shape[-2:])
            else:
                flow = 2 * F.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=True)
            warped = flow_warp(supp, flow.permute(0, 2, 3, 1), padding_mode="border")
            flow = flow + refine(torch.cat([ref, warped, flow], dim=1))
        return flow

    @staticmethod
    def _resize(x: Tensor, size: tuple[int, int]) -> Tensor:
        if x.shape[-2:] == size:
            return x
        return F.interpolate(x, size=size, mode="bilinear", align_corners=False)
