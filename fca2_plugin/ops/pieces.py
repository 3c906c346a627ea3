"""Large batches in pieces, where nothing is kept for a backward pass.

A batch of images at the size of the result is many times what a device's caches hold, so that
several small passes are no slower than one, and need as much less memory.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from fca2_plugin._torch import is_compiling

__all__ = ["images_at_once", "in_pieces", "join_pieces"]

# of one piece: one image of 720x576, or several small ones. On a CPU more are slower, and need more
# memory; a GPU is better with larger pieces, since each costs it the same number of launches.
_PIXELS = {"cpu": 2**17}
_PIXELS_ELSEWHERE = 2**21


def images_at_once(number: int, pixels: int, device: torch.device) -> int:
    """How many of ``number`` images of so many pixels make a piece.

    All of them while a gradient is wanted: then every image's activations are kept anyway. All of
    them in a graph that is compiled or exported, too: their number would fix its height and width.
    """
    if torch.is_grad_enabled() or is_compiling():
        return number
    budget = _PIXELS.get(device.type, _PIXELS_ELSEWHERE)
    return min(max(budget // max(pixels, 1), 1), number)


def in_pieces(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """``function(x)``, by pieces of the batch.

    Args:
        function: Treats every image of a batch on its own.
        x: (b, c, h, w).
    """
    number = x.shape[0]  # not len(x), which would fix it in an exported graph
    at_once = images_at_once(number, x.shape[-2] * x.shape[-1], x.device)
    if at_once == number:
        return function(x)
    return join_pieces(map(function, x.split(at_once)), number)


def join_pieces(pieces: Iterable[Tensor], number: int) -> Tensor:
    """One batch of ``number`` images from its pieces, each copied as it comes and then let go.

    Unlike ``torch.cat`` it never holds all pieces beside the batch; a single one is not copied.
    """
    start = 0
    for piece in pieces:
        size = piece.shape[0]
        if not start:
            if size == number:
                return piece
            joined = piece.new_empty(number, *piece.shape[1:])
        joined[start : start + size] = piece
        start += size
        del piece  # before the next one is made
    return joined
