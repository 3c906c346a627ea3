"""Run large batches in pieces when a backward pass is not needed.

A batch of images at the size of the result is many times larger than a device's caches, so several
small passes are as fast as one, and need much less memory.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from fca2_plugin._torch import is_compiling

__all__ = ["images_at_once", "in_pieces", "join_pieces", "one_at_a_time", "stack_frames"]

# pixels of a piece: one image of 720x576, or several small ones. On a CPU, larger pieces are slower
# and need more memory; on a GPU they are better, because each piece costs the same launches.
_PIXELS = {"cpu": 2**17}
_PIXELS_ELSEWHERE = 2**21
_small_pieces = False  # see one_at_a_time


def images_at_once(number: int, pixels: int, device: torch.device) -> int:
    """Return how many of ``number`` images with ``pixels`` pixels form a piece.

    It is all of them if gradients are needed, because then all activations are kept anyway, and
    also in a compiled or exported graph, where a smaller number would fix height and width.
    """
    if torch.is_grad_enabled() or is_compiling():
        return number
    budget = 1 if _small_pieces else _PIXELS.get(device.type, _PIXELS_ELSEWHERE)
    return min(max(budget // max(pixels, 1), 1), number)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Make every piece a single image, so that a small clip runs as a large one would."""
    global _small_pieces
    before, _small_pieces = _small_pieces, True
    try:
        yield
    finally:
        _small_pieces = before


def in_pieces(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Compute ``function(x)`` in pieces of the batch.

    Args:
        function: Processes every image of a batch separately.
        x: (b, c, h, w).
    """
    number = x.shape[0]  # len(x) would fix the number in an exported graph
    at_once = images_at_once(number, x.shape[-2] * x.shape[-1], x.device)
    if at_once == number:
        return function(x)
    return join_pieces(map(function, x.split(at_once)), number)


def join_pieces(pieces: Iterable[Tensor], number: int) -> Tensor:
    """Join pieces to a batch of ``number`` images, copying and releasing each piece in turn.

    Unlike ``torch.cat``, it never keeps all pieces beside the batch. A single piece is not copied.
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
        del piece  # before the next one is computed
    return joined


def stack_frames(frames: Iterable[Tensor], number: int) -> Tensor:
    """Stack ``number`` frames (n, c, h, w) to a clip (n, number, c, h, w).

    On a CPU without gradients, each frame is copied and released before the next one is computed,
    so that memory holds the clip once. Otherwise one operation stacks all.
    """
    frames = iter(frames)
    first = next(frames)
    one_operation = first.device.type != "cpu" or torch.jit.is_tracing()
    if one_operation or torch.is_grad_enabled() or is_compiling():
        return torch.stack([first, *frames], dim=1)
    clip = first.new_empty(first.shape[0], number, *first.shape[1:])
    clip[:, 0] = first
    del first
    for place in clip[:, 1:].unbind(1):
        place.copy_(next(frames))
    return clip
