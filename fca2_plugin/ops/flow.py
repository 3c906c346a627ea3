"""Dense optical flow that needs no weights: pyramidal Lucas-Kanade with inverse search.

The displacement of a window minimises the squared difference of the two frames in it (Lucas and
Kanade, IJCAI 1981). Searched the inverse way (Baker and Matthews, IJCV 2004), gradients and
normal equations belong to the fixed frame, and an iteration is a warp, a product and a mean over
windows, for all pixels of all pairs at once. Chosen here: windows are means of means, so that
near pixels count more; where a window has no texture, the flow is that of its surroundings.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from fca2_plugin.ops.warp import flow_warp

__all__ = ["dense_flow"]

_LEVELS = 5
_SMALLEST = 8  # pixels of the shorter side at the coarsest level
_ITERATIONS = 2  # at each level
_WINDOW = 5
_MAX_STEP = 1.0  # pixels an iteration may move: further, the linear model does not reach
_NOISE = 1e-4  # squared gradient that counts as no texture, of frames in [0, 1]
_SMOOTH = 9


@torch.no_grad()
def dense_flow(ref: Tensor, supp: Tensor) -> Tensor:
    """Flow that brings ``supp`` onto ``ref``: ``flow_warp(supp, flow)`` looks like ``ref``.

    Computed in float32 whatever the frames are, also under autocast, and without gradients.

    Shape:
        ref, supp: (b, c, h, w) in [0, 1]; returns (b, 2, h, w) in pixels, (x, y), float32.
    """
    with torch.autocast(ref.device.type, enabled=False):
        levels = [_grey(ref, supp)]
        while len(levels) < _LEVELS and min(levels[-1].shape[-2:]) >= 2 * _SMALLEST:
            levels.append(F.avg_pool2d(levels[-1], 2))
        flow = levels[-1].new_zeros(len(ref), 2, *levels[-1].shape[-2:])
        for frames in reversed(levels):
            flow = _refine(_double(flow, frames.shape[-2:]), frames[:, :1], frames[:, 1:])
    return flow


def _grey(ref: Tensor, supp: Tensor) -> Tensor:
    """Both frames' brightness, (b, 2, h, w)."""
    return torch.stack([ref.float().mean(dim=1), supp.float().mean(dim=1)], dim=1)


def _refine(flow: Tensor, ref: Tensor, supp: Tensor) -> Tensor:
    """Improve the flow at one level of the pyramid."""
    gx, gy = _gradients(ref)
    xx, xy, yy = _window(torch.cat([gx * gx, gx * gy, gy * gy], dim=1)).split(1, dim=1)
    xx, yy = xx + _NOISE, yy + _NOISE
    determinant = xx * yy - xy * xy
    inverse_x = torch.cat([yy, -xy], dim=1) / determinant
    inverse_y = torch.cat([-xy, xx], dim=1) / determinant
    texture = determinant / (xx + yy)  # about the smaller eigenvalue
    gradients = torch.cat([gx, gy], dim=1)
    for _ in range(_ITERATIONS):
        warped = flow_warp(supp, flow.permute(0, 2, 3, 1), padding_mode="border")
        error = _window(gradients * (ref - warped))
        step = torch.stack([(inverse_x * error).sum(dim=1), (inverse_y * error).sum(dim=1)], dim=1)
        flow = flow + step.clamp(-_MAX_STEP, _MAX_STEP)
        flow = _mean(flow * texture, _SMOOTH) / _mean(texture, _SMOOTH)
    return flow


def _gradients(x: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences; the border is repeated."""
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    gy = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    return gx, gy


def _window(x: Tensor) -> Tensor:
    return _mean(_mean(x, _WINDOW), _WINDOW)


def _mean(x: Tensor, size: int) -> Tensor:
    """Mean over size x size pixels, of those inside the frame."""
    return F.avg_pool2d(x, size, 1, size // 2, count_include_pad=False)


def _double(flow: Tensor, size: tuple[int, int]) -> Tensor:
    """To the next finer level, whose size may be odd."""
    if tuple(flow.shape[-2:]) == tuple(size):
        return flow
    flow = 2 * F.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=False)
    h, w = flow.shape[-2:]
    return F.pad(flow, (0, size[1] - w, 0, size[0] - h), mode="replicate")
