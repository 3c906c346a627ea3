"""Data sets and transforms as MMagic's pipelines use them."""

import os
import shutil
import time
import warnings
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmagic.registry import DATA_SAMPLERS, DATASETS, TRANSFORMS
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from fca2_plugin.data import open_clips, write_lmdb
from fca2_plugin.data.manifest import MANIFEST

pytestmark = pytest.mark.mmagic

LOAD = [
    dict(type="GenerateSegmentIndices", interval_list=[1]),
    dict(type="LoadImageFromFile", key="img", channel_order="rgb"),
    dict(type="LoadImageFromFile", key="gt", channel_order="rgb"),
]


def frames(clips, folder="train/gt", index=0):
    clip = sorted((clips / folder).iterdir())[index]
    return [cv2.imread(str(path))[..., ::-1] for path in sorted(clip.iterdir())]


def dataset(root, **settings):
    settings = {"data_prefix": dict(img="train/lq", gt="train/gt"), "pipeline": LOAD, **settings}
    return DATASETS.build(dict(type="FCA2FramesDataset", data_root=str(root), **settings))


@pytest.fixture
def copied(clips, tmp_path) -> Path:
    return shutil.copytree(clips, tmp_path / "copied")


def test_draw_lq_follows_the_mix(clips):
    draw = TRANSFORMS.build(dict(type="FCA2DrawLQ"))
    np.random.seed(0)
    drawn = Counter()
    key = next((clips / "train/gt").iterdir()).name
    for _ in range(1200):
        results = draw(dict(img_path=str(clips / "train/lq"), key=key))
        folder = Path(results["img_path"])
        assert folder.parent == clips / "train"
        assert folder.name == ("lq" if results["crf"] is None else f"lq_crf{results['crf']}")
        drawn[results["crf"]] += 1
    assert drawn.keys() == {None, 15, 25, 35}
    assert drawn[None] == pytest.approx(600, abs=70)  # 4 standard deviations
    assert all(drawn[crf] == pytest.approx(200, abs=52) for crf in (15, 25, 35))


def test_draw_lq_reads_the_frames_of_the_rate(clips):
    draw = dict(type="FCA2DrawLQ", crfs=[35], raw_prob=0)
    item = dataset(clips, pipeline=[draw, *LOAD], num_input_frames=7)[0]
    assert all(map(np.array_equal, item["img"], frames(clips, "train/lq_crf35")))
    assert all(map(np.array_equal, item["gt"], frames(clips)))


def test_draw_lq_stands_before_the_frames_are_listed(clips):
    broken = dataset(clips, pipeline=[LOAD[0], dict(type="FCA2DrawLQ"), *LOAD[1:]])
    with pytest.raises(TypeError, match="put it before GenerateSegmentIndices"):
        broken[0]


def test_draw_lq_without_the_folder_of_a_rate(clips):
    draw = dict(type="FCA2DrawLQ", crfs=[15, 40], raw_prob=0)
    with pytest.raises(FileNotFoundError, match=r"lq_crf40; expected LQ frames.*\[15, 40\]"):
        for _ in range(50):
            dataset(clips, pipeline=[draw, *LOAD])[0]


def test_random_codec_raw(clips):
    lq = frames(clips, "train/lq")
    codec = TRANSFORMS.build(dict(type="FCA2RandomCodec", raw_prob=1))
    results = codec(dict(img=list(lq)))
    assert results["crf"] is None
    assert all(map(np.array_equal, results["img"], lq))


def test_random_codec_codes_rgb(clips):
    codec = TRANSFORMS.build(dict(type="FCA2RandomCodec", crfs=[15, 35], raw_prob=0))
    red = [np.full((20, 28, 3), (200, 30, 30), np.uint8)] * 5
    lq = frames(clips, "train/lq")
    errors = {}
    for _ in range(12):
        results = codec(dict(img=list(lq)))
        assert len(results["img"]) == len(lq)
        assert results["img"][0].shape == lq[0].shape
        errors[results["crf"]] = np.mean((np.float64(results["img"]) - np.float64(lq)) ** 2)
    assert 0 < errors[15] < errors[35]
    coded = codec(dict(img=red))["img"]
    assert np.abs(np.float64(coded) - red).max() < 12  # with blue and red exchanged: 170
    assert np.array_equal(red[0][0, 0], (200, 30, 30))  # the input is as it was


def test_random_codec_follows_the_seed(clips):
    codec = TRANSFORMS.build(dict(type="FCA2RandomCodec", raw_prob=0.5))
    lq = frames(clips, "train/lq")

    def draws(seed):
        np.random.seed(seed)
        return [codec(dict(img=list(lq)))["crf"] for _ in range(8)]

    assert draws(1) == draws(1)
    assert len({tuple(draws(seed)) for seed in range(4)}) > 1


@pytest.mark.parametrize("settings", [dict(crfs=[99]), dict(raw_prob=2), dict(crfs=[])])
def test_random_codec_refuses(settings):
    with pytest.raises(ValueError, match="crf|raw_prob"):
        TRANSFORMS.build(dict(type="FCA2RandomCodec", **settings))


def test_degrade_cuts_odd_sizes():
    gt = [np.random.default_rng(i).integers(0, 256, (35, 42, 3), np.uint8) for i in range(2)]
    degrade = TRANSFORMS.build(dict(type="FCA2Degrade", kind="comisr"))
    results = degrade(dict(gt=list(gt)))
    assert [frame.shape for frame in results["gt"]] == [(32, 40, 3)] * 2
    assert [frame.shape for frame in results["img"]] == [(8, 10, 3)] * 2
    assert results["scale"] == 4
    assert np.array_equal(results["gt"][0], gt[0][:32, :40])
    blurred = cv2.GaussianBlur(results["gt"][1], (0, 0), 1.5)
    assert np.array_equal(results["img"][1], blurred[::4, ::4])


def test_degrade_then_codec_in_a_pipeline(clips):
    pipeline = [
        LOAD[0],
        LOAD[2],
        dict(type="FCA2Degrade"),
        dict(type="FCA2RandomCodec", raw_prob=1),
        dict(type="PairedRandomCrop", gt_patch_size=32),
        dict(type="PackInputs"),
    ]
    item = dataset(clips, data_prefix=dict(img="train/gt", gt="train/gt"), pipeline=pipeline)[1]
    assert item["inputs"].shape == (7, 3, 8, 8)
    assert item["data_samples"].gt_img.shape == (7, 3, 32, 32)


def test_a_missing_folder(clips):
    with pytest.raises(FileNotFoundError, match="'img' frames.*train/lqq, does not exist"):
        dataset(clips, data_prefix=dict(img="train/lqq", gt="train/gt"))


def test_an_empty_folder(copied):
    (copied / "train/none").mkdir()
    with pytest.raises(ValueError, match="train/none contains no clips"):
        dataset(copied, data_prefix=dict(img="train/none", gt="train/none"))


@pytest.mark.parametrize("window", [None, 7])
def test_a_clip_without_frames(copied, window):
    (copied / "train/lq/9999_empty").mkdir()
    with pytest.raises(ValueError, match="the clip .*9999_empty contains no images"):
        dataset(copied, num_input_frames=window)


def test_a_clip_shorter_than_the_window(clips):
    with pytest.raises(ValueError, match="has 7 frames, but a window needs 14"):
        dataset(clips, num_input_frames=14)


@pytest.mark.parametrize("folder", ["lq", "gt", "lq_crf35"])
def test_frames_of_differing_size(copied, folder):
    path = sorted((copied / "train" / folder).rglob("*.png"))[3]
    cv2.imwrite(str(path), np.zeros((12, 16, 3), np.uint8))
    draw = dict(type="FCA2DrawLQ", crfs=[35], raw_prob=0)
    pipeline = [draw, *LOAD] if folder == "lq_crf35" else LOAD
    with pytest.raises(ValueError, match=f"{path} is 16x12.*all frames of a clip must have one"):
        dataset(copied, pipeline=pipeline)[0]


def test_nested_clips_and_names_with_dots(clips, tmp_path):
    """The host counts the entries of the first folder level, by a name cut at its last dot."""
    for kind in ("lq", "gt"):
        source = sorted((clips / "train" / kind).iterdir())[0]
        for name in ("scene1/a.b", "scene1/c", "v1.5"):
            shutil.copytree(source, tmp_path / "train" / kind / name)
    data = dataset(tmp_path, num_input_frames=7)
    infos = [data.get_data_info(index) for index in range(len(data))]
    assert {info["key"] for info in infos} == {"scene1/a.b", "scene1/c", "v1.5"}
    assert {info["sequence_length"] for info in infos} == {7}
    for index, info in enumerate(infos):
        assert Path(data[index]["gt_path"][0]).parent == tmp_path / "train/gt" / info["key"]
    assert len(dataset(tmp_path, depth=2, ann_file=_listed(tmp_path), num_input_frames=7)) == 2


def _listed(root) -> str:
    (root / "list.txt").write_text("scene1/a.b 7 (48,64,3)\nscene1/c 7 (48,64,3)\n")
    return "list.txt"


def test_frames_that_the_other_folder_lacks(copied):
    name = sorted((copied / "train/lq").iterdir())[0].name
    (copied / "train/gt" / name / "00000006.png").unlink()
    with pytest.raises(ValueError, match="frame 00000006 of .*lq.* is not in .*gt"):
        dataset(copied)[0]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (dict(), "6 frames fills its last chunk of 7 by repeating a frame; 7 frames fit exactly"),
        (dict(chunk_frames=4), "last chunk of 4 by repeating a frame; 8 frames fit exactly"),
        (dict(chunk_frames=None), "6 frames does not fit groups of n_subs=9.*; 7 frames fit"),
        (dict(chunk_frames=None, n_subs=7, n_ovls=1), "no number of frames fits exactly"),
    ],
)
def test_a_training_window_that_wastes_frames_warns(clips, settings, sentence):
    with pytest.warns(UserWarning, match=sentence):
        dataset(clips, num_input_frames=6, **settings)


def test_other_windows_do_not_warn(clips):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        dataset(clips, num_input_frames=7)
        dataset(clips, num_input_frames=6, chunk_frames=None, n_subs=6, n_ovls=0)
        dataset(clips, num_input_frames=6, test_mode=True)
        dataset(clips)


TRAIN = [
    dict(type="FCA2DrawLQ"),
    *LOAD,
    dict(type="SetValues", dictionary=dict(scale=4)),
    dict(type="PairedRandomCrop", gt_patch_size=32),
    dict(type="RandomTransposeHW", keys=["img", "gt"], transpose_ratio=0.5),
    dict(type="PackInputs"),
]
WINDOW = dict(
    num_frame=7,
    gt_size=32,
    use_hflip=True,
    use_vflip=True,
    use_rot=True,
    random_reverse=True,
    crfs=[15, 25, 35],
    seed=5,
)


def clips_dataset(root, **settings):
    settings = {"dataroot_gt": str(root / "train/gt"), **settings}
    return DATASETS.build(dict(type="FCA2ClipsDataset", **settings))


def clip_of(item) -> str:
    return Path(item.gt_path[0]).parent.name


def visits(data, workers: int, count: int = 6) -> list[tuple]:
    """The first samples in the order of the sampler: clip, rate, frames."""
    sampler = DATA_SAMPLERS.build(
        dict(type="FCA2InfiniteSampler"), default_args=dict(dataset=data, seed=0)
    )
    loader = DataLoader(data, sampler=sampler, num_workers=workers, collate_fn=pseudo_collate)
    items = []
    for _, batch in zip(range(count), loader, strict=False):
        item = batch["data_samples"][0]
        items.append((clip_of(item), batch["inputs"][0], item.gt_img))
    return items


@pytest.mark.parametrize("kind", ["frames", "clips"])
def test_workers_do_not_change_what_is_drawn(clips, kind):
    def build():
        if kind == "clips":
            return clips_dataset(clips, **WINDOW)
        return dataset(clips, pipeline=TRAIN, num_input_frames=7)

    np.random.seed(0)
    alone = visits(build(), 0)
    for workers in (1, 2):
        np.random.seed(workers)
        for item, other in zip(alone, visits(build(), workers), strict=True):
            assert item[0] == other[0]
            assert torch.equal(item[1], other[1]) and torch.equal(item[2], other[2])
    same_clip = [item for item in alone if item[0] == alone[0][0]]
    assert len(same_clip) == 3
    assert not torch.equal(same_clip[0][2], same_clip[1][2])  # each round is another sample


def test_drawing_leaves_the_global_state_alone(clips):
    data = dataset(clips, pipeline=TRAIN, num_input_frames=7)
    data.rounds_given = True
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    data[2]
    assert np.random.random() == expected


def test_the_hosts_sampler_gives_no_rounds_and_samples_still_differ(clips):
    for data in (clips_dataset(clips, **WINDOW), dataset(clips, pipeline=TRAIN)):
        np.random.seed(0)
        first = data[0]["data_samples"].gt_img
        assert not torch.equal(first, data[0]["data_samples"].gt_img)
        np.random.seed(0)
        assert torch.equal(first, data[0]["data_samples"].gt_img)


def test_the_sampler_counts_rounds(clips):
    data = clips_dataset(clips)
    sampler = DATA_SAMPLERS.build(dict(type="FCA2InfiniteSampler", dataset=data, seed=3))
    theirs = iter(DATA_SAMPLERS.build(dict(type="InfiniteSampler", dataset=data, seed=3)))
    for position, index in zip(range(10), sampler, strict=False):
        assert index % 2 == next(theirs)
        assert index // 2 == position // 2


def test_the_sampler_refuses_other_data_sets():
    with pytest.raises(
        TypeError, match="got list, which does not support rounds; use FCA2FramesDataset"
    ):
        DATA_SAMPLERS.build(dict(type="FCA2InfiniteSampler", dataset=[1, 2]))


def test_lmdb_gives_what_folders_give(clips, tmp_path):
    for kind in ("gt", "lq", "lq_crf25"):
        folder = open_clips(clips / "train" / kind)
        write_lmdb(tmp_path / f"{kind}.lmdb", ((name, folder.read(name)) for name in folder.names))
    settings = WINDOW | dict(crfs=[25], use_hflip=False, use_vflip=False)
    disk = clips_dataset(clips, dataroot_lq=str(clips / "train/lq"), **settings)
    lmdb = clips_dataset(
        clips, **settings | dict(dataroot_gt=tmp_path / "gt.lmdb", dataroot_lq=tmp_path / "lq.lmdb")
    )
    for item, other in zip(visits(disk, 0), visits(lmdb, 2), strict=True):
        assert torch.equal(item[1], other[1]) and torch.equal(item[2], other[2])


def test_whole_clips_are_packed_as_the_hosts_pipelines_pack_them(clips):
    roots = dict(dataroot_gt=str(clips / "test/gt"), dataroot_lq=str(clips / "test/lq_crf25"))
    ours = clips_dataset(clips, test_mode=True, **roots)[0]
    folders = dict(img="test/lq_crf25", gt="test/gt")
    pipeline = [*LOAD, dict(type="PackInputs")]
    theirs = dataset(clips, data_prefix=folders, pipeline=pipeline, test_mode=True)[0]
    assert torch.equal(ours["inputs"], theirs["inputs"])
    ours, theirs = ours["data_samples"], theirs["data_samples"]
    assert torch.equal(ours.gt_img, theirs.gt_img)
    assert ours.gt_path == theirs.gt_path
    for key in ("gt_channel_order", "img_channel_order", "ori_gt_shape", "ori_img_shape"):
        assert ours.get(key) == theirs.get(key), key


def test_the_demo_clips_are_made_once(tmp_path):
    root = tmp_path / "demo"
    demo = dict(root=str(root), num_train=1, num_test=1, num_frames=3, size=(32, 40))
    settings = dict(demo=demo, dataroot_lq=str(root / "train/lq_crf35"))
    item = clips_dataset(root, **settings)[0]
    assert item["data_samples"].gt_img.shape == (3, 3, 32, 40)
    assert item["inputs"].shape == (3, 3, 8, 10)
    before = (root / MANIFEST).stat().st_mtime_ns
    time.sleep(0.01)
    # a second one uses the folder as it is, whatever it asks for: it may hold the user's video
    clips_dataset(root, **settings | dict(demo=demo | dict(num_train=5)))
    assert (root / MANIFEST).stat().st_mtime_ns == before
    assert len(os.listdir(root / "train/gt")) == 1
