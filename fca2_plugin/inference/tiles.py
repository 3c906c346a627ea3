"""Run a clip in tiles and blend their borders, so that seams are not visible."""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["run_tiled", "spans"]


def spans(side: int, tile: int | None, overlap: int) -> list[tuple[int, int]]:
    """Cut a side into parts of ``tile``, neighbours sharing at least ``overlap`` pixels.

    The last part begins earlier, so that it is as long as the others.

    Raises:
        ValueError: The overlap leaves nothing of a tile.
    """
    if tile is None or tile >= side:
        return [(0, side)]
    if not 0 <= overlap < tile:
        raise ValueError(
            f"tiles of {tile} pixels are too small for an overlap of {overlap}; expected an "
            f"overlap from 0 to {tile - 1}"
        )
    starts = [*range(0, side - tile, tile - overlap), side - tile]
    return [(start, start + tile) for start in starts]


def run_tiled(
    network: Callable[[Tensor], Tensor],
    clip: Tensor,
    scale: int,
    tile: int | None,
    overlap: int,
    keep: slice = slice(None),
) -> Tensor:
    """Run a network tile by tile.

    Args:
        network: Maps (1, t, c, h, w) to (1, t, c, s*h, s*w).
        clip: (1, t, c, h, w).
        scale: The network's scale s.
        tile: Side of a tile; None runs the whole clip at once.
        overlap: Pixels that neighbouring tiles share, over which one fades into the other.
        keep: Frames of the result that are wanted.

    Returns:
        (frames, c, s*h, s*w), ``float32``, on the device of the network's results.
    """
    height, width = clip.shape[-2:]
    rows, columns = spans(height, tile, overlap), spans(width, tile, overlap)
    if len(rows) == len(columns) == 1:
        return network(clip)[0, keep].float()
    frames, channels = clip[0, keep].shape[:2]
    result: Tensor | None = None
    for (top, bottom), row_weights in zip(rows, _weights(rows, scale), strict=True):
        for (left, right), weights in zip(columns, _weights(columns, scale), strict=True):
            part = network(clip[..., top:bottom, left:right])[0, keep].float()
            if result is None:
                result = part.new_zeros(frames, channels, scale * height, scale * width)
            row_weights, weights = row_weights.to(part.device), weights.to(part.device)
            place = slice(scale * top, scale * bottom), slice(scale * left, scale * right)
            result[..., place[0], place[1]] += part * row_weights[:, None] * weights
    assert result is not None  # every frame has a tile
    return result


def _weights(parts: list[tuple[int, int]], scale: int) -> list[Tensor]:
    """Compute each part's weights; where two parts overlap, one rises as the other falls."""
    total = torch.zeros(scale * parts[-1][1])
    weights = []
    for number, (start, stop) in enumerate(parts):
        weight = torch.ones(scale * (stop - start))
        if number:
            shared = scale * (parts[number - 1][1] - start)
            weight[:shared] *= _rise(shared)
        if number + 1 < len(parts):
            shared = scale * (stop - parts[number + 1][0])
            weight[len(weight) - shared :] *= 1 - _rise(shared)
        total[scale * start : scale * stop] += weight
        weights.append(weight)
    # the last part begins early, so three parts may overlap
    return [w / total[scale * a : scale * b] for w, (a, b) in zip(weights, parts, strict=True)]


def _rise(length: int) -> Tensor:
    return (torch.arange(length) + 0.5) / max(length, 1)
