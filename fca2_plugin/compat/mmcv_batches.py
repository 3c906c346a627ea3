"""Batches of any size for mmcv's deformable convolution without masks, such as TDAN's.

Breaks: a batch of more than 32 images whose number 32 does not divide, with ``batch size must be
divisible by im2col_step``: TDAN on the windows of a clip of 100 frames.
Why: mmcv takes images in steps of 32, and all steps have to be equal.
Here: the largest step up to that which divides the batch.
Does nothing: for batches that the step divides.
"""

import functools

from torch import Tensor

__all__ = ["apply"]


def apply() -> str:
    from mmcv.ops.deform_conv import DeformConv2dFunction

    forward = DeformConv2dFunction.forward

    @functools.wraps(forward)
    def with_equal_steps(
        ctx: object,
        x: Tensor,
        offset: object,
        weight: object,
        stride: object = 1,
        padding: object = 0,
        dilation: object = 1,
        groups: int = 1,
        deform_groups: int = 1,
        bias: bool = False,
        im2col_step: int = 32,
    ) -> object:
        number = x.shape[0]
        step = next((s for s in range(min(im2col_step, number), 0, -1) if number % s == 0), 1)
        return forward(
            ctx, x, offset, weight, stride, padding, dilation, groups, deform_groups, bias, step
        )

    DeformConv2dFunction.forward = staticmethod(with_equal_steps)
    return "mmcv's deformable convolution can only split a batch into equal parts"
