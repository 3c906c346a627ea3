"""Run a clip in tiles and blend their borders, so that seams are not visible."""

from collections.abc import Callable, Iterable, Iterator

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
    network: Callable[[Tensor], Iterable[Tensor]],
    clip: Tensor,
    scale: int,
    tile: int | None,
    overlap: int,
) -> Iterator[Tensor]:
    """Run a network tile by tile.

    Args:
        network: Returns frames (c, s*h, s*w) for a clip (1, t, c, h, w).
        clip: (1, t, c, h, w).
        scale: The network's scale s.
        tile: Side of a tile; None runs the whole clip at once.
        overlap: Pixels that neighbouring tiles share, over which one fades into the other.

    Yields:
        (c, s*h, s*w), ``float32``, on the device of the network's results; if there are several
        tiles, after the last of them.
    """
    height, width = clip.shape[-2:]
    rows, columns = spans(height, tile, overlap), spans(width, tile, overlap)
    if len(rows) == len(columns) == 1:
        for frame in network(clip):
            yield frame.float()
        return
    frames: list[Tensor] = []
    for (top, bottom), row_weights in zip(rows, _weights(rows, scale), strict=True):
        for (left, right), weights in zip(columns, _weights(columns, scale), strict=True):
            for index, part in enumerate(network(clip[..., top:bottom, left:right])):
                if index == len(frames):
                    size = len(part), scale * height, scale * width
                    frames.append(part.new_zeros(size, dtype=torch.float32))
                share = row_weights.to(part.device)[:, None] * weights.to(part.device)
                place = slice(scale * top, scale * bottom), slice(scale * left, scale * right)
                frames[index][:, place[0], place[1]] += part.float() * share
    while frames:
        yield frames.pop(0)


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
