"""fca2_plugin.data.windows against laying the groups out one by one."""

import pytest

from fca2_plugin.data import fits, fitting_num_frames
from fca2_plugin.data.windows import warn_of_waste


def covered_exactly(channels, n_subs, n_ovls):
    """Lay groups from channel 0 and see whether one ends at the last channel."""
    start = 0
    while start + n_subs < channels:
        start += n_subs - n_ovls
    return start + n_subs == channels


@pytest.mark.parametrize(
    ("n_subs", "n_ovls"), [(s, o) for s in range(1, 19) for o in range(min(s, 9))]
)
def test_fits_agrees_with_laying_groups(n_subs, n_ovls):
    for num_frames in range(1, 40):
        assert fits(num_frames, n_subs, n_ovls) == covered_exactly(3 * num_frames, n_subs, n_ovls)
    fitting = [n for n in range(1, 200) if covered_exactly(3 * n, n_subs, n_ovls)]
    if fitting:
        assert fitting_num_frames(n_subs, n_ovls) == fitting[0]
        assert fitting_num_frames(n_subs, n_ovls, at_least=fitting[0] + 1) == fitting[1]
    else:
        with pytest.raises(ValueError, match="fit no number of RGB frames"):
            fitting_num_frames(n_subs, n_ovls)


@pytest.mark.parametrize(
    ("n_subs", "n_ovls", "expected"),
    [(9, 3, 7), (9, 0, 9), (6, 0, 8), (6, 2, 10), (12, 4, 12), (18, 8, 16)],
)
def test_the_settings_of_table_vi(n_subs, n_ovls, expected):
    assert fitting_num_frames(n_subs, n_ovls, at_least=7) == expected


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"n_subs": 9, "n_ovls": 9}, "n_ovls from 0 to n_subs - 1; got n_subs=9, n_ovls=9"),
        ({"n_subs": 0, "n_ovls": 0}, "n_subs must be at least 1"),
        ({"n_subs": 9, "n_ovls": -1}, "got n_subs=9, n_ovls=-1"),
        ({"n_subs": 9, "n_ovls": 3, "at_least": 0}, "at_least must be at least 1, got 0"),
        ({"n_subs": 7, "n_ovls": 1}, "fit no number of RGB frames"),
    ],
)
def test_bad_groupings(kwargs, message):
    with pytest.raises(ValueError, match=message):
        fitting_num_frames(**kwargs)


@pytest.mark.parametrize(
    ("window", "chunk_frames", "sentence"),
    [
        (8, 7, "8 frames fills its last chunk of 7 by repeating a frame; 14 frames fit exactly"),
        (8, None, "8 frames does not fit groups of n_subs=9, n_ovls=3: .*; 9 frames fit exactly"),
    ],
)
def test_a_window_that_wastes_frames_warns(window, chunk_frames, sentence):
    with pytest.warns(UserWarning, match=sentence):
        warn_of_waste(window, 9, 3, chunk_frames)


def test_a_window_that_no_number_of_frames_fits():
    with pytest.warns(UserWarning, match="no number of frames fits exactly"):
        warn_of_waste(6, 7, 1, None)


def test_windows_that_fit_do_not_warn(recwarn):
    warn_of_waste(14, 9, 3, 7)
    warn_of_waste(9, 9, 3, None)
    assert not recwarn
