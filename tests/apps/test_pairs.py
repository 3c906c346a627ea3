"""Which clips are compared: names, counts, sizes, trees."""

import json

import pytest

from fca2_plugin.apps.pairs import check_pairs, find_pairs, open_tree
from fca2_plugin.codec import CodecSettings, write_video
from fca2_plugin.data import write_frames
from tests.codec.footage import moving_clip


def clips(root, names, num_frames=2, height=32, width=48):
    for name in names:
        write_frames(root / name, moving_clip(num_frames, height, width))
    return root


def test_clips_pair_by_name(tmp_path):
    gt = clips(tmp_path / "gt", ["city", "walk"])
    lq = clips(tmp_path / "lq", ["walk", "city"], height=8, width=12)
    pairs = check_pairs(find_pairs(gt, lq=lq, sr=gt), 4)
    assert [(p.name, p.label, p.lq.name, p.sr.name, p.num_frames) for p in pairs] == [
        ("city", "city", "city", "city", 2),
        ("walk", "walk", "walk", "walk", 2),
    ]


def test_a_video_pairs_with_a_folder_whatever_their_names(tmp_path):
    gt = clips(tmp_path / "gt", ["walk"])
    write_video(tmp_path / "sr.mkv", moving_clip(2, 32, 48), CodecSettings(crf=20))
    (pair,) = check_pairs(find_pairs(gt / "walk", sr=tmp_path / "sr.mkv"))
    assert pair.name == "walk" and pair.sr.name == "sr"


def test_a_clip_that_is_needed_and_not_there_is_said(tmp_path):
    (pair,) = find_pairs(clips(tmp_path / "gt", ["walk"]))
    with pytest.raises(ValueError, match="walk has no lq clip, and this needs one; give --lq"):
        pair.need("lq")


def test_a_missing_clip_gets_a_suggestion(tmp_path):
    gt = clips(tmp_path / "gt", ["city", "walk"])
    sr = clips(tmp_path / "sr", ["city", "wlak"])
    with pytest.raises(ValueError, match="sr contains no clip walk, but .*did you mean 'wlak'"):
        find_pairs(gt, sr=sr)
    clips(sr, ["walk"])
    with pytest.raises(ValueError, match="gt contains no clip wlak, but .*did you mean 'walk'"):
        find_pairs(gt, sr=sr)


def test_counts_and_sizes(tmp_path):
    gt = clips(tmp_path / "gt", ["walk"])
    with pytest.raises(ValueError, match="frame 00000002 of the SR is not in the ground truth"):
        check_pairs(find_pairs(gt, sr=clips(tmp_path / "long", ["walk"], 3)))
    with pytest.raises(ValueError, match=r"SR is 44x32 and the .* 48x32 \(\+4 in width, \+0 .*cut"):
        check_pairs(find_pairs(gt, sr=clips(tmp_path / "cut", ["walk"], width=44)))
    with pytest.raises(ValueError, match="SR is 96x64 and .* -48 in width, .*of one size|-48"):
        check_pairs(find_pairs(gt, sr=clips(tmp_path / "large", ["walk"], height=64, width=96)))
    lq = clips(tmp_path / "lq", ["walk"], height=8, width=11)
    with pytest.raises(ValueError, match="LQ is 11x8, times 4 44x32, and the ground truth 48x32"):
        check_pairs(find_pairs(gt, lq=lq), 4)
    assert check_pairs(find_pairs(gt, lq=lq))


def tree(root, kinds, **arguments):
    for kind in kinds:
        clips(root / kind, ["walk"])
    arguments = {"scale": 4, "downsampling": "comisr", **arguments}
    (root / "manifest.json").write_text(json.dumps({"arguments": arguments}))
    return root


def test_conditions_of_a_tree(tmp_path):
    root = tree(tmp_path / "vid4", ["gt", "lq_crf15", "lq_crf5", "lq"], degradation="bd")
    found = open_tree(root)
    assert list(found.lq) == ["raw", "crf5", "crf15"]
    assert found.lq["crf5"] == root / "lq_crf5" and found.gt == root / "gt"
    assert (found.scale, found.degradation) == (4, "bd")
    as_lmdb = tree(tmp_path / "lmdb", ["gt.lmdb", "lq_crf15.lmdb", "lq.lmdb"])
    assert open_tree(as_lmdb).lq == {
        kind: as_lmdb / name for kind, name in (("raw", "lq.lmdb"), ("crf15", "lq_crf15.lmdb"))
    }


def test_types_of_a_tree(tmp_path):
    root = tree(tmp_path, ["test/gt", "test/lq", "test/lq_crf15"])
    path = root / "manifest.json"
    clips = [
        {"split": "train", "name": "walk", "types": {"lq_crf15": "IP"}},
        {"split": "test", "name": "walk", "types": {"lq_crf15": "IB"}},
        {"split": "test", "name": "city"},  # made before types were kept
    ]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"clips": clips}))
    assert open_tree(root).types == {("crf15", "walk"): "IB"}


def test_splits_of_a_tree(tmp_path):
    root = tree(tmp_path, ["val/gt", "val/lq"])
    assert open_tree(root).gt == tmp_path / "val" / "gt"
    tree(root, ["test/gt", "test/lq"])
    assert open_tree(root).gt == tmp_path / "test" / "gt"
    assert open_tree(root, "val").gt == tmp_path / "val" / "gt"
    with pytest.raises(ValueError, match="unknown split of .* 'tets' .did you mean 'test'"):
        open_tree(root, "tets")


def test_no_tree(tmp_path):
    with pytest.raises(
        FileNotFoundError, match="manifest.json does not exist; give a folder that `fca2 enc"
    ):
        open_tree(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(
        ValueError, match="manifest.json is not a manifest of `fca2 encode` .* .KeyErr"
    ):
        open_tree(tmp_path)
    tree(tmp_path, [])
    with pytest.raises(ValueError, match="contains no ground truth; expected .*/gt or"):
        open_tree(tmp_path)
    tree(tmp_path, ["gt"])
    with pytest.raises(ValueError, match="contains no LQ; expected folders lq, lq_crf15"):
        open_tree(tmp_path)
    with pytest.raises(ValueError, match="has no splits; leave out split='test'"):
        open_tree(tmp_path, "test")
