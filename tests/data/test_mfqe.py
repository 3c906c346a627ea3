"""fca2_plugin.data.mfqe: pairs by name, windows at the ends, patches that a seed fixes."""

import numpy as np
import pytest

from fca2_plugin.data import draw_patch, find_mfqe, mfqe_planes, window_indices
from tests.codec.footage import raw_clip


def tree(root, names=("B", "A"), coded_kind="HM16.5_LDP/QP37", num_frames=9):
    for seed, name in enumerate(names):
        raw_clip(root / "test_18" / "raw", num_frames, name=name, seed=seed)
        raw_clip(root / "test_18" / coded_kind, num_frames, name=name, seed=seed + 10)
    return root


def test_pairs_come_by_name(tmp_path):
    pairs = find_mfqe(tree(tmp_path))
    assert [pair.name for pair in pairs] == ["A", "B"]
    assert pairs[0].raw.path.as_posix().endswith("test_18/raw/A_48x32_9.yuv")
    assert pairs[0].coded.path.as_posix().endswith("test_18/HM16.5_LDP/QP37/A_48x32_9.yuv")
    assert pairs[0].stream is None and len(pairs[0]) == 9
    for pair, (name, raw, coded) in zip(pairs, mfqe_planes(pairs), strict=True):
        assert name == pair.name and raw.shape == coded.shape == (9, 32, 48)
        assert np.array_equal(raw[4], pair.raw.y(4)) and np.array_equal(coded[4], pair.coded.y(4))


def test_a_window_repeats_the_ends():
    assert window_indices(5, 20) == [2, 3, 4, 5, 6, 7, 8]
    assert window_indices(0, 20) == [0, 0, 0, 0, 1, 2, 3]
    assert window_indices(19, 20) == [16, 17, 18, 19, 19, 19, 19]
    assert window_indices(1, 2) == [0, 0, 0, 1, 1, 1, 1]
    assert window_indices(3, 9, radius=1) == [2, 3, 4]
    for args in (20, 20), (-1, 20), (0, 20, -1):
        with pytest.raises(ValueError, match="a window needs a frame from 0 to 19"):
            window_indices(*args)


def test_a_window_of_planes(tmp_path):
    pair = find_mfqe(tree(tmp_path))[0]
    coded, raw = pair.window(8)
    assert coded.shape == (7, 32, 48) and np.array_equal(raw, pair.raw.y(8))
    for plane, index in zip(coded, (5, 6, 7, 8, 8, 8, 8), strict=True):
        assert np.array_equal(plane, pair.coded.y(index))


def test_a_patch_is_the_same_place_in_both(tmp_path):
    pairs = find_mfqe(tree(tmp_path))
    coded, raw = draw_patch(pairs, 1, seed=3, visit=0, size=16)
    assert coded.shape == (7, 16, 16) and raw.shape == (16, 16)
    found = [
        (i, top, left)
        for i in range(9)
        for top in range(17)
        for left in range(33)
        if np.array_equal(pairs[1].raw.luma[i, top : top + 16, left : left + 16], raw)
    ]
    assert any(  # the texture drifts, so its frames hold the same patch further on
        np.array_equal(pairs[1].window(i)[0][:, top : top + 16, left : left + 16], coded)
        for i, top, left in found
    )


def test_a_seed_a_clip_and_a_visit_fix_the_patch(tmp_path):
    pairs = find_mfqe(tree(tmp_path))
    draws = [draw_patch(pairs, *args, size=16)[1].tobytes() for args in [(0, 3, 0)] * 2]
    others = [
        draw_patch(pairs, *args, size=16)[1].tobytes() for args in [(1, 3, 0), (0, 4, 0), (0, 3, 1)]
    ]
    assert draws[0] == draws[1] and len({draws[0], *others}) == 4


def test_only_the_first_frames_are_drawn(tmp_path):
    pairs = find_mfqe(tree(tmp_path))
    for visit in range(20):
        _, raw = draw_patch(pairs, 0, 0, visit, size=32, max_frames=2)
        firsts = [pairs[0].raw.luma[i, :, x : x + 32] for i in (0, 1) for x in range(17)]
        assert any(np.array_equal(raw, first) for first in firsts)
    with pytest.raises(ValueError, match="A_48x32_9.yuv is too small to cut 33 pixels out of it"):
        draw_patch(pairs, 0, 0, 0, size=33)


def test_trees_that_do_not_pair(tmp_path):
    tree(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no folder .*HM16.5_LDP/QP22 of raw vid"):
        find_mfqe(tmp_path, qp=22)
    extra = raw_clip(tmp_path / "test_18" / "raw", 9, name="C")
    with pytest.raises(ValueError, match="raw/C_48x32_9.yuv has no partner in .*QP37; add HM16.5"):
        find_mfqe(tmp_path)
    extra.path.rename(tmp_path / "test_18" / "HM16.5_LDP" / "QP37" / extra.path.name)
    with pytest.raises(ValueError, match="QP37/C_48x32_9.yuv has no partner in .*raw; add raw of"):
        find_mfqe(tmp_path)


@pytest.mark.parametrize("shape", [(8, 32, 48), (9, 48, 32)])
def test_partners_that_differ(tmp_path, shape):
    tree(tmp_path, names="A")
    for path in (tmp_path / "test_18" / "raw").iterdir():
        path.unlink()
    raw_clip(tmp_path / "test_18" / "raw", *shape, name="A")
    n, h, w = shape
    with pytest.raises(ValueError, match=f"has 9 frames of 48x32, but .* has {n} of {w}x{h}"):
        find_mfqe(tmp_path)


def test_one_name_twice_and_an_empty_folder(tmp_path):
    tree(tmp_path, names="A")
    raw_clip(tmp_path / "test_18" / "raw", 8, name="A")
    with pytest.raises(ValueError, match="raw holds A twice, in A_48x32_8.yuv and A_48x32_9.yuv"):
        find_mfqe(tmp_path)
    (tmp_path / "train_108" / "raw").mkdir(parents=True)
    with pytest.raises(ValueError, match="train_108/raw holds no raw videos; expected Name_WxH"):
        find_mfqe(tmp_path, "train_108")
