"""Channel groups against nested loops, the published table, and finite differences."""

import numpy as np
import pytest
import torch

from fca2_plugin.ops.grouping import ChannelGrouping

TABLE_VI = [(6, 0), (6, 2), (9, 0), (9, 3), (12, 4), (18, 8)]
SETTINGS = [*TABLE_VI, (1, 0), (3, 0), (3, 2), (4, 1), (5, 2), (7, 6), (9, 8)]
settings = pytest.mark.parametrize(("s", "o"), SETTINGS)


def cut(num_channels: int, n_subs: int, n_ovls: int) -> list[list[int]]:
    """The channels of each group, one group after another until the last channel is reached."""
    groups, start = [], 0
    while start + n_subs < num_channels:
        groups.append(list(range(start, start + n_subs)))
        start += n_subs - n_ovls
    return [*groups, list(range(num_channels - n_subs, num_channels))]


def lengths(n_subs: int) -> range:
    """Frames of clips that hold a group."""
    return range(-(-n_subs // 3), 13)


def clip(num_frames: int, dtype=torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(num_frames)
    return torch.rand(2, 3 * num_frames, 2, 3, generator=generator, dtype=dtype)


@settings
def test_group_is_the_nested_loop(s, o):
    for n in lengths(s):
        x = clip(n)
        expected = [
            [[x[b, c].numpy() for c in group] for group in cut(3 * n, s, o)] for b in range(2)
        ]
        groups = ChannelGrouping(s, o).group(x)
        np.testing.assert_array_equal(groups.numpy(), np.array(expected))


@settings
def test_ungroup_is_the_nested_loop(s, o):
    for n in lengths(s):
        grouping = ChannelGrouping(s, o)
        lists = cut(3 * n, s, o)
        groups = torch.rand(2, len(lists), s, 2, 3, dtype=torch.float64)
        expected = np.zeros((2, 3 * n, 2, 3))
        for b in range(2):
            for c in range(3 * n):
                held = [
                    groups[b, k, channels.index(c)].numpy()
                    for k, channels in enumerate(lists)
                    if c in channels
                ]
                expected[b, c] = sum(held) / len(held)
        np.testing.assert_allclose(grouping.ungroup(groups, 3 * n).numpy(), expected, rtol=1e-14)


@settings
def test_ungroup_undoes_group(s, o):
    for n in lengths(s):
        grouping, x = ChannelGrouping(s, o), clip(n)
        torch.testing.assert_close(
            grouping.ungroup(grouping.group(x), 3 * n), x, rtol=1e-15, atol=1e-15
        )


@settings
def test_counts_are_the_nested_loop(s, o):
    for n in lengths(s):
        grouping, lists = ChannelGrouping(s, o), cut(3 * n, s, o)
        flat = sum(lists, [])
        assert grouping.num_groups(3 * n) == len(lists)
        assert grouping.starts(3 * n) == tuple(channels[0] for channels in lists)
        assert grouping.coverage(3 * n).tolist() == [flat.count(c) for c in range(3 * n)]
        assert grouping.first_frames(3 * n) == tuple(channels[0] // 3 for channels in lists)


@pytest.mark.parametrize(
    ("s", "o", "ranges", "groups"),
    [
        (6, 0, [(0, 6), (6, 12), (12, 18), (15, 21)], (4, 15, 50)),
        (6, 2, [(0, 6), (4, 10), (8, 14), (12, 18), (15, 21)], (5, 22, 75)),
        (9, 0, [(0, 9), (9, 18), (12, 21)], (3, 10, 34)),
        (9, 3, [(0, 9), (6, 15), (12, 21)], (3, 15, 50)),
        (12, 4, [(0, 12), (8, 20), (9, 21)], (3, 11, 37)),
        (18, 8, [(0, 18), (3, 21)], (2, 9, 30)),
    ],
)
def test_table_vi(s, o, ranges, groups):
    grouping = ChannelGrouping(s, o)
    assert [(start, start + s) for start in grouping.starts(21)] == ranges
    assert tuple(grouping.num_groups(3 * n) for n in (7, 30, 100)) == groups


def test_the_default_is_the_papers():
    assert ChannelGrouping() == ChannelGrouping(9, 3)


@pytest.mark.parametrize(("s", "o"), SETTINGS)
def test_frames_per_group_bounds_every_clip(s, o):
    touched = [
        len({channel // 3 for channel in group})
        for n in range(-(-s // 3), 40)
        for group in cut(3 * n, s, o)
    ]
    most = ChannelGrouping(s, o).frames_per_group()
    assert max(touched) <= most
    if (s, o) in TABLE_VI:
        assert max(touched) == most


def test_tail_can_hold_a_channel_three_times():
    assert ChannelGrouping(12, 4).coverage(21).max() == 3


@pytest.mark.parametrize(("s", "o"), TABLE_VI)
def test_gradients(s, o):
    grouping = ChannelGrouping(s, o)
    x = torch.rand(1, 21, 1, 2, dtype=torch.float64, requires_grad=True)
    groups = grouping.group(x).detach().requires_grad_()
    assert torch.autograd.gradcheck(grouping.group, x)
    assert torch.autograd.gradcheck(lambda g: grouping.ungroup(g, 21), groups)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_keeps_dtype_and_input(dtype):
    grouping, x = ChannelGrouping(), clip(7, torch.float32).to(dtype)
    before = x.clone()
    groups = grouping.group(x)
    groups_before = groups.clone()
    back = grouping.ungroup(groups, 21)
    assert groups.dtype == back.dtype == dtype
    assert torch.equal(groups, groups_before)
    groups.zero_()
    assert torch.equal(x, before)


@pytest.mark.parametrize(("s", "o"), [(0, 0), (-1, 0), (9, 9), (9, 10), (9, -1)])
def test_impossible_groups_raise(s, o):
    with pytest.raises(ValueError, match=f"n_subs={s}, n_ovls={o} do not make groups"):
        ChannelGrouping(s, o)


@pytest.mark.parametrize(
    ("s", "o", "name"), [(9.0, 3, "n_subs"), (9, "3", "n_ovls"), (True, 0, "n_subs")]
)
def test_other_types_raise(s, o, name):
    with pytest.raises(TypeError, match=f"{name} counts channels and must be an integer"):
        ChannelGrouping(s, o)


@pytest.mark.parametrize("call", ["num_groups", "starts", "coverage", "first_frames"])
def test_too_few_channels_raise(call):
    with pytest.raises(ValueError, match="6 channels are fewer than n_subs=9; repeat the last"):
        getattr(ChannelGrouping(), call)(6)
    with pytest.raises(ValueError, match="6 channels are fewer than n_subs=9"):
        ChannelGrouping().group(torch.rand(1, 6, 2, 2))


@pytest.mark.parametrize("shape", [(1, 2, 9, 2, 2), (1, 3, 8, 2, 2)])
def test_groups_of_another_clip_raise(shape):
    with pytest.raises(ValueError, match="21 channels at n_subs=9, n_ovls=3 make 3 groups of 9"):
        ChannelGrouping().ungroup(torch.rand(shape), 21)
