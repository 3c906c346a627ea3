"""The compiled module ``mmcv._ext``.

Breaks: ``import mmagic.models`` with ``No module named 'mmcv._ext'``.
Why: there is no wheel of the full mmcv for a current torch. mmcv-lite has all of mmcv's Python,
so modules, parameter names and state dicts are the host's own; only the kernels are missing.
Here: the five deformable-convolution functions that video networks call, over torchvision (see
``deform_kernels``). Every other name is a function that raises when it is called, since mmcv looks
its names up when it is imported.
Does nothing: where the compiled module can be imported.
"""

import importlib
import importlib.machinery
import sys
import types
from collections.abc import Callable

from torch import Tensor

from fca2_plugin.compat import deform_kernels
from fca2_plugin.compat.deform_kernels import Geometry

__all__ = ["apply"]

_NAME = "mmcv._ext"


def apply() -> str | None:
    try:
        importlib.import_module(_NAME)
    except ImportError as error:  # absent, or compiled for another torch
        module = types.ModuleType(_NAME, __doc__)
        for function in _FUNCTIONS:
            setattr(module, function.__name__, function)
        module.__getattr__ = _placeholder  # type: ignore[method-assign]  # PEP 562
        module.__spec__ = importlib.machinery.ModuleSpec(_NAME, loader=None)
        sys.modules[_NAME] = module
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


# Names and order of the arguments are those with which mmcv.ops calls its extension. Results are
# written into the tensors it passes; its scratch buffers (ones, columns) are not needed.


def modulated_deform_conv_forward(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    output: Tensor,
    columns: Tensor,
    **numbers: int,
) -> None:
    bias = bias if numbers["with_bias"] else None
    output.copy_(
        deform_kernels.forward(x, weight, bias, offset, mask, _modulated_geometry(numbers))
    )


def modulated_deform_conv_backward(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    columns: Tensor,
    grad_x: Tensor,
    grad_weight: Tensor,
    grad_bias: Tensor,
    grad_offset: Tensor,
    grad_mask: Tensor,
    grad_output: Tensor,
    **numbers: int,
) -> None:
    bias = bias if numbers["with_bias"] else None
    grads = deform_kernels.backward(
        grad_output, x, weight, bias, offset, mask, _modulated_geometry(numbers)
    )
    targets = [grad_x, grad_weight, grad_offset, grad_mask]
    if bias is not None:
        targets.append(grad_bias)
    for target, grad in zip(targets, grads, strict=False):
        target.copy_(grad)


def deform_conv_forward(
    x: Tensor,
    weight: Tensor,
    offset: Tensor,
    output: Tensor,
    columns: Tensor,
    ones: Tensor,
    **numbers: int,
) -> None:
    output.copy_(deform_kernels.forward(x, weight, None, offset, None, _geometry(numbers)))


def deform_conv_backward_input(
    x: Tensor,
    offset: Tensor,
    grad_output: Tensor,
    grad_x: Tensor,
    grad_offset: Tensor,
    weight: Tensor,
    columns: Tensor,
    **numbers: int,
) -> None:
    grads = deform_kernels.backward(grad_output, x, weight, None, offset, None, _geometry(numbers))
    grad_x.copy_(grads[0])
    grad_offset.copy_(grads[2])


def deform_conv_backward_parameters(
    x: Tensor,
    offset: Tensor,
    grad_output: Tensor,
    grad_weight: Tensor,
    columns: Tensor,
    ones: Tensor,
    *,
    scale: float,
    **numbers: int,
) -> None:
    # The weight's own gradient does not depend on the weight, so any of its shape will do.
    weight = grad_weight.new_zeros(grad_weight.shape)
    grads = deform_kernels.backward(grad_output, x, weight, None, offset, None, _geometry(numbers))
    grad_weight.copy_(grads[1]).mul_(scale)


def _modulated_geometry(n: dict[str, int]) -> Geometry:
    return Geometry(
        kernel=(n["kernel_h"], n["kernel_w"]),
        stride=(n["stride_h"], n["stride_w"]),
        padding=(n["pad_h"], n["pad_w"]),
        dilation=(n["dilation_h"], n["dilation_w"]),
        groups=n["group"],
        deform_groups=n["deformable_group"],
    )


def _geometry(n: dict[str, int]) -> Geometry:
    return Geometry(
        kernel=(n["kH"], n["kW"]),
        stride=(n["dH"], n["dW"]),
        padding=(n["padH"], n["padW"]),
        dilation=(n["dilationH"], n["dilationW"]),
        groups=n["group"],
        deform_groups=n["deformable_group"],
    )


_FUNCTIONS = (
    modulated_deform_conv_forward,
    modulated_deform_conv_backward,
    deform_conv_forward,
    deform_conv_backward_input,
    deform_conv_backward_parameters,
)
