"""Groups of whole frames around a key frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fca2_plugin.ops.grouping import ChannelGrouping

__all__ = ["FrameGroup", "fixed_groups", "pick_frames"]


@dataclass(frozen=True)
class FrameGroup:
    """A key frame and the frames that are made from it.

    Args:
        key: Index of the key frame.
        members: Indices of the others, in order; none of them is the key of another group.
    """

    key: int
    members: tuple[int, ...]


def fixed_groups(grouping: ChannelGrouping, num_frames: int) -> tuple[FrameGroup, ...]:
    """The groups of eq. 3, each with its middle frame as the key.

    A clip that is shorter than a group is one group.

    Args:
        grouping: Of whole frames, its numbers multiples of 3.
        num_frames: Of the clip.
    """
    size = grouping.n_subs // 3
    starts = grouping.first_frames(3 * max(num_frames, size))
    keys = [min(start + size // 2, num_frames - 1) for start in starts]
    return tuple(
        FrameGroup(
            key, tuple(f for f in range(start, min(start + size, num_frames)) if f not in keys)
        )
        for start, key in zip(starts, keys, strict=True)
    )


def pick_frames(x: Tensor, indices: Sequence[int]) -> Tensor:
    """Some frames of a clip, (n, t, ...)."""
    # by plain numbers: an index that is a tensor would make a GPU wait for it
    return torch.stack([x[:, index] for index in indices], dim=1)
