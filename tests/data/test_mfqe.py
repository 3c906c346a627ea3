"""fca2_plugin.data.mfqe: pairs by name, windows at the ends, peaks."""

import numpy as np
import pytest

from fca2_plugin.codec import frame_infos, write_yuv
from fca2_plugin.data import (
    build_mfqe,
    find_mfqe,
    frames_around,
    peaks_from_qps,
    qps_of,
)
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


def test_a_window_repeats_the_ends():
    assert frames_around(5, 20) == [2, 3, 4, 5, 6, 7, 8]
    assert frames_around(0, 20) == [0, 0, 0, 0, 1, 2, 3]
    assert frames_around(19, 20) == [16, 17, 18, 19, 19, 19, 19]
    assert frames_around(1, 2) == [0, 0, 0, 1, 1, 1, 1]
    assert frames_around(3, 9, radius=1) == [2, 3, 4]
    for args in (20, 20), (-1, 20), (0, 20, -1):
        with pytest.raises(ValueError, match="a window needs a frame from 0 to 19"):
            frames_around(*args)


def test_peaks_come_from_the_stream_or_the_pictures(tmp_path):
    raw_clip(tmp_path / "made" / "raw", 9)
    build_mfqe(tmp_path / "made" / "raw", tmp_path, split="made", qps=[32])
    (pair,) = find_mfqe(tmp_path, "made", 32, "x265_LDP")
    expected = peaks_from_qps(qps_of(frame_infos(pair.stream), "the stream"))
    assert np.array_equal(pair.peaks(), expected) and 1 < expected.sum() < 9

    folder = tmp_path / "by_hand"
    clip = raw_clip(folder / "raw", 6)
    errors = (1, 2, 3, 0, 3, 2)  # grey levels
    coded = [plane.clip(3) - error for plane, error in zip(clip.luma, errors, strict=True)]
    (folder / "HM16.5_LDP" / "QP37").mkdir(parents=True)
    write_yuv(folder / "HM16.5_LDP" / "QP37", "Clip", coded)
    (pair,) = find_mfqe(tmp_path, "by_hand")
    assert pair.peaks().tolist() == [True, False, False, True, False, True]


def test_trees_that_do_not_pair(tmp_path):
    tree(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no folder .*HM16.5_LDP/QP22 of raw vid"):
        find_mfqe(tmp_path, qp=22)
    extra = raw_clip(tmp_path / "test_18" / "raw", 9, name="C")
    with pytest.raises(
        ValueError, match="raw/C_48x32_9.yuv has no counterpart in .*QP37; add its HM16.5"
    ):
        find_mfqe(tmp_path)
    extra.path.rename(tmp_path / "test_18" / "HM16.5_LDP" / "QP37" / extra.path.name)
    with pytest.raises(
        ValueError, match="QP37/C_48x32_9.yuv has no counterpart in .*raw; add its raw version"
    ):
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
    with pytest.raises(
        ValueError, match="raw contains A twice, in A_48x32_8.yuv and A_48x32_9.yuv"
    ):
        find_mfqe(tmp_path)
    (tmp_path / "train_108" / "raw").mkdir(parents=True)
    with pytest.raises(ValueError, match="train_108/raw contains no raw videos; expected Name_WxH"):
        find_mfqe(tmp_path, "train_108")
