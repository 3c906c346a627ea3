"""Deformable convolution: conventions, and dtypes that torchvision has no kernel for."""

import pytest
import torch
from torch.nn import functional as F

from fca2_plugin.ops.deform import deform_conv2d


def tensors(groups: int = 2, k: int = 3, h: int = 6, w: int = 7, dtype=torch.float32) -> dict:
    generator = torch.Generator().manual_seed(0)

    def rand(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator, dtype=torch.float64).to(dtype)

    return {
        "x": rand(1, groups, h, w),
        "offset": 2 * rand(1, groups * 2 * k * k, h, w) - 1,
        "mask": rand(1, groups * k * k, h, w),
        "weight": rand(4, groups, k, k) - 0.5,
        "bias": rand(4),
    }


def bilinear(plane: torch.Tensor, y: float, x: float) -> float:
    total = 0.0
    for row in range(plane.shape[0]):
        for col in range(plane.shape[1]):
            weight = max(0.0, 1 - abs(row - y)) * max(0.0, 1 - abs(col - x))
            total += weight * plane[row, col].item()
    return total


def test_against_nested_loops():
    given = tensors(h=3, w=4)
    out = deform_conv2d(**given, padding=1)
    x, offset, mask, weight, bias = (value.squeeze(0) for value in given.values())
    for row in range(3):
        for col in range(4):
            for o in range(4):
                total = bias[o].item()
                for c in range(2):
                    for tap in range(9):
                        dy, dx = offset[18 * c + 2 * tap : 18 * c + 2 * tap + 2, row, col].tolist()
                        y, z = row + tap // 3 - 1 + dy, col + tap % 3 - 1 + dx
                        sample = bilinear(x[c], y, z) * mask[9 * c + tap, row, col].item()
                        total += weight[o, c, tap // 3, tap % 3].item() * sample
                assert out[0, o, row, col].item() == pytest.approx(total, abs=1e-5)


def test_no_offset_and_no_mask_is_a_convolution():
    given = tensors()
    plain = F.conv2d(given["x"], given["weight"], given["bias"], padding=1)
    out = deform_conv2d(
        given["x"], 0 * given["offset"], None, given["weight"], given["bias"], padding=1
    )
    torch.testing.assert_close(out, plain)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_full(dtype):
    given = tensors(dtype=dtype)
    expected = deform_conv2d(**{key: value.float() for key, value in given.items()}, padding=1)
    out = deform_conv2d(**given, padding=1)
    assert out.dtype == dtype
    torch.testing.assert_close(out, expected.to(dtype), rtol=0, atol=0)


def test_autocast_does_not_reach_it():
    given = tensors()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = deform_conv2d(**given, padding=1)
    assert torch.equal(out, deform_conv2d(**given, padding=1))


def test_gradients():
    given = {
        key: value.requires_grad_()
        for key, value in tensors(groups=1, h=3, w=3, dtype=torch.float64).items()
    }
    assert torch.autograd.gradcheck(lambda *args: deform_conv2d(*args, 1), tuple(given.values()))
