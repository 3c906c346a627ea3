"""Enhancement samples: windows and targets, turned alike, fixed by seed, clip and round."""

import numpy as np
import pytest

from fca2_plugin.data import build_mfqe_demo, find_mfqe, frames_around, open_enhancement_set
from fca2_plugin.data.enhancement import EnhancementSet
from tests.codec.footage import raw_clip

PLAIN = dict(use_hflip=False, use_rot=False)


def tree(root, names=("B", "A"), num_frames=9, height=32, width=48):
    for seed, name in enumerate(names):
        for folder, more in ("raw", 0), ("HM16.5_LDP/QP37", 10):
            raw_clip(root / "train_108" / folder, num_frames, height, width, name, seed + more)
    return root


def test_a_sample_is_one_place_of_both_videos(tmp_path):
    clips = open_enhancement_set(tree(tmp_path), gt_size=16, **PLAIN)
    assert len(clips) == 2
    for visit in range(10):
        sample = clips.sample(1, visit)
        pair = clips.pairs[1]
        assert sample.name == "B" and sample.lq.shape == (7, 16, 16)
        assert sample.gt.shape == (1, 16, 16) and sample.gt.dtype == np.uint8
        middle = sample.indices[3]
        coded, raw = pair.coded.luma[frames_around(middle, len(pair))], pair.raw.luma[middle]
        assert any(
            np.array_equal(raw[top : top + 16, left : left + 16], sample.gt[0])
            and np.array_equal(coded[:, top : top + 16, left : left + 16], sample.lq)
            for top in range(17)
            for left in range(33)
        )


def test_targets_of_all_frames(tmp_path):
    clips = open_enhancement_set(tree(tmp_path), num_frame=4, target="all", gt_size=None, **PLAIN)
    starts = set()
    for visit in range(40):
        sample = clips.sample(0, visit)
        assert sample.indices == tuple(range(sample.indices[0], sample.indices[0] + 4))
        assert np.array_equal(sample.lq, clips.pairs[0].coded.luma[list(sample.indices)])
        assert np.array_equal(sample.gt, clips.pairs[0].raw.luma[list(sample.indices)])
        starts.add(sample.indices[0])
    assert starts == set(range(6))


def test_all_frames_of_a_window_turn_alike(tmp_path):
    root = tree(tmp_path, "A", height=32, width=32)
    clips = open_enhancement_set(root, gt_size=None)
    plain = open_enhancement_set(root, gt_size=None, **PLAIN)
    turns = {
        (flip, quarters): lambda x, f=flip, q=quarters: np.rot90(
            x[..., ::-1] if f else x, q, (1, 2)
        )
        for flip in (False, True)
        for quarters in range(4)
    }
    seen = set()
    for visit in range(80):
        turned, still = clips.sample(0, visit), plain.sample(0, visit)
        (key,) = [k for k, turn in turns.items() if np.array_equal(turn(still.gt), turned.gt)]
        assert np.array_equal(turns[key](still.lq), turned.lq)
        seen.add(key)
    assert len(seen) == 8


def test_seed_clip_and_round_fix_a_sample(tmp_path):
    root = tree(tmp_path)
    first, same = (open_enhancement_set(root, gt_size=16) for _ in range(2))
    other = open_enhancement_set(root, gt_size=16, seed=1)
    draws = [s.gt.tobytes() for s in (first.sample(0), first.sample(0, 1), other.sample(0))]
    assert len(set(draws)) == 3
    assert same.sample(0).gt.tobytes() == draws[0]


def test_only_the_first_frames_are_drawn_and_ends_repeat(tmp_path):
    clips = open_enhancement_set(tree(tmp_path), gt_size=16, max_frames=2)
    windows = {clips.sample(0, visit).indices for visit in range(30)}
    assert windows == {(0, 0, 0, 0, 1, 2, 3), (0, 0, 0, 1, 2, 3, 4)}


def test_peaks_as_neighbours_and_as_middle_frames(tmp_path, monkeypatch):
    labels = np.array([1, 0, 0, 1, 0, 0, 0, 1, 0], bool)
    monkeypatch.setattr("fca2_plugin.data.mfqe.MfqePair.peaks", lambda self: labels)
    root, settings = tree(tmp_path), dict(num_frame=3, neighbors="peaks", gt_size=16)

    def windows(frames):
        clips = open_enhancement_set(root, frames=frames, **settings)
        return {clips.sample(0, visit).indices for visit in range(60)}

    peaks, others = {(0, 0, 3), (0, 3, 7), (3, 7, 7)}, {(0, 1, 3), (0, 2, 3), (3, 4, 7)}
    others |= {(3, 5, 7), (3, 6, 7), (7, 8, 8)}
    assert windows("peaks") == peaks and windows("others") == others
    assert windows("all") == peaks | others


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(target="centre"), "target 'centre'.*did you mean 'center'"),
        (dict(neighbors="near"), "neighbors 'near'"),
        (dict(frames="peak"), "frames 'peak'.*did you mean 'peaks'"),
        (dict(num_frame=0), "num_frame must be at least 1, got 0"),
        (dict(gt_size=0), "gt_size must be at least 1, got 0"),
        (dict(max_frames=0), "max_frames must be at least 1, got 0"),
        (dict(num_frame=4), "a window of 4 frames has no middle; expected an odd num_frame, or"),
        (dict(neighbors="peaks"), "set num_frame to 3 and target to center, not 7 and center"),
        (dict(target="all", frames="peaks"), "target='all' uses consecutive frames; leave out"),
        (dict(gt_size=33), "A_48x32_9.yuv is too small for patches of 33 pixels; lower gt_size"),
        (dict(target="all", num_frame=10), "A_48x32_9.yuv is shorter than a window of 10 frames"),
    ],
)
def test_wrong_settings(tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        open_enhancement_set(tree(tmp_path), **{"gt_size": 16, **settings})


def test_a_video_of_peaks_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("fca2_plugin.data.mfqe.MfqePair.peaks", lambda self: np.ones(9, bool))
    with pytest.raises(ValueError, match="every frame of .*A_48x32_9.yuv is a peak; set frames"):
        EnhancementSet(find_mfqe(tree(tmp_path), "train_108"), gt_size=16, frames="others")


def test_the_demo_makes_itself_once(tmp_path):
    settings = dict(num_train=2, num_test=1, num_frames=4, size=(64, 80))
    root = build_mfqe_demo(tmp_path / "demo", **settings)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    assert build_mfqe_demo(root, **settings) == root
    assert before == {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    train, test = (find_mfqe(root, split, 37, "x265_LDP") for split in ("train", "test"))
    assert [len(pair) for pair in train] == [4, 4] and len(test) == 1
    pair = test[0]
    assert pair.raw.luma.shape == (4, 64, 80) and pair.stream is not None
    error = pair.raw.luma.astype(int) - pair.coded.luma
    assert 1 < np.square(error).mean() < 200  # coded, and the same pictures
    with pytest.raises(ValueError, match="4:2:0 needs an even height and width, got 63 and 80"):
        build_mfqe_demo(tmp_path / "odd", size=(63, 80))
