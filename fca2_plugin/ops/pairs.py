"""Pairs of a key frame and a frame that is made from it, and sums over them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from fca2_plugin.ops.frame_groups import FrameGroup

__all__ = ["Pair", "batches_of", "list_pairs", "mean_by_group", "pairs_by_frame", "sum_by_frame"]


class Pair(NamedTuple):
    """A frame and one of the key frames from which it is made.

    Attributes:
        number: Among all pairs of a clip, in the order of ``list_pairs``.
        code: Index of the group.
        frame: Index of the frame.
    """

    number: int
    code: int
    frame: int


def list_pairs(groups: Sequence[FrameGroup]) -> list[Pair]:
    """List the pairs of every group's members with its key frame."""
    found = [(k, f) for k, group in enumerate(groups) for f in group.members]
    return [Pair(number, k, f) for number, (k, f) in enumerate(found)]


def pairs_by_frame(groups: Sequence[FrameGroup], frames: range) -> dict[int, list[Pair]]:
    """Return the pairs of those of some frames that have any, in the frames' order."""
    found: dict[int, list[Pair]] = {}
    for pair in list_pairs(groups):
        if pair.frame in frames:
            found.setdefault(pair.frame, []).append(pair)
    return dict(sorted(found.items()))


def batches_of(
    frames: Iterable[int], made: Mapping[int, object] | Set[int], at_once: int
) -> Iterator[list[int]]:
    """Cut frames into runs that hold at most ``at_once`` frames of ``made``.

    Example:
        >>> list(batches_of(range(6), {1, 2, 4}, 2))
        [[0, 1, 2, 3], [4, 5]]
    """
    batch: list[int] = []
    count = 0
    for frame in frames:
        if frame in made and count == at_once:
            yield batch
            batch, count = [], 0
        batch.append(frame)
        count += frame in made
    if batch:
        yield batch


def mean_by_group(pairs: Tensor, groups: Sequence[FrameGroup]) -> Tensor:
    """Average pairs (n, p, c, h, w) by group, (n, K, c, h, w); zero for a group of one frame.

    All groups of the same size take one operation.
    """
    sizes = [len(group.members) for group in groups]
    parts = pairs.split(sizes, dim=1)
    means: dict[int, Tensor] = {}
    for size in set(sizes):
        found = [k for k, other in enumerate(sizes) if other == size]
        if size:
            mean = torch.stack([parts[k] for k in found], dim=1).mean(dim=2)
        else:
            mean = pairs.new_zeros(pairs.shape[0], len(found), *pairs.shape[2:])
        means |= zip(found, mean.unbind(1), strict=True)
    return torch.stack([means[k] for k in range(len(groups))], dim=1)


def sum_by_frame(pairs: Tensor, counts: Sequence[int]) -> Tensor:
    """Sum pairs (n, p, c, h, w) by frame, (n, f, c, h, w), given each frame's number of pairs."""
    sums, start = [], 0
    for count, same in groupby(counts):
        number = len(list(same))
        part = pairs[:, start : start + number * count].unflatten(1, (number, count))
        sums.append(part.sum(dim=2) if count > 1 else part[:, :, 0])
        start += number * count
    return sums[0] if len(sums) == 1 else torch.cat(sums, dim=1)
