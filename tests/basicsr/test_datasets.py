"""FCA2VideoDataset and FCA2VideoTestDataset as BasicSR builds and loads them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import require_host

require_host("basicsr")

import fca2_plugin.basicsr  # noqa: E402, F401  the host must be ready first

# isort: split
from basicsr.data import build_dataloader, build_dataset  # noqa: E402

from fca2_plugin.data import build_clips, demo_clips, open_clip_set, open_clips  # noqa: E402
from fca2_plugin.data.manifest import MANIFEST  # noqa: E402

pytestmark = pytest.mark.basicsr


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    return build_clips(demo_clips(3, 2, 7, (64, 64)), tmp_path_factory.mktemp("clips") / "data")


def train_options(clips, **settings):
    return {
        "name": "demo",
        "type": "FCA2VideoDataset",
        "phase": "train",
        "scale": 4,
        "dataroot_gt": str(clips / "train/gt"),
        "num_frame": 7,
        "gt_size": 32,
        "use_hflip": True,
        "use_vflip": True,
        "use_rot": True,
        "random_reverse": True,
        "crfs": [15, 25, 35],
        "batch_size_per_gpu": 1,
        "num_worker_per_gpu": 0,
        "seed": 5,
        **settings,
    }


def test_options(clips, **settings):
    return {
        "name": "demo",
        "type": "FCA2VideoTestDataset",
        "phase": "val",
        "scale": 4,
        "dataroot_gt": str(clips / "test/gt"),
        "dataroot_lq": str(clips / "test/lq_crf25"),
        "io_backend": {"type": "disk"},
        **settings,
    }


test_options.__test__ = False


class Rounds(torch.utils.data.Sampler):
    """What a sampler of ours gives in three rounds."""

    def __init__(self, dataset) -> None:
        dataset.rounds_given = True
        self.indices = range(3 * len(dataset))

    def __iter__(self):
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)


def visits(options) -> list[dict]:
    dataset = build_dataset(options)
    loader = build_dataloader(dataset, options, num_gpu=1, sampler=Rounds(dataset), seed=0)
    return list(loader)


def test_a_sample_is_that_of_the_core(clips):
    options = train_options(clips)
    dataset = build_dataset(options)
    dataset.rounds_given = True
    core = open_clip_set(
        **{k: v for k, v in options.items() if k in dataset.OPTIONS},
    )
    for index in (0, 4, 8):
        item, sample = dataset[index], core.sample(index % 3, index // 3)
        assert item["key"] == sample.name
        assert item["lq"].shape == (7, 3, 8, 8) and item["gt"].shape == (7, 3, 32, 32)
        for key, frames in (("lq", sample.lq), ("gt", sample.gt)):
            expected = np.stack(frames).transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
            assert torch.equal(item[key], torch.from_numpy(expected))


def test_workers_do_not_change_what_is_drawn(clips):
    alone = visits(train_options(clips))
    assert len(alone) == 9
    for workers in (1, 2):
        for item, other in zip(
            alone, visits(train_options(clips, num_worker_per_gpu=workers)), strict=True
        ):
            assert item["key"] == other["key"]
            assert torch.equal(item["lq"], other["lq"]) and torch.equal(item["gt"], other["gt"])
    # a clip is another sample in each round
    assert not torch.equal(alone[0]["gt"], alone[3]["gt"])


def test_the_hosts_sampler_gives_no_rounds_and_samples_still_differ(clips):
    dataset = build_dataset(train_options(clips))
    np.random.seed(0)
    first, second = dataset[0], dataset[0]
    assert not torch.equal(first["gt"], second["gt"])
    np.random.seed(0)
    assert torch.equal(dataset[0]["lq"], first["lq"])


def test_whole_clips(clips):
    dataset = build_dataset(test_options(clips))
    lq, gt = open_clips(clips / "test/lq_crf25"), open_clips(clips / "test/gt")
    assert len(dataset) == 2
    for index, name in enumerate(gt.names):
        item = dataset[index]
        assert item["folder"] == name
        for key, store in (("lq", lq), ("gt", gt)):
            frames = (item[key] * 255).round().byte().permute(0, 2, 3, 1).numpy()
            assert np.array_equal(frames, np.stack(store.read(name)))
        assert Path(item["lq_path"]) == clips / "test/lq_crf25" / name / "00000003.png"
    assert dataset.data_info["folder"] == [name for name in gt.names for _ in range(7)]
    assert dataset.data_info["idx"][:3] == ["0/7", "1/7", "2/7"]
    assert all(Path(path).is_file() for path in dataset.data_info["lq_path"])


def test_the_hosts_own_test_set_gives_the_same(clips):
    """In the only layout it takes: clips one level deep, and a name it knows."""
    ours = build_dataset(test_options(clips))
    options = test_options(clips, type="VideoRecurrentTestDataset", name="vid4")
    theirs = build_dataset(options | {"cache_data": True, "num_frame": 7})
    for index in range(2):
        for key in ("lq", "gt"):
            # it divides by 255 in float32 as well, before the transposition
            assert torch.equal(ours[index][key], theirs[index][key])
        assert ours[index]["folder"] == theirs[index]["folder"]


def test_validation_may_change_an_item_in_place(clips):
    """BasicSR's models unsqueeze in place."""
    dataset = build_dataset(test_options(clips, cache_data=True))
    dataset[0]["lq"].unsqueeze_(0).zero_()
    assert dataset[0]["lq"].shape == (7, 3, 16, 16) and dataset[0]["lq"].max() > 0


def test_demo_clips_make_themselves(tmp_path):
    demo = dict(root=str(tmp_path / "demo"), num_train=1, num_test=1, num_frames=7, size=[64, 64])
    dataset = build_dataset(train_options(tmp_path / "demo", demo=demo))
    assert len(dataset) == 1 and dataset[0]["lq"].shape == (7, 3, 8, 8)
    before = (tmp_path / "demo" / MANIFEST).stat().st_mtime_ns
    build_dataset(test_options(tmp_path / "demo", demo=demo))
    assert (tmp_path / "demo" / MANIFEST).stat().st_mtime_ns == before


def test_an_option_that_nothing_reads(clips):
    with pytest.raises(TypeError, match="FCA2VideoDataset has no setting 'num_frames'.*num_frame"):
        build_dataset(train_options(clips, num_frames=7))


def test_an_io_backend_that_is_not_there(clips):
    with pytest.raises(ValueError, match="unknown backend 'memcached'"):
        build_dataset(train_options(clips, io_backend={"type": "memcached"}))
