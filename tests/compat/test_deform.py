"""mmcv's deformable convolutions on the stand-in, against the formula of the papers."""

import itertools
import types

import numpy as np
import pytest
import torch

from tests.conftest import require_host

require_host("mmcv")

from fca2_plugin.compat import mmcv_batches, mmcv_ext  # noqa: E402
from tests.nets.fake_cuda import Faults, fake_cuda  # noqa: E402

mmcv_ext.apply()

from mmcv.ops import (  # noqa: E402
    DeformConv2d,
    DeformConv2dPack,
    ModulatedDeformConv2d,
    ModulatedDeformConv2dPack,
    deform_conv2d,
    modulated_deform_conv2d,
)

pytestmark = pytest.mark.mmagic

# n, c_in, c_out, h, w, kernel, stride, padding, dilation, groups, deform_groups
CASES = [
    (2, 4, 6, 7, 6, (3, 3), (1, 1), (1, 1), (1, 1), 1, 2),
    (1, 8, 8, 5, 8, (3, 3), (1, 1), (1, 1), (1, 1), 1, 8),
    (2, 6, 4, 8, 7, (3, 2), (2, 1), (2, 1), (1, 2), 2, 3),
    (1, 4, 4, 5, 5, (1, 1), (1, 1), (0, 0), (1, 1), 4, 1),
]


def looped(x, offset, mask, weight, bias, stride, padding, dilation, groups, deform_groups):
    """Dai et al. 2017, Zhu et al. 2019, one output value after another in numpy."""
    n, c_in, h, w = x.shape
    c_out, c_group, kernel_h, kernel_w = weight.shape
    taps = kernel_h * kernel_w
    out_h, out_w = offset.shape[-2:]
    out = np.zeros((n, c_out, out_h, out_w))

    def pixel(b, c, row, col):
        return x[b, c, row, col] if 0 <= row < h and 0 <= col < w else 0.0

    def bilinear(b, c, y, z):
        row, col = int(np.floor(y)), int(np.floor(z))
        dy, dz = y - row, z - col
        top = (1 - dz) * pixel(b, c, row, col) + dz * pixel(b, c, row, col + 1)
        bottom = (1 - dz) * pixel(b, c, row + 1, col) + dz * pixel(b, c, row + 1, col + 1)
        return (1 - dy) * top + dy * bottom

    for b, o, i, j in itertools.product(*map(range, out.shape)):
        total = 0.0 if bias is None else bias[o]
        for k, ci in itertools.product(range(taps), range(c_group)):
            c = o // (c_out // groups) * c_group + ci
            g = c // (c_in // deform_groups)
            u, v = divmod(k, kernel_w)
            y = i * stride[0] - padding[0] + u * dilation[0] + offset[b, (g * taps + k) * 2, i, j]
            z = j * stride[1] - padding[1] + v * dilation[1]
            z += offset[b, (g * taps + k) * 2 + 1, i, j]
            scale = 1.0 if mask is None else mask[b, g * taps + k, i, j]
            total += weight[o, ci, u, v] * scale * bilinear(b, c, y, z)
        out[b, o, i, j] = total
    return out


def gathered(x, offset, mask, weight, bias, stride, padding, dilation, groups, deform_groups):
    """The same with gather, so that autograd gives the gradients."""
    n, c_in, h, w = x.shape
    c_out, c_group, kernel_h, kernel_w = weight.shape
    taps = kernel_h * kernel_w
    out_h, out_w = offset.shape[-2:]
    offset = offset.view(n, deform_groups, taps, 2, out_h, out_w)

    def positions(count, step, pad):
        return torch.arange(count, dtype=x.dtype) * step - pad

    rows = positions(out_h, stride[0], padding[0])[:, None]
    cols = positions(out_w, stride[1], padding[1])
    u = positions(kernel_h, dilation[0], 0).repeat_interleave(kernel_w)[:, None, None]
    v = positions(kernel_w, dilation[1], 0).repeat(kernel_h)[:, None, None]
    y, z = rows + u + offset[:, :, :, 0], cols + v + offset[:, :, :, 1]
    y0, z0 = y.detach().floor(), z.detach().floor()
    dy, dz = y - y0, z - z0
    flat = x.view(n, deform_groups, c_in // deform_groups, h * w)

    def corner(row, col):
        inside = (row >= 0) & (row < h) & (col >= 0) & (col < w)
        index = (row.clamp(0, h - 1) * w + col.clamp(0, w - 1)).long()
        index = index.view(n, deform_groups, 1, -1).expand(-1, -1, flat.shape[2], -1)
        value = flat.gather(3, index).view(n, deform_groups, -1, taps, out_h, out_w)
        return value * inside.unsqueeze(2)

    corners = [
        ((1 - dy) * (1 - dz), corner(y0, z0)),
        ((1 - dy) * dz, corner(y0, z0 + 1)),
        (dy * (1 - dz), corner(y0 + 1, z0)),
        (dy * dz, corner(y0 + 1, z0 + 1)),
    ]
    samples = sum(share.unsqueeze(2) * value for share, value in corners)
    if mask is not None:
        samples = samples * mask.view(n, deform_groups, 1, taps, out_h, out_w)
    samples = samples.reshape(n, groups, c_group, taps, out_h, out_w)
    kernels = weight.view(groups, c_out // groups, c_group, taps)
    out = torch.einsum("ngckhw,gock->ngohw", samples, kernels).reshape(n, c_out, out_h, out_w)
    return out if bias is None else out + bias.view(1, -1, 1, 1)


def inputs(case, reach):
    """Random double tensors for ``case``; offsets of about ``reach`` pixels."""
    n, c_in, c_out, h, w, kernel, stride, padding, dilation, groups, deform_groups = case
    size = [
        (length + 2 * p - d * (k - 1) - 1) // s + 1
        for length, k, s, p, d in zip((h, w), kernel, stride, padding, dilation, strict=True)
    ]
    taps = kernel[0] * kernel[1] * deform_groups
    generator = torch.Generator().manual_seed(0)

    def normal(*shape, scale=1.0):
        values = torch.randn(shape, generator=generator, dtype=torch.float64) * scale
        return values.requires_grad_()

    x, offset = normal(n, c_in, h, w), normal(n, 2 * taps, *size, scale=reach)
    return x, offset, normal(n, taps, *size), normal(c_out, c_in // groups, *kernel), normal(c_out)


@pytest.mark.parametrize("modulated", [True, False])
@pytest.mark.parametrize("reach", [0.7, 9.0])  # 9 pixels: mostly far outside
@pytest.mark.parametrize("case", CASES)
def test_forward_and_every_gradient_match_the_formula(case, reach, modulated):
    x, offset, mask, weight, bias = inputs(case, reach)
    numbers = case[6:]
    if modulated:
        leaves = (x, offset, mask, weight, bias)
        out = modulated_deform_conv2d(*leaves, *numbers)
        reference = gathered(*leaves, *numbers)
        plain = looped(*(leaf.detach().numpy() for leaf in leaves), *numbers)
    else:
        leaves = (x, offset, weight)
        out = deform_conv2d(*leaves, *numbers)
        reference = gathered(x, offset, None, weight, None, *numbers)
        x_, offset_, weight_ = (leaf.detach().numpy() for leaf in leaves)
        plain = looped(x_, offset_, None, weight_, None, *numbers)
    np.testing.assert_allclose(reference.detach().numpy(), plain, atol=1e-10)
    np.testing.assert_allclose(out.detach().numpy(), plain, atol=1e-10)
    grad = torch.randn(out.shape, generator=torch.Generator().manual_seed(1), dtype=out.dtype)
    ours = torch.autograd.grad(out, leaves, grad)
    expected = torch.autograd.grad(reference, leaves, grad)
    for mine, theirs in zip(ours, expected, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-9, rtol=0)


def test_gradcheck():
    torch.manual_seed(1)
    double = dict(dtype=torch.float64)
    x = torch.randn(1, 4, 3, 3, **double, requires_grad=True)
    offset = (torch.rand(1, 36, 3, 3, **double) * 0.8 + 0.1).requires_grad_()  # away from integers
    mask = torch.rand(1, 18, 3, 3, **double, requires_grad=True)
    weight = torch.randn(2, 4, 3, 3, **double, requires_grad=True)
    bias = torch.randn(2, **double, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda *leaves: modulated_deform_conv2d(*leaves, 1, 1, 1, 1, 2),
        (x, offset, mask, weight, bias),
    )
    assert torch.autograd.gradcheck(
        lambda *leaves: deform_conv2d(*leaves, 1, 1, 1, 1, 2), (x, offset, weight)
    )


def test_a_sample_at_minus_one_gives_its_offset_no_gradient():
    """Zero-initialised offsets: as in mmcv's kernel, nothing on the border, the formula inside."""
    torch.manual_seed(0)
    x = torch.randn(1, 2, 6, 6, dtype=torch.float64)
    weight = torch.randn(3, 2, 3, 3, dtype=torch.float64)
    offset = torch.zeros(1, 18, 6, 6, dtype=torch.float64, requires_grad=True)
    mask = torch.ones(1, 9, 6, 6, dtype=torch.float64)
    (ours,) = torch.autograd.grad(
        modulated_deform_conv2d(x, offset, mask, weight, None, 1, 1).sum(), offset
    )
    ones = (1, 1)
    reference = gathered(x, offset, mask, weight, None, ones, ones, ones, 1, 1)
    (expected,) = torch.autograd.grad(reference.sum(), offset)
    inside = torch.zeros(9, 2, 6, 6, dtype=torch.bool)
    for tap, row, col in itertools.product(range(9), range(6), range(6)):
        inside[tap, :, row, col] = row + tap // 3 - 1 >= 0 and col + tap % 3 - 1 >= 0
        inside[tap, :, row, col] &= row + tap // 3 - 1 < 6 and col + tap % 3 - 1 < 6
    inside = inside.view(1, 18, 6, 6)
    torch.testing.assert_close(ours[inside], expected[inside])
    assert torch.count_nonzero(ours[~inside]) == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype):
    torch.manual_seed(0)
    layer = ModulatedDeformConv2d(8, 8, 3, padding=1, deform_groups=2)
    x, offset, mask = torch.randn(1, 8, 6, 6), torch.randn(1, 36, 6, 6), torch.rand(1, 18, 6, 6)
    # what autocast does: the offsets come out of a convolution in half precision
    out = layer(x, offset.to(dtype), mask)
    assert out.dtype == dtype
    torch.testing.assert_close(out.float(), layer(x, offset, mask), atol=0.1, rtol=0.1)
    out.float().sum().backward()
    assert torch.isfinite(layer.weight.grad).all()


@pytest.mark.skipif(
    not hasattr(torch.compiler, "set_stance"),
    reason="an older torch starts the driver of CUDA, which the fake one cannot stand for",
)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_positions_on_a_gpu_are_never_in_half_precision(dtype):
    shapes = (1, 4, 8, 8), (4, 4, 3, 3), (1, 18, 8, 8), (1, 9, 8, 8)
    with fake_cuda():
        x, weight, offset, mask = (torch.rand(s, device="cuda", dtype=dtype) for s in shapes)
        with Faults():
            out = modulated_deform_conv2d(x, offset, mask, weight, None, 1, 1)
    assert out.dtype == dtype


@pytest.mark.parametrize("number", [1, 7, 33, 34, 64])
def test_a_batch_of_any_size(number, monkeypatch):
    """In the compiled mmcv, for which a function stands that only notes the steps."""
    from mmcv.ops import deform_conv

    steps = []
    compiled = types.SimpleNamespace(deform_conv_forward=lambda *a, **n: steps.append(n))
    monkeypatch.setattr(deform_conv, "ext_module", compiled)
    function = deform_conv.DeformConv2dFunction
    monkeypatch.setattr(function, "forward", function.forward)
    mmcv_batches.apply()
    x, offset = torch.randn(number, 4, 5, 5), torch.randn(number, 18, 5, 5)
    function.apply(x, offset, torch.randn(4, 4, 3, 3), 1, 1)
    (step,) = [numbers["im2col_step"] for numbers in steps]
    assert number % step == 0 and step == max(s for s in range(1, 33) if number % s == 0)


def test_autocast_does_not_change_the_dtype():
    layer = ModulatedDeformConv2dPack(8, 8, 3, padding=1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = layer(torch.randn(1, 8, 6, 6))
    assert out.dtype == torch.bfloat16
    out.float().sum().backward()
    assert torch.isfinite(layer.conv_offset.weight.grad).all()


def test_parameter_names_are_the_hosts():
    pack = ["weight", "conv_offset.weight", "conv_offset.bias"]
    assert list(DeformConv2d(4, 4, 3).state_dict()) == ["weight"]
    assert list(DeformConv2dPack(4, 4, 3).state_dict()) == pack
    assert list(ModulatedDeformConv2d(4, 4, 3).state_dict()) == ["weight", "bias"]
    modulated = list(ModulatedDeformConv2dPack(4, 4, 3).state_dict())
    assert sorted(modulated) == sorted([*pack, "bias"])


def test_other_compiled_ops_raise_when_called():
    from mmcv import _ext

    with pytest.raises(NotImplementedError, match="mmcv._ext.nms needs the compiled mmcv"):
        _ext.nms()
