"""Large batches in pieces, where nothing is kept for a backward pass.

A batch of images at the size of the result is many times what a device's caches hold, so that
several small passes are no slower than one, and need as much less memory.
"""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["images_at_once", "in_pieces"]

_PIXELS = 2**19  # of one piece: one image of 720x576, or many small ones for one launch


def images_at_once(number: int, pixels: int) -> int:
    """How many of ``number`` images of so many pixels make a piece.

    All of them while a gradient is wanted: then every image's activations are kept anyway. All of
    them in a graph that is compiled or exported, too: their number would fix its height and width.
    """
    if torch.is_grad_enabled() or torch.compiler.is_compiling():
        return number
    return min(max(_PIXELS // max(pixels, 1), 1), number)


def in_pieces(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """``function(x)``, by pieces of the batch.

    Args:
        function: Treats every image of a batch on its own.
        x: (b, c, h, w).
    """
    number = x.shape[0]  # not len(x), which would fix it in an exported graph
    at_once = images_at_once(number, x.shape[-2] * x.shape[-1])
    if at_once == number:
        return function(x)
    return torch.cat([function(piece) for piece in x.split(at_once)])
