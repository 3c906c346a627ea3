"""Plans of groups: still clips, fast ones, cuts, and the frames a plan covers."""

import pytest
import torch

from fca2_plugin.ops.frame_groups import FrameGroup
from fca2_plugin.ops.group_plan import plan_groups
from fca2_plugin.ops.warp import flow_warp
from tests.ops.test_flow import texture


def still(t: int, seed: int = 0) -> torch.Tensor:
    return texture(24, 32, seed=seed).expand(t, -1, -1, -1)


def flicker(t: int, step: float = 6 / 255) -> torch.Tensor:
    """What no motion explains: every frame differs by ``step`` from the one before."""
    return still(t) * 0.5 + step * (torch.arange(t) % 2).view(t, 1, 1, 1)


def test_a_still_clip_makes_the_largest_groups():
    plan = plan_groups(still(14))
    assert plan.sizes == (7, 7)
    assert plan.cuts == ()
    # frames between two keys are made from both
    assert plan.groups == (
        FrameGroup(3, (0, 1, 2, 4, 5, 6, 7, 8, 9)),
        FrameGroup(10, (4, 5, 6, 7, 8, 9, 11, 12, 13)),
    )


@pytest.mark.parametrize(("step", "size"), [(2.5, 7), (4, 5), (7, 3), (12, 1)])
def test_more_change_makes_smaller_groups(step, size):
    plan = plan_groups(flicker(21, step / 255))
    assert plan.sizes[0] == size
    assert set(plan.sizes[:-1]) == {size}


def test_motion_that_flow_explains_is_no_change():
    picture = texture(64, 64)
    flow = torch.tensor([1.0, 0.5]).expand(1, 64, 64, 2)
    frames = [picture]
    for _ in range(6):
        frames.append(flow_warp(frames[-1], flow, padding_mode="border"))
    assert plan_groups(torch.cat(frames)).sizes[0] > 3


def test_a_larger_budget_makes_fewer_codes():
    codes = [len(plan_groups(flicker(21), budget / 255).groups) for budget in (1, 6, 12, 18)]
    assert codes == [21, 7, 5, 3]


def test_no_group_crosses_a_cut():
    frames = torch.cat([still(5), 1 - still(1), still(8, seed=3)])
    plan = plan_groups(frames)
    assert plan.cuts == (5, 6)
    for group in plan.groups:
        shot = sum(group.key >= cut for cut in plan.cuts)
        assert all(sum(f >= cut for cut in plan.cuts) == shot for f in group.members)


@pytest.mark.parametrize("make", [still, flicker, lambda t: torch.rand(t, 3, 9, 9)])
def test_every_frame_is_a_key_or_a_member(make):
    for t in range(1, 20):
        plan = plan_groups(make(t))
        keys = {group.key for group in plan.groups}
        members = {f for group in plan.groups for f in group.members}
        assert plan.num_frames == t
        assert keys | members == set(range(t))
        assert members.isdisjoint(keys)
        assert len(keys) == len(plan.groups) == len(plan.sizes)


def test_long_clips_are_planned_in_parts():
    assert plan_groups(flicker(70)).sizes[:-1] == (3,) * 23


def test_what_is_said():
    plan = plan_groups(torch.cat([still(9), 1 - still(1)]))
    assert (
        plan.text == "10 frames as 3 codes (0.30 a frame), 1 cuts, groups of 1 (1x), 2 (1x), 7 (1x)"
    )


@pytest.mark.parametrize("shape", [(3, 8, 8), (0, 3, 8, 8), (1, 2, 3, 8, 8)])
def test_other_shapes_raise(shape):
    with pytest.raises(ValueError, match=r"plan_groups got .* expected \(t, 3, h, w\)"):
        plan_groups(torch.rand(shape))
