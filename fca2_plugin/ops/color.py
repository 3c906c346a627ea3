"""Colour correction by first and second moments (FCA², eq. 4 and Table VII)."""

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["COLOR_CORRECTIONS", "correct_color", "gaussian_downsample"]

COLOR_CORRECTIONS = ("frame", "lr_domain", "mean")
_MIN_STD = 1e-6
_SIGMA = 1.5  # of the degradation, Sec. IV-A


def gaussian_downsample(x: Tensor, scale: int, sigma: float = _SIGMA) -> Tensor:
    """Blur and keep every ``scale``-th pixel, beginning with the first: the paper's degradation.

    Shape:
        x: (b, c, h, w) with sides divisible by ``scale``; returns (b, c, h/scale, w/scale).

    Example:
        >>> gaussian_downsample(torch.rand(1, 3, 16, 16), 4).shape
        torch.Size([1, 3, 4, 4])
    """
    radius = int(4 * sigma + 0.5)
    taps = torch.arange(-radius, radius + 1, device=x.device, dtype=x.dtype)
    kernel = torch.exp(-0.5 * (taps / sigma) ** 2)
    kernel = kernel / kernel.sum()
    c = x.shape[1]
    vertical = kernel.view(1, 1, -1, 1).expand(c, 1, -1, 1)
    horizontal = kernel.view(1, 1, 1, -1).expand(c, 1, 1, -1)
    x = F.pad(x, (radius, radius, radius, radius), mode="replicate")
    x = F.conv2d(x, vertical, stride=(scale, 1), groups=c)
    return F.conv2d(x, horizontal, stride=(1, scale), groups=c)


def correct_color(x: Tensor, reference: Tensor, mode: str = "frame") -> Tensor:
    """Give every channel of ``x`` the mean and deviation of ``reference``.

    Args:
        x: Frames to correct, at scale s.
        reference: Frames with the right colours, at scale 1.
        mode: ``frame`` is eq. 4 and uses the statistics of ``x`` itself. A blurred and subsampled
            reference has a smaller deviation than a sharp ``x``, so eq. 4 lowers the contrast even
            of a perfect result. ``lr_domain`` uses the statistics of ``x`` after the paper's blur
            and subsampling; it does not change a perfect result. ``mean`` corrects only the mean.

    Shape:
        x: (n, t, c, s*h, s*w); reference: (n, t, c, h, w); returns the shape of ``x``.

    Example:
        >>> frame = torch.rand(1, 1, 3, 8, 8)
        >>> dark = 0.5 * frame
        >>> torch.allclose(correct_color(dark, frame), frame, atol=1e-5)
        True
    """
    seen = x
    scale = x.shape[-1] // reference.shape[-1]
    if mode == "lr_domain" and scale > 1:
        seen = gaussian_downsample(x.flatten(0, 1), scale).unflatten(0, x.shape[:2])
    mean = seen.mean(dim=(-2, -1), keepdim=True)
    target_mean = reference.mean(dim=(-2, -1), keepdim=True)
    if mode == "mean":
        return x - mean + target_mean
    return (x - mean) / _std(seen).clamp_min(_MIN_STD) * _std(reference) + target_mean


def _std(x: Tensor) -> Tensor:
    """Deviation over the pixels; unbiased as in the released code, 0 for a single pixel."""
    return x.std(dim=(-2, -1), keepdim=True, correction=min(1, x[0, 0, 0].numel() - 1))
