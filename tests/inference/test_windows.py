"""One window plan: every frame is kept once, with its context, in groups that do not move."""

import pytest

from fca2_plugin.inference.windows import fit_context, shot_windows


@pytest.mark.parametrize("total", [1, 4, 9, 20, 41])
@pytest.mark.parametrize(
    ("chunk", "context", "align"), [(4, 1, 1), (7, 3, 1), (14, 0, 7), (28, 7, 7), (20, 5, 7)]
)
def test_every_frame_is_kept_once_and_with_context(total, chunk, context, align):
    first = 3
    shot = first, first + total
    kept = []
    for window in shot_windows(shot, *shot, chunk=chunk, context=context, align=align):
        frames = range(window.start, window.stop)[window.keep]
        assert (window.start - first) % align == 0
        assert len(frames) <= max(chunk - 2 * context, align)
        assert frames[0] - window.start >= min(context, frames[0] - first)
        assert window.stop - frames[-1] - 1 >= min(context, shot[1] - frames[-1] - 1)
        kept += frames
    assert kept == list(range(*shot))


def test_without_chunks_the_network_sees_the_whole_shot():
    (window,) = shot_windows((0, 9), 2, 5)
    assert (window.start, window.stop, window.keep) == (0, 9, slice(2, 5))


def test_windows_that_keep_nothing_are_refused():
    with pytest.raises(ValueError, match="chunk must be at least 1, got 0"):
        list(shot_windows((0, 9), 0, 9, chunk=0))
    with pytest.raises(ValueError, match="chunks of 4 frames are too short .* from 0 to 1"):
        list(shot_windows((0, 9), 0, 9, chunk=4, context=2))


def test_context_has_to_fit():
    assert fit_context(8, None) == 8
    assert fit_context(8, 9) == 4
    assert fit_context(8, None, align=7) == 7
    assert fit_context(3, 20, align=7) == 0
