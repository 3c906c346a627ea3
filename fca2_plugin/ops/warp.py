"""Backward warping by optical flow, with the usual arguments."""

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["flow_warp", "half_sides", "pixel_places"]


def flow_warp(
    x: Tensor, flow: Tensor, interpolation: str = "bilinear", padding_mode: str = "zeros"
) -> Tensor:
    """Sample ``x`` at every pixel's position plus its flow.

    Args:
        x: Image or features, (n, c, h, w).
        flow: Offsets in pixels, (n, h, w, 2), last axis (x, y).
        interpolation: ``bilinear`` or ``nearest``.
        padding_mode: Values outside the image: ``zeros``, ``border`` or ``reflection``.

    Shape:
        returns (n, c, h, w). Corners of the grid are pixel centres (align_corners).

    Raises:
        ValueError: ``x`` and ``flow`` differ in size.

    Example:
        >>> image = torch.arange(4.0).view(1, 1, 1, 4)
        >>> one_to_the_right = torch.tensor([1.0, 0.0]).expand(1, 1, 4, 2)
        >>> flow_warp(image, one_to_the_right).flatten().tolist()
        [1.0, 2.0, 3.0, 0.0]
    """
    if flow.shape[1:3] != x.shape[-2:]:
        raise ValueError(
            f"flow of {tuple(flow.shape[1:3])} pixels cannot warp an input of "
            f"{tuple(x.shape[-2:])}; expected the same height and width"
        )
    # positions stay in float32 or better: half precision cannot tell neighbouring pixels apart
    dtype = torch.promote_types(torch.promote_types(x.dtype, flow.dtype), torch.float32)
    x_wide, places = x.to(dtype), pixel_places(x, dtype)
    # 2 * place / (side - 1) - 1, to the last bit, of both axes at once
    grid = torch.add(places, flow.to(dtype)).div_(half_sides(places)).sub_(1)
    warped = F.grid_sample(
        x_wide, grid, mode=interpolation, padding_mode=padding_mode, align_corners=True
    )
    return warped.to(x.dtype)


def pixel_places(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the positions of the pixels of (..., h, w), (h, w, 2), last axis (x, y)."""
    h, w = x.shape[-2:]
    ys = torch.arange(h, device=x.device, dtype=dtype)
    xs = torch.arange(w, device=x.device, dtype=dtype)
    return torch.stack((xs.expand(h, w), ys[:, None].expand(h, w)), dim=-1)


def half_sides(places: Tensor) -> Tensor:
    """Return half the distance between the first and the last pixel's centres, (2,), (x, y)."""
    half = places[-1, -1] / 2
    return half.clamp_min(0.5) if 1 in places.shape[:2] else half
