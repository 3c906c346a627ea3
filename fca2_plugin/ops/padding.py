"""Padding in space and time, which slicing undoes."""

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["extend_time", "mirror_time", "pad_space", "round_up"]


def round_up(size: int, multiple: int) -> int:
    """Round up to a multiple without using negative numbers, which ONNX rounds towards zero."""
    return (size + multiple - 1) // multiple * multiple


def pad_space(x: Tensor, multiple: int = 1, min_size: int = 1) -> Tensor:
    """Pad bottom and right until both sides are a multiple and large enough.

    The content is mirrored; a side shorter than its padding repeats the border instead.

    Shape:
        x: (..., h, w); returns (..., H, W) with H = k * multiple >= max(h, min_size).

    Example:
        >>> pad_space(torch.rand(1, 3, 15, 17), multiple=4).shape
        torch.Size([1, 3, 16, 20])
    """
    h, w = x.shape[-2:]
    pad_h, pad_w = (round_up(max(side, min_size), multiple) - side for side in (h, w))
    if not (pad_h or pad_w):
        return x
    mode = "reflect" if pad_h < h and pad_w < w else "replicate"
    padded = F.pad(x.reshape(1, -1, h, w), (0, pad_w, 0, pad_h), mode=mode)
    return padded.reshape(*x.shape[:-2], *padded.shape[-2:])


def extend_time(x: Tensor, num_frames: int) -> Tensor:
    """Repeat the last frame until the clip has ``num_frames``.

    Shape:
        x: (n, t, ...); returns (n, max(t, num_frames), ...).

    Example:
        >>> extend_time(torch.rand(1, 5, 3, 8, 8), 7).shape
        torch.Size([1, 7, 3, 8, 8])
    """
    missing = num_frames - x.shape[1]
    if missing <= 0:
        return x
    return torch.cat([x, x[:, -1:].expand(-1, missing, *x.shape[2:])], dim=1)


def mirror_time(x: Tensor, num_frames: int) -> Tensor:
    """Continue the clip backwards and forwards again until it has ``num_frames``.

    Shape:
        x: (n, t, ...); returns (n, max(t, num_frames), ...), frames 0 1 2 1 0 1 ...

    Example:
        >>> mirror_time(torch.tensor([[0, 1, 2]]), 5)
        tensor([[0, 1, 2, 1, 0]])
    """
    t = x.shape[1]
    if t >= num_frames:
        return x
    period = max(2 * t - 2, 1)
    index = torch.arange(num_frames, device=x.device) % period
    return x[:, torch.where(index < t, index, period - index)]
