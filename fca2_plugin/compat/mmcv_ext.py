"""The compiled module ``mmcv._ext``.

Breaks: ``import mmagic.models`` with ``No module named 'mmcv._ext'``.
Why: there is no wheel of the full mmcv for a current torch. mmcv-lite has all of mmcv's Python,
so modules, parameter names and state dicts are the host's own; only the kernels are missing.
Here: mmcv's two functions of deformable convolution, which video networks call, on torchvision's
operator. Every name of the compiled module is a function that raises when it is called, since mmcv
looks its names up when it is imported.
Does nothing: where the compiled module can be imported.

torchvision's operator follows the conventions of mmcv's kernels: offset channels are (dy, dx) per
kernel position per deformable group, mask channels are kernel positions per group, samples outside
the image are zero. Three things differ and are handled here:

* torchvision has no bfloat16 kernel, and half precision cannot tell neighbouring positions of a
  large frame apart (float16 counts in quarters of a pixel from 256 on): both are computed in
  float32, on every device;
* torchvision registers an autocast rule, while mmcv chooses the dtype by the offsets, so autocast
  is off around the call;
* at a position of exactly -1 (or exactly the image size) mmcv gives the offset no gradient and
  torchvision gives one. That is where every border sample of a 3x3 kernel with padding 1 lies
  while the offsets are zero-initialised, so the first steps of EDVR and TDAN depend on it.
"""

import importlib
import importlib.machinery
import sys
import types
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.utils import _pair
from torchvision.ops import deform_conv2d as deform_conv

__all__ = ["apply", "deform_conv2d", "modulated_deform_conv2d"]

_NAME = "mmcv._ext"
Pair = Any  # a number, or height and width


def apply() -> str | None:
    try:
        importlib.import_module(_NAME)
    except ImportError as error:  # absent, or compiled for another torch
        module = types.ModuleType(_NAME, __doc__)
        module.__getattr__ = _placeholder  # type: ignore[method-assign]  # PEP 562
        module.__spec__ = importlib.machinery.ModuleSpec(_NAME, loader=None)
        sys.modules[_NAME] = module
        for place, function in (
            ("deform_conv", deform_conv2d),
            ("modulated_deform_conv", modulated_deform_conv2d),
        ):
            name = function.__name__
            original = getattr(importlib.import_module(f"mmcv.ops.{place}"), name)
            for loaded in [m for key, m in sys.modules.items() if key.startswith("mmcv.")]:
                if vars(loaded).get(name) is original:
                    setattr(loaded, name, function)
        return f"mmcv has no compiled ops ({error}), so deformable convolution runs on torchvision"
    return None


def _placeholder(name: str) -> Callable:
    if name.startswith("__"):
        raise AttributeError(name)

    def missing(*args: object, **kwargs: object) -> None:
        raise NotImplementedError(
            f"mmcv._ext.{name} needs the compiled mmcv; only deformable convolution works without "
            "it; install an mmcv wheel built for this torch"
        )

    missing.__name__ = name
    return missing


# Names and order of the arguments are mmcv's.


def modulated_deform_conv2d(
    input: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    deform_groups: int = 1,
) -> Tensor:
    """Deformable convolution as mmcv has it, in the dtype of ``offset``."""
    places = _pair(stride), _pair(padding), _pair(dilation)
    # first to the dtype of the offsets, as mmcv does
    x, weight, wide, mask, bias = (_wide(t, offset) for t in (input, weight, offset, mask, bias))
    if offset.requires_grad:
        wide = torch.where(_outside(wide, x, weight, *places), wide.detach(), wide)
    with torch.autocast(device_type=x.device.type, enabled=False):
        # it takes the numbers of groups from the shapes
        return deform_conv(x, wide, weight, bias, *places, mask).type_as(offset)


def deform_conv2d(input: Tensor, offset: Tensor, weight: Tensor, *places: Any) -> Tensor:
    """The same without masks; ``places`` are mmcv's arguments from ``stride`` on."""
    return modulated_deform_conv2d(input, offset, None, weight, None, *places[:3])


def _wide(tensor: Any, offset: Tensor) -> Any:
    if tensor is None:
        return None
    tensor = tensor.type_as(offset)
    return tensor.float() if tensor.dtype.itemsize < 4 else tensor


def _outside(
    offset: Tensor, x: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair
) -> Tensor:
    """True for the offsets of samples at or beyond one pixel outside, as mmcv tests it."""
    n, _, out_h, out_w = offset.shape
    (height, width), (kernel_h, kernel_w) = x.shape[-2:], weight.shape[-2:]
    # (n, groups, kernel position, dy or dx, out_h, out_w)
    shift = offset.detach().view(n, -1, kernel_h * kernel_w, 2, out_h, out_w)

    def steps(count: int, step: int) -> Tensor:
        return torch.arange(count, device=offset.device, dtype=shift.dtype) * step

    rows, cols = steps(out_h, stride[0]) - padding[0], steps(out_w, stride[1]) - padding[1]
    taps_y = steps(kernel_h, dilation[0]).repeat_interleave(kernel_w)
    taps_x = steps(kernel_w, dilation[1]).repeat(kernel_h)
    y = taps_y[:, None, None] + rows[:, None] + shift[:, :, :, 0]
    x_ = taps_x[:, None, None] + cols + shift[:, :, :, 1]
    outside = (y <= -1) | (x_ <= -1) | (y >= height) | (x_ >= width)
    return outside.unsqueeze(3).expand_as(shift).reshape(offset.shape)
