import itertools

import pytest

from fca2_plugin.apps.upscale.plan import make_segments, windows
from fca2_plugin.inference.sizes import Sizes

CUTS = (), (5,), (1, 2, 3, 40), (10, 20, 30), tuple(range(1, 50))


@pytest.mark.parametrize("span", [(0, 50), (3, 44), (0, 1)])
@pytest.mark.parametrize(
    ("chunk", "context", "align"), [(1, 0, 1), (8, 2, 1), (14, 0, 7), (21, 7, 7), (5, 2, 1)]
)
def test_every_frame_is_kept_once_with_its_context(span, chunk, context, align):
    for cuts, length in itertools.product(CUTS, (1, 7, 10, 100)):
        check_windows(*span, cuts, length, chunk, context, align)


def check_windows(first, last, cuts, length, chunk, context, align):
    segments = make_segments(first, last, cuts, length)
    assert [s.start for s in segments] == [first, *(s.stop for s in segments[:-1])]
    assert segments[-1].stop == last
    assert all(0 < s.stop - s.start <= length for s in segments)
    borders = [first, *(c for c in cuts if first < c < last), last]
    shots = list(zip(borders, borders[1:], strict=False))
    kept = []
    for segment in segments:
        for window in windows(segment, Sizes(chunk, context, None, 0), align):
            frames = range(window.start, window.stop)[window.keep]
            assert len(frames) > 0
            shot = next(shot for shot in shots if shot[0] <= frames[0] < shot[1])
            assert window.shot == shot
            assert shot[0] <= window.start < window.stop <= shot[1]  # no two shots at once
            assert frames[0] - window.start >= min(context, frames[0] - shot[0])
            assert window.stop - frames[-1] - 1 >= min(context, shot[1] - frames[-1] - 1)
            assert (window.start - shot[0]) % align == 0  # the groups do not move
            assert len(frames) <= max(chunk - 2 * context, align)
            kept += frames
    assert kept == list(range(first, last))


def test_a_segment_ends_at_a_cut_in_its_second_half():
    segments = make_segments(0, 30, (4, 9, 22), 12)
    assert [(s.start, s.stop) for s in segments] == [(0, 9), (9, 21), (21, 30)]
    assert segments[0].shots == ((0, 4), (4, 9))
    assert segments[1].shots == ((9, 22),)
    assert segments[2].shots == ((9, 22), (22, 30))
