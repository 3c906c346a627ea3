"""fca2_plugin.data.clip_set: folders and settings in, samples out, mistakes said at once."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from fca2_plugin.codec import CodecSettings, encode_decode
from fca2_plugin.data import (
    build_clips,
    clip_set,
    demo_clips,
    downsample,
    open_clip_set,
    open_clips,
    write_frames,
    write_lmdb,
)
from tests.codec.footage import moving_clip


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """What ``build_clips`` writes, and the same as LMDB beside it."""
    root = build_clips(demo_clips(2, 1, 7, (64, 64)), tmp_path_factory.mktemp("clips") / "data")
    for kind in ("gt", "lq", "lq_crf15", "lq_crf25", "lq_crf35"):
        clips = open_clips(root / "train" / kind)
        write_lmdb(root / f"lmdb/{kind}.lmdb", [(name, clips.read(name)) for name in clips.names])
    return root


@pytest.fixture
def copied(root, tmp_path) -> Path:
    return shutil.copytree(root, tmp_path / "copied")


def same(first, second) -> bool:
    return all(
        np.array_equal(np.stack(a), np.stack(b))
        for a, b in ((first.lq, second.lq), (first.gt, second.gt))
    )


def on_disk(root, **settings):
    settings = dict(dataroot_gt=root / "train/gt", dataroot_lq=root / "train/lq") | settings
    return open_clip_set(**settings)


WINDOW = dict(num_frame=7, gt_size=32, use_rot=True, random_reverse=True, crfs=[15, 25, 35])


@pytest.mark.parametrize("task", ["vsr", "cleaning"])
def test_folders_and_lmdb_give_the_same(root, task):
    disk = on_disk(root, task=task, **WINDOW | dict(gt_size=16))
    lmdb = open_clip_set(
        dataroot_gt=root / "lmdb/gt.lmdb",
        dataroot_lq=root / "lmdb/lq.lmdb",
        task=task,
        **WINDOW | dict(gt_size=16),
    )
    for visit in range(6):
        assert same(disk.sample(1, visit), lmdb.sample(1, visit))


def test_lq_of_a_rate_on_disk_is_lq_made_while_reading(root):
    """The builder codes whole clips, so windows of the whole clip are the same bits."""
    settings = dict(crfs=[15, 25, 35], num_frame=7, gt_size=32)
    made = open_clip_set(dataroot_gt=root / "train/gt", **settings)
    read = on_disk(root, **settings)
    crfs = set()
    for visit in range(20):
        assert same(made.sample(0, visit), read.sample(0, visit))
        crfs.add(made.sample(0, visit).crf)
    assert crfs == {None, 15, 25, 35}


def test_cleaning_reads_lq_alone(root):
    clips = open_clip_set(
        dataroot_lq=root / "train/lq", task="cleaning", crfs=[35], raw_prob=0, gt_size=16
    )
    sample = clips.sample(0)
    raw = open_clips(root / "train/lq").read(sample.name)
    assert sample.crf == 35
    assert np.array_equal(np.stack(sample.gt), np.stack(raw))  # 16 x 16 is all of it
    coded = open_clips(root / "train/lq_crf35").read(sample.name)
    assert np.array_equal(np.stack(sample.lq), np.stack(coded))


def test_a_test_set_at_one_rate(root):
    clips = open_clip_set(dataroot_gt=root / "test/gt", crfs=[25], raw_prob=0, test=True)
    sample = clips.sample(0)
    gt = open_clips(root / "test/gt").read(sample.name)
    lq = encode_decode([downsample(frame) for frame in gt], CodecSettings(crf=25))
    assert np.array_equal(np.stack(sample.lq), np.stack(lq))
    assert sample.indices == tuple(range(7))


@pytest.mark.parametrize("settings", [WINDOW, dict()])
def test_cached_samples_are_the_same(root, settings, monkeypatch):
    plain, cached = on_disk(root, **settings), on_disk(root, cache_data=True, **settings)
    samples = [cached.sample(0, visit) for visit in range(8)]
    monkeypatch.setattr(cached.target, "read", None)  # all of it has been read
    samples += [cached.sample(0, visit) for visit in range(4)]
    for sample, visit in zip(samples, [*range(8), *range(4)], strict=True):
        assert same(sample, plain.sample(0, visit))


def test_lists_and_partitions(tmp_path):
    for name in ("000", "001", "011", "015", "020"):
        write_frames(tmp_path / "gt" / name, moving_clip(2, 16, 16))
    gt = tmp_path / "gt"
    assert open_clip_set(dataroot_gt=gt, partition="REDS4").names == ("001",)
    test = open_clip_set(dataroot_gt=gt, partition="REDS4", test=True)
    assert test.names == ("000", "011", "015", "020")
    (tmp_path / "list.txt").write_text("015 2 (16,16,3)\n001 2 (16,16,3)\n")
    listed = dict(dataroot_gt=gt, meta_info_file=tmp_path / "list.txt")
    assert open_clip_set(**listed).names == ("015", "001")
    assert open_clip_set(partition="REDS4", **listed).names == ("001",)


def test_many_frames_are_not_all_looked_at(copied, monkeypatch):
    path = sorted((copied / "train/gt").rglob("*.png"))[3]
    path.write_bytes(sorted((copied / "train/lq").rglob("*.png"))[0].read_bytes())
    with pytest.raises(ValueError, match="all frames of a clip must have one size"):
        on_disk(copied)
    monkeypatch.setattr(clip_set, "MOST_HEADERS", 13)
    on_disk(copied)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (dict(num_frame=14), "has 7 frames, but a window of 14 at interval 1 needs 14"),
        (dict(num_frame=7, interval_list=[1, 2]), "a window of 7 at interval 2 needs 13"),
        (
            dict(gt_size=128),
            "is 64x64, too small for patches of 128 pixels; lower gt_size to at most 64",
        ),
        (dict(scale=2), "is 64x64 in .*gt and 16x16 in .*lq; scale 2 expects 32x32"),
        (dict(dataroot_gt=None), "task vsr needs dataroot_gt"),
        (dict(crfs=[99]), "crfs must be whole numbers"),
        (
            dict(degradation="bi"),
            "degradation is 'bi', but .*lq was made with 'gaussian', as its m",
        ),
        (dict(backend="zip"), "unknown backend 'zip'"),
    ],
)
def test_settings_that_do_not_fit(root, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        on_disk(root, **settings)


def test_a_crop_larger_than_lq_that_is_made(root):
    gt = dict(dataroot_gt=root / "train/gt", task="cleaning")
    assert open_clip_set(gt_size=16, **gt).sample(0).lq[0].shape == (16, 16, 3)
    with pytest.raises(ValueError, match="lower gt_size to at most 16"):
        open_clip_set(gt_size=20, **gt)


def test_gt_of_any_size(tmp_path):
    """GT is cut to the scale; LQ on disk may have been made before or after that."""
    frames = moving_clip(2, 35, 42)
    write_frames(tmp_path / "gt/a", frames)
    write_frames(tmp_path / "lq/a", [downsample(frame[:32, :40]) for frame in frames])
    clips = open_clip_set(dataroot_gt=tmp_path / "gt", dataroot_lq=tmp_path / "lq")
    assert clips.sample(0).gt[0].shape == (32, 40, 3)


def test_clips_that_do_not_belong_together(copied):
    name = open_clips(copied / "train/lq").names[0]
    (copied / "train/lq" / name / "00000006.png").unlink()
    with pytest.raises(ValueError, match=f"{name} has 7 frames in .* 6 .*frame 00000006 of .*gt"):
        on_disk(copied)
    shutil.rmtree(copied / "train/lq" / name)
    with pytest.raises(FileNotFoundError, match=f"lq contains no clip {name}"):
        on_disk(copied)
    shutil.rmtree(copied / "train/gt" / name)
    on_disk(copied)
    write_frames(copied / "train/lq/stranger", moving_clip(7, 16, 16))
    with pytest.raises(ValueError, match="lq has the clip stranger, but .*gt does not"):
        on_disk(copied)


def test_folders_that_are_not_there(root):
    with pytest.raises(FileNotFoundError, match="no folder .*lq_crf18"):
        on_disk(root, crfs=[15, 18])
    with pytest.raises(FileNotFoundError, match="no folder .*absent"):
        on_disk(root, dataroot_gt=root / "absent")


def test_a_window_that_wastes_frames_warns(root):
    with pytest.warns(UserWarning, match="6 frames fills its last chunk of 7"):
        on_disk(root, num_frame=6)


def test_the_manifest_says_how_lq_was_made(copied):
    manifest = copied / "manifest.json"
    content = json.loads(manifest.read_text())
    assert on_disk(copied, use_hflip=True).recipe.degradation == "gaussian"
    content["arguments"] = {"degradation": "comisr"}
    manifest.write_text(json.dumps(content))
    assert on_disk(copied).recipe.degradation == "comisr"
    with pytest.raises(ValueError, match="use_hflip would shift LQ frames"):
        on_disk(copied, use_hflip=True)
    manifest.unlink()
    assert on_disk(copied).recipe.degradation == "gaussian"
    assert on_disk(copied, degradation="bi").recipe.degradation == "bi"


def test_folders_to_draw_from(root):
    folders = [str(root / "train" / kind) for kind in ("lq", "lq_crf15", "lq_crf25")]
    clips = on_disk(root, dataroot_lq=folders)
    drawn = {clips.sample(0, visit).crf for visit in range(20)}
    assert drawn == set(folders)
    sample = clips.sample(0, 3)
    expected = open_clips(sample.crf).read(sample.name, sample.indices)
    assert all(map(np.array_equal, sample.lq, expected))


def test_folders_that_cannot_be_drawn_from(root, copied):
    folders = [str(root / "train/lq"), str(copied / "train/lq")]
    with pytest.raises(ValueError, match="crfs and raw_prob have no effect"):
        on_disk(root, dataroot_lq=folders, crfs=[15])
    with pytest.raises(ValueError, match="dataroot_lq is an empty list"):
        on_disk(root, dataroot_lq=[])
    manifest = copied / "manifest.json"
    manifest.write_text(json.dumps({"arguments": {"degradation": "comisr"}}))
    with pytest.raises(ValueError, match="the folders of dataroot_lq differ in the position"):
        on_disk(root, dataroot_lq=folders)


def test_distinct_samples_repeat(root):
    clips = on_disk(root, num_frame=7, crfs=[15, 25], use_hflip=True, distinct_samples=3)
    first, other, again = (clips.sample(0, visit) for visit in (1, 2, 4))
    assert all(map(np.array_equal, first.lq, again.lq)) and first.crf == again.crf
    assert not all(map(np.array_equal, first.lq, other.lq))
    with pytest.raises(ValueError, match="distinct_samples=0 leaves no sample to train on"):
        on_disk(root, distinct_samples=0)
