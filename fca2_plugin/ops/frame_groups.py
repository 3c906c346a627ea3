"""Groups of whole frames around a key frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fca2_plugin.ops.grouping import ChannelGrouping

__all__ = [
    "FrameGroup",
    "channel_groups",
    "fixed_groups",
    "groups_between",
    "groups_of",
    "pick_frames",
    "window_groups",
]


@dataclass(frozen=True)
class FrameGroup:
    """A key frame and the frames that are made from it.

    Args:
        key: Index of the key frame.
        members: Indices of the other frames, in order. In groups around key frames, members are
            never keys of other groups.
    """

    key: int
    members: tuple[int, ...]


def channel_groups(grouping: ChannelGrouping, num_frames: int) -> tuple[FrameGroup, ...]:
    """Return the frames of each group of channels (eq. 3) with overlaps; the key is the middle one.

    Args:
        grouping: Grouping with any number of channels.
        num_frames: Frames of the clip; a short one repeats its last frame.
    """
    starts = grouping.starts(3 * max(num_frames, -(-grouping.n_subs // 3)))
    groups = []
    for start in starts:
        end = start + grouping.n_subs
        key, *touched = (
            min(channel // 3, num_frames - 1)
            for channel in (start + grouping.n_subs // 2, *range(start, end))
        )
        members = sorted(set(touched) - {key})
        groups.append(FrameGroup(key, tuple(members)))
    return tuple(groups)


def fixed_groups(grouping: ChannelGrouping, num_frames: int) -> tuple[FrameGroup, ...]:
    """Return the groups of eq. 3, each with its middle frame as the key.

    A clip that is shorter than a group forms one group.

    Args:
        grouping: Grouping of whole frames; its numbers are multiples of 3.
        num_frames: Frames of the clip.
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


def groups_between(keys: Sequence[int], num_frames: int) -> tuple[FrameGroup, ...]:
    """Group key frames with all frames up to their neighbours; a frame between two belongs to both.

    Args:
        keys: Indices of the key frames, increasing.
        num_frames: Frames of the clip.

    Example:
        >>> [(group.key, group.members) for group in groups_between((0, 3), 5)]
        [(0, (1, 2)), (3, (1, 2, 4))]
    """
    before = (-1, *keys[:-1])
    after = (*keys[1:], num_frames)
    return tuple(
        FrameGroup(key, (*range(first + 1, key), *range(key + 1, last)))
        for first, key, last in zip(before, keys, after, strict=True)
    )


def window_groups(groups: Sequence[FrameGroup], start: int, stop: int) -> tuple[FrameGroup, ...]:
    """Return the part of a clip's groups inside a window, counted from the window's start.

    A frame whose key frames are all outside is made from the nearest key frame inside. If a window
    does not contain a key frame, its middle frame becomes the key.

    Args:
        groups: Groups of the whole clip.
        start: The window's first frame.
        stop: The frame after its last.
    """
    inside = [group for group in groups if start <= group.key < stop]
    if not inside:
        return groups_between([(stop - start) // 2], stop - start)
    members = {group.key: {f for f in group.members if start <= f < stop} for group in inside}
    alone = set(range(start, stop)).difference(members, *members.values())
    for frame in alone:
        members[min(members, key=lambda key: abs(key - frame))].add(frame)
    return tuple(
        FrameGroup(key - start, tuple(f - start for f in sorted(found)))
        for key, found in members.items()
    )


def groups_of(groups: Sequence[FrameGroup], frames: range) -> range:
    """Return the indices of the groups to which frames belong, and of those between.

    Example:
        >>> groups_of(groups_between((0, 3, 6), 7), range(2, 4))
        range(0, 2)
    """
    used = [
        k for k, group in enumerate(groups) if any(f in frames for f in (group.key, *group.members))
    ]
    return range(used[0], used[-1] + 1)


def pick_frames(x: Tensor, indices: Sequence[int]) -> Tensor:
    """Select frames of a clip, (n, t, ...)."""
    # plain numbers, because a GPU would have to wait for an index tensor; the clip is unbound once,
    # because otherwise the gradient of each frame would be a whole clip
    frames = x.unbind(1)
    return torch.stack([frames[index] for index in indices], dim=1)
