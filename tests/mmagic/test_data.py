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
from mmagic.registry import DATASETS, TRANSFORMS

from fca2_plugin.data.build import MANIFEST

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
    results = TRANSFORMS.build(dict(type="FCA2Degrade"))(dict(gt=list(gt)))
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
    with pytest.raises(ValueError, match="train/none holds no clips"):
        dataset(copied, data_prefix=dict(img="train/none", gt="train/none"))


@pytest.mark.parametrize("window", [None, 7])
def test_a_clip_without_frames(copied, window):
    (copied / "train/lq/9999_empty").mkdir()
    with pytest.raises(ValueError, match="clip 9999_empty has 0 frames"):
        dataset(copied, num_input_frames=window)


def test_a_clip_shorter_than_the_window(clips):
    with pytest.raises(ValueError, match="has 7 frames, fewer than the window of 14"):
        dataset(clips, num_input_frames=14)


@pytest.mark.parametrize("folder", ["lq", "gt", "lq_crf35"])
def test_frames_of_differing_size(copied, folder):
    path = sorted((copied / "train" / folder).rglob("*.png"))[3]
    cv2.imwrite(str(path), np.zeros((12, 16, 3), np.uint8))
    draw = dict(type="FCA2DrawLQ", crfs=[35], raw_prob=0)
    pipeline = [draw, *LOAD] if folder == "lq_crf35" else LOAD
    with pytest.raises(ValueError, match=f"{path} is 16x12.*all frames of a clip must have one"):
        dataset(copied, pipeline=pipeline)[0]


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


def test_the_demo_data_set_makes_itself_once(tmp_path):
    root = tmp_path / "demo"
    settings = dict(
        type="FCA2DemoDataset",
        data_root=str(root),
        data_prefix=dict(img="test/lq_crf35", gt="test/gt"),
        num_train=1,
        num_test=1,
        num_frames=3,
        size=(32, 40),
        pipeline=LOAD,
    )
    item = DATASETS.build(settings)[0]
    assert [frame.shape for frame in item["gt"]] == [(32, 40, 3)] * 3
    assert [frame.shape for frame in item["img"]] == [(8, 10, 3)] * 3
    before = (root / MANIFEST).stat().st_mtime_ns
    time.sleep(0.01)
    # a second one uses the folder as it is, whatever it asks for: it may hold the user's video
    DATASETS.build({**settings, "num_train": 5, "data_prefix": dict(img="train/lq", gt="train/gt")})
    assert (root / MANIFEST).stat().st_mtime_ns == before
    assert len(os.listdir(root / "train/gt")) == 1
