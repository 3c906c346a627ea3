"""A convolution that stores only what it needs for the backward pass."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.grad import conv2d_input

__all__ = ["LeanConv2d"]


class _GradientOfInput(torch.autograd.Function):
    """Convolution with frozen weights: the gradient of its input does not depend on the input."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | None, geometry: tuple) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.size, ctx.geometry = x.shape, geometry
        return F.conv2d(x, weight, bias, *geometry)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None, None, None]:
        (weight,) = ctx.saved_tensors
        weight = weight.to(grad.dtype)  # under autocast
        return conv2d_input(ctx.size, weight, grad, *ctx.geometry), None, None, None


class LeanConv2d(nn.Conv2d):
    """``nn.Conv2d`` that does not keep its input in memory if its weights are frozen.

    Otherwise, frozen parts in the middle of a network that learns, such as FCA²'s decoder, would
    keep a map for every convolution.

    Shape:
        The same as ``nn.Conv2d``, with zeros around the input.

    Example:
        >>> LeanConv2d(3, 8, 3, padding=1)(torch.rand(1, 3, 16, 16)).shape
        torch.Size([1, 8, 16, 16])
    """

    def _conv_forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        learns = weight.requires_grad or (bias is not None and bias.requires_grad)
        if learns or not (torch.is_grad_enabled() and x.requires_grad):
            return super()._conv_forward(x, weight, bias)
        geometry = self.stride, self.padding, self.dilation, self.groups
        return _GradientOfInput.apply(x, weight, bias, geometry)
