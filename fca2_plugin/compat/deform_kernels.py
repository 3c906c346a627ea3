"""Deformable convolution, forward and backward, with the conventions of MMCV's kernels.

torchvision's operator follows the same conventions: offset channels are (dy, dx) per kernel
position per deformable group, mask channels are kernel positions per group, samples outside the
image are zero. Three things differ and are handled here:

* torchvision has no bfloat16 kernel, and half precision cannot tell neighbouring positions of a
  large frame apart (float16 counts in quarters of a pixel from 256 on): both are computed in
  float32, on every device;
* torchvision registers an autocast rule, while MMCV's Python has already chosen the dtypes, so
  autocast is off around the call;
* at a position of exactly -1 (or exactly the image size) MMCV gives the offset no gradient and
  torchvision gives one. That is where every border sample of a 3x3 kernel with padding 1 lies
  while the offsets are zero-initialised, so the first steps of EDVR and TDAN depend on it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torchvision  # noqa: F401 (registers torch.ops.torchvision)
from torch import Tensor

__all__ = ["Geometry", "backward", "forward"]

Pair = tuple[int, int]


class Geometry(NamedTuple):
    """Height and width of kernel, stride, padding and dilation, and the numbers of groups."""

    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int
    deform_groups: int


def forward(
    x: Tensor, weight: Tensor, bias: Tensor | None, offset: Tensor, mask: Tensor | None, g: Geometry
) -> Tensor:
    """Return the output, in the input's dtype, or in float32 for one of half precision."""
    with torch.autocast(device_type=x.device.type, enabled=False):
        tensors = _tensors(x, weight, offset, mask, bias)
        return torch.ops.torchvision.deform_conv2d(*tensors, *_numbers(g), mask is not None)


def backward(
    grad: Tensor,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    offset: Tensor,
    mask: Tensor | None,
    g: Geometry,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients of input, weight, offset, mask and bias."""
    with torch.autocast(device_type=x.device.type, enabled=False):
        tensors = _tensors(x, weight, offset, mask, bias)
        grad_x, grad_weight, grad_offset, grad_mask, grad_bias = (
            torch.ops.torchvision._deform_conv2d_backward(
                _full(grad).contiguous(), *tensors, *_numbers(g), mask is not None
            )
        )
        grad_offset = grad_offset.masked_fill(_outside(offset, x.shape[-2:], g), 0)
    return grad_x, grad_weight, grad_offset, grad_mask, grad_bias


def _tensors(
    x: Tensor, weight: Tensor, offset: Tensor, mask: Tensor | None, bias: Tensor | None
) -> tuple[Tensor, ...]:
    """The tensor arguments in torchvision's order, with what it wants in place of None."""
    if mask is None:
        mask = x.new_zeros(x.shape[0], 1)
    if bias is None:
        bias = x.new_zeros(weight.shape[0])
    return tuple(_full(tensor).contiguous() for tensor in (x, weight, offset, mask, bias))


def _full(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype.itemsize < 4 else tensor


def _numbers(g: Geometry) -> tuple[int, ...]:
    return *g.stride, *g.padding, *g.dilation, g.groups, g.deform_groups


def _outside(offset: Tensor, size: Sequence[int], g: Geometry) -> Tensor:
    """True for the offsets of samples at or beyond one pixel outside, as MMCV tests it."""
    n, _, out_h, out_w = offset.shape
    kernel_h, kernel_w = g.kernel
    # (n, groups, kernel position, dy or dx, out_h, out_w); float: half cannot count past 2048
    shift = offset.float() if offset.dtype.itemsize < 4 else offset
    shift = shift.view(n, -1, kernel_h * kernel_w, 2, out_h, out_w)

    def arange(count: int, step: int) -> Tensor:
        return torch.arange(count, device=offset.device, dtype=shift.dtype) * step

    rows = arange(out_h, g.stride[0]) - g.padding[0]
    cols = arange(out_w, g.stride[1]) - g.padding[1]
    taps_y = arange(kernel_h, g.dilation[0]).repeat_interleave(kernel_w)
    taps_x = arange(kernel_w, g.dilation[1]).repeat(kernel_h)
    y = taps_y[:, None, None] + rows[:, None] + shift[:, :, :, 0]
    x = taps_x[:, None, None] + cols + shift[:, :, :, 1]
    outside = (y <= -1) | (x <= -1) | (y >= size[0]) | (x >= size[1])
    return outside.unsqueeze(3).expand_as(shift).reshape(offset.shape)
