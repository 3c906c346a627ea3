"""Deformable convolution in any floating dtype."""

import torch
from torch import Tensor

from fca2_plugin.ops.precision import without_autocast

__all__ = ["deform_conv2d"]


def deform_conv2d(
    x: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    weight: Tensor,
    bias: Tensor | None = None,
    padding: int = 0,
) -> Tensor:
    """Convolve ``x`` at positions moved by ``offset``, each sample weighed by ``mask``.

    Computed in float32 or better, even under autocast: torchvision has no bfloat16 kernel; half
    precision cannot distinguish neighbouring positions in a large frame.

    Args:
        x: Input, (n, c, h, w); its channels form as many groups as ``offset`` has fields.
        offset: (n, groups * 2 * k * k, h', w'), group by group, (dy, dx) of every kernel position.
        mask: (n, groups * k * k, h', w'), or None for weights of one.
        weight: (o, c, k, k).
        bias: (o,) or None.
        padding: Zeros around ``x``.

    Shape:
        returns (n, o, h', w') in the dtype of ``x``.

    Example:
        >>> x, weight = torch.rand(1, 3, 8, 8), torch.rand(4, 3, 3, 3)
        >>> plain = torch.nn.functional.conv2d(x, weight, padding=1)
        >>> still = torch.zeros(1, 18, 8, 8)  # no sample moves
        >>> torch.allclose(deform_conv2d(x, still, None, weight, padding=1), plain, atol=1e-4)
        True
    """
    from torchvision import ops  # takes seconds, and most networks do not need it

    def wide(tensor: Tensor | None) -> Tensor | None:
        if tensor is None:
            return None
        return tensor.to(torch.promote_types(tensor.dtype, torch.float32))

    with without_autocast(x.device.type):
        out = ops.deform_conv2d(
            wide(x), wide(offset), wide(weight), wide(bias), padding=padding, mask=wide(mask)
        )
    return out.to(x.dtype)
