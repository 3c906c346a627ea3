"""Groups of whole frames around key frames."""

import pytest

from fca2_plugin.ops.frame_groups import (
    FrameGroup,
    channel_groups,
    fixed_groups,
    groups_between,
    window_groups,
)
from fca2_plugin.ops.grouping import ChannelGrouping


@pytest.mark.parametrize(
    ("s", "o", "t", "groups"),
    [
        (9, 3, 7, [(1, (0, 2)), (3, (2, 4)), (5, (4, 6))]),
        (9, 0, 7, [(1, (0, 2)), (4, (3,)), (5, (6,))]),  # the last one starts at 4
        (6, 0, 4, [(1, (0,)), (3, (2,))]),
        (15, 3, 9, [(2, (0, 1, 3, 4)), (6, (4, 5, 7, 8))]),
        (3, 0, 3, [(0, ()), (1, ()), (2, ())]),  # every frame is a code: plain VSR
        (9, 3, 1, [(0, ())]),
        (9, 3, 2, [(1, (0,))]),
    ],
)
def test_groups(s, o, t, groups):
    expected = tuple(FrameGroup(key, members) for key, members in groups)
    assert fixed_groups(ChannelGrouping(s, o), t) == expected


@pytest.mark.parametrize(("s", "o"), [(3, 0), (6, 0), (6, 3), (9, 0), (9, 3), (9, 6), (15, 3)])
def test_every_frame_is_a_key_or_a_member(s, o):
    for t in range(1, 24):
        groups = fixed_groups(ChannelGrouping(s, o), t)
        keys = [group.key for group in groups]
        members = {f for group in groups for f in group.members}
        assert len(set(keys)) == len(keys)
        assert members.isdisjoint(keys)
        assert members | set(keys) == set(range(t))


def test_between_key_frames():
    assert groups_between((1, 4, 5), 7) == (
        FrameGroup(1, (0, 2, 3)),
        FrameGroup(4, (2, 3)),
        FrameGroup(5, (6,)),
    )
    assert groups_between((0,), 1) == (FrameGroup(0, ()),)


def test_a_window_has_its_part_of_the_groups():
    groups = groups_between((0, 3, 6, 9), 10)
    assert window_groups(groups, 0, 10) == groups
    assert window_groups(groups, 2, 8) == (FrameGroup(1, (0, 2, 3)), FrameGroup(4, (2, 3, 5)))
    assert window_groups(groups, 4, 6) == (FrameGroup(1, (0,)),)  # without a key frame
    for start in range(10):
        for stop in range(start + 1, 11):
            part = window_groups(groups, start, stop)
            keys = {group.key for group in part}
            members = {f for group in part for f in group.members}
            assert members.isdisjoint(keys) and members | keys == set(range(stop - start))


def test_a_window_finds_frames_whose_key_frames_are_outside():
    groups = (FrameGroup(0, (1, 2)), FrameGroup(3, (4,)))
    assert window_groups(groups, 1, 5) == (FrameGroup(2, (0, 1, 3)),)


@pytest.mark.parametrize(
    ("s", "o", "groups"),
    [
        (9, 3, [(1, (0, 2)), (3, (2, 4)), (5, (4, 6))]),
        (6, 2, [(1, (0,)), (2, (1, 3)), (3, (2, 4)), (5, (4,)), (6, (5,))]),
        (12, 4, [(2, (0, 1, 3)), (4, (2, 3, 5, 6)), (5, (3, 4, 6))]),
    ],
)
def test_groups_of_channels(s, o, groups):
    expected = tuple(FrameGroup(key, members) for key, members in groups)
    assert channel_groups(ChannelGrouping(s, o), 7) == expected
