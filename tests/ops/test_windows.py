"""Windows of frames against BasicSR's own rule, and for clips that are too short for it."""

import pytest

from fca2_plugin.ops.windows import BORDERS, window_indices
from tests.conftest import require_host


@pytest.mark.parametrize(
    ("border", "first", "last"),
    [
        ("replicate", [0, 0, 0, 1, 2], [4, 5, 6, 6, 6]),
        ("reflection", [2, 1, 0, 1, 2], [4, 5, 6, 5, 4]),
        ("reflection_circle", [4, 3, 0, 1, 2], [4, 5, 6, 3, 2]),
        ("circle", [3, 4, 0, 1, 2], [4, 5, 6, 2, 3]),
    ],
)
def test_both_ends(border, first, last):
    windows = window_indices(7, 5, border)
    assert windows[0] == first
    assert windows[-1] == last
    assert windows[3] == [1, 2, 3, 4, 5]


@pytest.mark.basicsr
@pytest.mark.parametrize("border", BORDERS)
def test_same_as_basicsr(border):
    require_host("basicsr")
    from fca2_plugin.compat import prepare_basicsr

    prepare_basicsr()
    from basicsr.data.data_util import generate_frame_indices

    for window in (1, 3, 5, 7):
        for t in range(window, 12):
            expected = [generate_frame_indices(i, t, window, border) for i in range(t)]
            assert window_indices(t, window, border) == expected, (window, t)


@pytest.mark.parametrize("border", BORDERS)
def test_short_clips(border):
    for t in range(1, 7):
        for center, indices in enumerate(window_indices(t, 7, border)):
            assert len(indices) == 7
            assert indices[3] == center
            assert set(indices) <= set(range(t))
    assert window_indices(2, 7)[0] == [1, 0, 1, 0, 1, 0, 1]


def test_refusals():
    with pytest.raises(
        ValueError, match="a window of 4 frames has no middle frame; expected an odd"
    ):
        window_indices(5, 4)
    with pytest.raises(ValueError, match="a window of -1 frames"):
        window_indices(5, -1)
    with pytest.raises(ValueError, match="unknown border 'reflect' .did you mean 'reflection'"):
        window_indices(5, 3, "reflect")
