"""Groups that follow a clip: large for slow motion, small for fast motion, never across a cut.

The difference between LQ frames after warping shows how well the detail of one frame can be carried
to the next. These remainders add up from frame to frame, and a group reaches as far from its key
frame as their sum stays small. Fast motion and a low frame rate both make them large, so you need
not know either.
"""

from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor

from fca2_plugin.ops.flow import dense_flow
from fca2_plugin.ops.frame_groups import FrameGroup
from fca2_plugin.ops.warp import flow_warp

__all__ = ["GroupPlan", "plan_groups"]

_REACH = 3  # frames to either side: groups of at most seven
_BUDGET = 9 / 255
_CUT = 20 / 255  # mean difference of neighbouring frames after warping: fast scenes stay below 10
_PAIRS_AT_ONCE = 32


@dataclass(frozen=True)
class GroupPlan:
    """Which frames share a code.

    Args:
        groups: Key frames with all frames that are made from them. A frame between two key frames
            is made from both.
        sizes: Number of frames planned for each group; they add up to ``num_frames``.
        cuts: First frames of new scenes.
    """

    groups: tuple[FrameGroup, ...]
    sizes: tuple[int, ...]
    cuts: tuple[int, ...]

    @property
    def num_frames(self) -> int:
        """Frames of the clip."""
        return sum(self.sizes)

    @property
    def text(self) -> str:
        """Human-readable summary."""
        counts = sorted(Counter(self.sizes).items())
        return (
            f"{self.num_frames} frames as {len(self.groups)} codes "
            f"({len(self.groups) / self.num_frames:.2f} a frame), {len(self.cuts)} cuts, groups of "
            + ", ".join(f"{size} ({number}x)" for size, number in counts)
        )


def plan_groups(frames: Tensor, budget: float = _BUDGET) -> GroupPlan:
    """Plan the groups of a clip.

    Args:
        frames: LQ frames, (t, 3, h, w) in [0, 1].
        budget: Limit for the sum of differences from a key frame to the end of its group, as a
            mean over pixels; a larger budget gives fewer codes.

    Raises:
        ValueError: ``frames`` has another shape, or is empty.

    Example:
        >>> plan_groups(torch.zeros(7, 3, 16, 16)).cuts  # one scene
        ()
    """
    if frames.ndim != 4 or len(frames) < 1:
        raise ValueError(
            f"plan_groups got frames of shape {tuple(frames.shape)}; expected (t, 3, h, w) with at "
            "least one frame"
        )
    steps = _remainders(frames)
    cuts = tuple(index + 1 for index, step in enumerate(steps) if step > _CUT)
    keys, sizes, shots = [], [], []
    for start, end in zip((0, *cuts), (*cuts, len(frames)), strict=True):
        first = start
        while start < end:
            reach = next(r for r in range(_REACH, -1, -1) if _fits(steps, start, r, end, budget))
            keys.append(start + reach)
            sizes.append(min(2 * reach + 1, end - start))
            shots.append((first, end))
            start += sizes[-1]
    groups = tuple(_group(index, keys, shots, steps, budget) for index in range(len(keys)))
    return GroupPlan(groups, tuple(sizes), cuts)


@torch.no_grad()
def _remainders(frames: Tensor) -> list[float]:
    """Compute each frame's mean difference from the previous frame after warping."""
    steps = []
    for first, second in zip(
        frames[:-1].split(_PAIRS_AT_ONCE), frames[1:].split(_PAIRS_AT_ONCE), strict=True
    ):
        flow = dense_flow(second, first).permute(0, 2, 3, 1)
        warped = flow_warp(first, flow, padding_mode="border")
        steps.append((second - warped).abs().float().mean(dim=(1, 2, 3)))
    return torch.cat(steps).tolist() if steps else []


def _fits(steps: list[float], start: int, reach: int, end: int, budget: float) -> bool:
    """Whether a group from ``start`` can extend ``reach`` frames to both sides of its key frame."""
    key, last = start + reach, min(start + 2 * reach, end - 1)
    return key < end and max(sum(steps[start:key]), sum(steps[key:last])) <= budget


def _group(
    index: int, keys: list[int], shots: list[tuple[int, int]], steps: list[float], budget: float
) -> FrameGroup:
    """Return a key frame with all frames up to neighbouring key frames that it may help to make.

    Frames beyond its own group may differ twice as much, because another key frame is nearer.
    """
    key, (start, end) = keys[index], shots[index]
    first = max(start, keys[index - 1] + 1 if index else 0)
    last = min(end, keys[index + 1] if index + 1 < len(keys) else end)
    members = [
        f
        for f in range(first, last)
        if f != key and sum(steps[min(f, key) : max(f, key)]) <= 2 * budget
    ]
    return FrameGroup(key, tuple(members))
