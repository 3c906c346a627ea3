"""Backward warping by optical flow."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["CellGrid", "cell_grid", "flow_warp", "half_sides", "pixel_places", "warp_to_cells"]


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


class CellGrid(NamedTuple):
    """Positions of a picture's pixels in ``grid_sample``'s units, where -1 and 1 are the edges.

    Attributes:
        places: In the order of cells (``layers.enlarge``), x before y, (2, s*s, h, w).
        step: Distance between the blocks of neighbouring cells, (2, 1, 1).
    """

    places: Tensor
    step: Tensor


def cell_grid(like: Tensor, scale: int) -> CellGrid:
    """Return the positions for pictures that are ``scale`` times larger than (..., h, w)."""
    h, w = like.shape[-2:]
    xs, ys = (
        torch.arange(scale * side, device=like.device, dtype=like.dtype).view(side, scale).t()
        for side in (w, h)
    )
    every = (scale, scale, h, w)
    places = torch.stack([xs[:, None].expand(every), ys[:, None, :, None].expand(every)])
    half = (places[:, -1, -1, -1, -1] / 2).clamp_min(0.5)
    places = places.flatten(1, 2).div_(half.view(2, 1, 1, 1)).sub_(1)
    return CellGrid(places, (scale / half).view(2, 1, 1))


def warp_to_cells(x: Tensor, flow: Tensor, grid: CellGrid) -> Tensor:
    """Sample ``x`` at every pixel's position plus its flow, to cells; edges are repeated.

    It is ``pixel_unshuffle`` of ``flow_warp``, but samples in the order of the cells, which saves
    several operations on whole pictures.

    Args:
        x: Pictures, (b, c, s*h, s*w).
        flow: Offsets in the grid's units, (b, 2, s*s, h, w).
        grid: Positions of the pixels.

    Shape:
        returns (b, c*s*s, h, w).
    """
    wanted = (flow + grid.places).flatten(2, 3).permute(0, 2, 3, 1)
    dtype = torch.promote_types(x.dtype, wanted.dtype)
    cells = F.grid_sample(x.to(dtype), wanted.to(dtype), padding_mode="border", align_corners=True)
    return cells.reshape(x.shape[0], -1, *flow.shape[-2:]).to(x.dtype)


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
