"""Dense optical flow without weights: pyramidal Lucas-Kanade with inverse search.

The displacement of a window minimises the squared difference of the two frames in it (Lucas and
Kanade, IJCAI 1981). With the inverse search (Baker and Matthews, IJCV 2004), gradients and
normal equations belong to the fixed frame, and an iteration is a warp, a product and a mean over
windows, for all pixels of all pairs at once. We use means of means as windows, so that near pixels
count more; a window without texture takes the flow of its surroundings.

The code uses few operations, because a GPU needs as long for a small one as for a large one.
Everything that does not depend on the flow is computed once per level.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from fca2_plugin.ops.box import box_mean
from fca2_plugin.ops.precision import without_autocast
from fca2_plugin.ops.warp import half_sides, pixel_places

__all__ = ["dense_flow"]

_LEVELS = 5
_SMALLEST = 10  # pixels of the shorter side at the coarsest level: a window sees nine of them
_ITERATIONS = 2  # at each level
_WINDOW = 5
_MAX_STEP = 1.0  # pixels an iteration may move; the linear model is not valid further away
_NOISE = 1e-4  # squared gradients below this do not count as texture; frames in [0, 1]
_SMOOTH = 9


@torch.no_grad()
def dense_flow(ref: Tensor, supp: Tensor) -> Tensor:
    """Flow that brings ``supp`` onto ``ref``: ``flow_warp(supp, flow)`` looks like ``ref``.

    Always computed in float32, even under autocast, and without gradients.

    Shape:
        ref, supp: (b, c, h, w) in [0, 1]; returns (b, 2, h, w) in pixels, (x, y), float32.

    Example:
        >>> dense_flow(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)).shape
        torch.Size([1, 2, 32, 32])
    """
    with without_autocast(ref.device.type):
        levels = [torch.cat([x.float().mean(dim=1, keepdim=True) for x in (ref, supp)], dim=1)]
        while len(levels) < _LEVELS and min(levels[-1].shape[-2:]) >= 2 * _SMALLEST:
            levels.append(F.avg_pool2d(levels[-1], 2))
        places = pixel_places(levels[0], levels[0].dtype)
        flow = levels[-1].new_zeros(ref.shape[0], 2, *levels[-1].shape[-2:])
        for level in reversed(range(len(levels))):
            h, w = levels[level].shape[-2:]
            flow = _refine(_enlarge(flow, (h, w)), levels[level], places[:h, :w], 2**level)
    return flow


def _refine(flow: Tensor, frames: Tensor, places: Tensor, shrunk: int) -> Tensor:
    """Improve the flow at one level of the pyramid.

    Args:
        flow: In pixels of the whole frames, (b, 2, h, w).
        frames: Both frames' brightness, (b, 2, h, w).
        places: Positions of their pixels, (h, w, 2).
        shrunk: Factor by which they are smaller than the whole frames.
    """
    ref, supp = frames.split(1, dim=1)
    gradients = _gradients(ref)
    squares = gradients.square().add_(4 * _NOISE)
    products = _window(torch.cat([squares, gradients[:, :1] * gradients[:, 1:]], dim=1))
    squares, product = products.split([2, 1], dim=1)
    determinant = torch.addcmul(squares[:, :1] * squares[:, 1:], product, product, value=-1)
    # of [[xx, xy], [xy, yy]]: the inverse's diagonal and its negative off-diagonal
    diagonal, beside = squares.flip(1) / determinant, product / determinant
    texture = determinant / squares.sum(dim=1, keepdim=True)  # about the smaller eigenvalue
    around = box_mean(texture, _SMOOTH)
    half = half_sides(places)
    places = places - half  # the grid goes from -1 to 1
    for _ in range(_ITERATIONS):
        grid = torch.add(places, flow.permute(0, 2, 3, 1), alpha=1 / shrunk).div_(half)
        warped = F.grid_sample(supp, grid, padding_mode="border", align_corners=True)
        error = _window(gradients * (ref - warped))
        step = torch.addcmul(diagonal * error, beside, error.flip(1), value=-1)
        step.clamp_(-_MAX_STEP / 2, _MAX_STEP / 2)  # half of it, since gradients are doubled
        flow = torch.add(flow, step, alpha=2 * shrunk)
        flow = box_mean(flow * texture, _SMOOTH).div_(around)
    return flow


def _gradients(x: Tensor) -> Tensor:
    """Twice the gradient, (b, 1, h, w) to (b, 2, h, w); edges are repeated."""
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    rows, columns = padded[:, :, 1:-1], padded[..., 1:-1]
    return torch.cat(
        [rows[..., 2:] - rows[..., :-2], columns[:, :, 2:] - columns[:, :, :-2]], dim=1
    )


def _window(x: Tensor) -> Tensor:
    return box_mean(box_mean(x, _WINDOW), _WINDOW)


def _enlarge(flow: Tensor, size: tuple[int, int]) -> Tensor:
    """Enlarge to the next finer level, whose size may be odd."""
    if tuple(flow.shape[-2:]) == size:
        return flow
    flow = F.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=False)
    h, w = flow.shape[-2:]
    if (h, w) == size:
        return flow
    return F.pad(flow, (0, size[1] - w, 0, size[0] - h), mode="replicate")
