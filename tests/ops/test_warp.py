"""Warping against integer shifts, a loop over pixels, and finite differences."""

import math

import pytest
import torch
from torch.nn import functional as F

from fca2_plugin.ops.warp import cell_grid, flow_warp, warp_to_cells


def image(h: int = 5, w: int = 7, dtype=torch.float32) -> torch.Tensor:
    return torch.rand(2, 3, h, w, generator=torch.Generator().manual_seed(0), dtype=dtype)


def constant_flow(x: torch.Tensor, dx: float, dy: float) -> torch.Tensor:
    n, _, h, w = x.shape
    return x.new_tensor((dx, dy)).expand(n, h, w, 2).contiguous()


def bilinear_loop(x: torch.Tensor, flow: torch.Tensor, padding_mode: str) -> torch.Tensor:
    n, _, h, w = x.shape
    out = torch.zeros_like(x)
    for b in range(n):
        for i in range(h):
            for j in range(w):
                px, py = j + float(flow[b, i, j, 0]), i + float(flow[b, i, j, 1])
                if padding_mode == "border":
                    px, py = min(max(px, 0), w - 1), min(max(py, 0), h - 1)
                left, top = math.floor(px), math.floor(py)
                for r, c in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
                    if 0 <= r < h and 0 <= c < w:
                        out[b, :, i, j] += (1 - abs(px - c)) * (1 - abs(py - r)) * x[b, :, r, c]
    return out


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (1, 0), (0, 2), (-2, 1), (3, -4)])
def test_integer_shifts(dx, dy, interpolation):
    x = image()
    h, w = x.shape[-2:]
    shifted = torch.zeros_like(x)
    repeated = torch.zeros_like(x)
    for i in range(h):
        for j in range(w):
            if 0 <= i + dy < h and 0 <= j + dx < w:
                shifted[..., i, j] = x[..., i + dy, j + dx]
            repeated[..., i, j] = x[..., min(max(i + dy, 0), h - 1), min(max(j + dx, 0), w - 1)]
    flow = constant_flow(x, dx, dy)
    for padding_mode, expected in (("zeros", shifted), ("border", repeated)):
        warped = flow_warp(x, flow, interpolation, padding_mode)
        torch.testing.assert_close(warped, expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("padding_mode", ["zeros", "border"])
def test_is_the_loop_over_pixels(padding_mode):
    x = image()
    flow = 3 * torch.randn(2, 5, 7, 2, generator=torch.Generator().manual_seed(1))
    expected = bilinear_loop(x, flow, padding_mode)
    torch.testing.assert_close(
        flow_warp(x, flow, padding_mode=padding_mode), expected, rtol=0, atol=5e-6
    )


def test_one_pixel_wide():
    x = image(1, 1)
    assert torch.equal(flow_warp(x, constant_flow(x, 0, 0)), x)


def test_gradients():
    x = image(3, 4, torch.float64).requires_grad_()
    # away from whole pixels, where the gradient of the flow jumps
    flow = constant_flow(x.detach(), 0.3, -0.4) + 0.1 * torch.rand(
        2, 3, 4, 2, generator=torch.Generator().manual_seed(1)
    )
    flow.requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: flow_warp(a, b, padding_mode="border"), (x, flow))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_positions_apart(dtype):
    x = (torch.arange(1024) % 2).to(dtype).expand(1, 1, 2, 1024).contiguous()
    flow = torch.zeros(1, 2, 1024, 2, dtype=dtype)
    flow[..., 0] = 1
    warped = flow_warp(x, flow, padding_mode="border")
    assert warped.dtype == dtype
    torch.testing.assert_close(warped[..., :-1], x[..., 1:], rtol=0, atol=0.01)


def test_input_unchanged():
    x = image()
    flow = constant_flow(x, 0.5, 0.5)
    before = x.clone(), flow.clone()
    flow_warp(x, flow)
    assert torch.equal(x, before[0]) and torch.equal(flow, before[1])


@pytest.mark.parametrize("shape", [(2, 4, 7, 2), (2, 5, 6, 2), (2, 2, 5, 7)])
def test_other_size_raises(shape):
    with pytest.raises(ValueError, match=r"cannot warp an input of \(5, 7\); expected the same"):
        flow_warp(image(), torch.zeros(shape))


@pytest.mark.parametrize(("h", "w", "scale"), [(5, 7, 4), (6, 1, 3), (3, 5, 1), (1, 1, 1)])
def test_to_cells_is_the_warped_picture_in_cells(h, w, scale):
    x = image(scale * h, scale * w)
    flow = torch.randn(2, scale * h, scale * w, 2) * 3
    expected = F.pixel_unshuffle(flow_warp(x, flow, padding_mode="border"), scale)
    grid = cell_grid(torch.empty(h, w), scale)
    as_cells = F.pixel_unshuffle(flow.permute(0, 3, 1, 2), scale).unflatten(1, (2, -1))
    offsets = as_cells / scale * grid.step[..., None]
    torch.testing.assert_close(warp_to_cells(x, offsets, grid), expected, atol=1e-5, rtol=0)


def test_to_cells_keeps_half_precision_positions_apart():
    x = image(8, 1200).half()
    grid = cell_grid(torch.empty(2, 300), 4)
    still = torch.zeros(2, 2, 16, 2, 300)
    cells = warp_to_cells(x, still, grid)
    assert cells.dtype == torch.float16
    torch.testing.assert_close(cells, F.pixel_unshuffle(x, 4), atol=2e-3, rtol=0)
