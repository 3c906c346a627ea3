"""Groups of whole frames around key frames."""

import pytest

from fca2_plugin.ops.frame_groups import FrameGroup, fixed_groups
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
