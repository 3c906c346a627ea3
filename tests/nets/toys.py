"""Tiny networks that stand in for a host's VSR network."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.nets import NetSpec

__all__ = ["AnswerVSR", "RecordingVSR", "ToyCenter", "ToyImage", "ToyVSR"]


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


class ToyImage(nn.Module):
    """One convolution and a pixel shuffle on images."""

    def __init__(self, scale: int = 4, spec: NetSpec | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3 * scale**2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(scale)
        if spec is not None:
            self.spec = spec

    def forward(self, image: Tensor) -> Tensor:
        return self.shuffle(self.conv(image))


class ToyCenter(nn.Module):
    """The middle of a window: a weighted sum of its frames, enlarged by a convolution.

    Args:
        num_frames: Frames of a window.
        scale: Upscaling factor.
        extras: Return a tuple, as TDAN does.
    """

    def __init__(self, num_frames: int = 5, scale: int = 4, extras: bool = False) -> None:
        super().__init__()
        self.spec = NetSpec(scale, num_frames, center_only=True)
        self.conv = nn.Conv2d(3 * num_frames, 3 * scale**2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(scale)
        self.extras = extras

    def forward(self, window: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        sr = self.shuffle(self.conv(window.flatten(1, 2)))
        return (sr, window) if self.extras else sr
