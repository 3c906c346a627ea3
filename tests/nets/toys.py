"""Tiny networks that stand in for a host's VSR network."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.nets import NetSpec

__all__ = ["AnswerVSR", "RecordingVSR", "ToyVSR"]


class ToyVSR(nn.Module):
    """One convolution and a pixel shuffle; adds the clip's mean frame, so that time matters."""

    def __init__(self, scale: int = 4) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3 * scale**2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(scale)

    def forward(self, lq: Tensor) -> Tensor:
        sr = self.shuffle(self.conv(lq.flatten(0, 1))).unflatten(0, lq.shape[:2])
        return sr + sr.mean(dim=1, keepdim=True)


class RecordingVSR(nn.Module):
    """Repeats pixels, and keeps what it was given."""

    def __init__(self, scale: int = 4, spec: NetSpec | None = None) -> None:
        super().__init__()
        self.scale = scale
        self.seen: list[Tensor] = []
        if spec is not None:
            self.spec = spec

    def forward(self, lq: Tensor) -> Tensor:
        self.seen.append(lq.detach().clone())
        sr = F.interpolate(lq.flatten(0, 1), scale_factor=self.scale)
        return sr.unflatten(0, lq.shape[:2])


class AnswerVSR(nn.Module):
    """Answers zeros of a given shape, whatever the input."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, lq: Tensor) -> Tensor:
        return torch.zeros(self.shape)
