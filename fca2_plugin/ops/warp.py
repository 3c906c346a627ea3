"""Backward warping by optical flow, with the field's usual arguments and meaning."""

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["flow_warp"]


def flow_warp(
    x: Tensor, flow: Tensor, interpolation: str = "bilinear", padding_mode: str = "zeros"
) -> Tensor:
    """Sample ``x`` at every pixel's position plus its flow.

    Args:
        x: Image or features, (n, c, h, w).
        flow: Offsets in pixels, (n, h, w, 2), last axis (x, y).
        interpolation: ``bilinear`` or ``nearest``.
        padding_mode: What lies outside: ``zeros``, ``border`` or ``reflection``.

    Shape:
        returns (n, c, h, w). Corners of the grid are pixel centres (align_corners).

    Raises:
        ValueError: ``x`` and ``flow`` differ in size.
    """
    h, w = x.shape[-2:]
    if flow.shape[1:3] != x.shape[-2:]:
        raise ValueError(
            f"flow of {tuple(flow.shape[1:3])} pixels cannot warp an input of {(h, w)}; "
            "expected the same height and width"
        )
    # positions stay in float32 or better: half precision cannot tell neighbouring pixels apart
    dtype = torch.promote_types(torch.promote_types(x.dtype, flow.dtype), torch.float32)
    ys = torch.arange(h, device=x.device, dtype=dtype).view(1, h, 1)
    xs = torch.arange(w, device=x.device, dtype=dtype).view(1, 1, w)
    flow = flow.to(dtype)
    grid = torch.stack(
        (
            2 * (xs + flow[..., 0]) / max(w - 1, 1) - 1,
            2 * (ys + flow[..., 1]) / max(h - 1, 1) - 1,
        ),
        dim=-1,
    )
    warped = F.grid_sample(
        x.to(dtype), grid, mode=interpolation, padding_mode=padding_mode, align_corners=True
    )
    return warped.to(x.dtype)
