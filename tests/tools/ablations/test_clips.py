"""The clips that ablations take from a data set."""

import shutil

import numpy as np
import pytest

from fca2_plugin.data import write_frames
from tools.ablations import clips


def write_clip(root, split, name, num_frames=16, size=(130, 140)):
    rng = np.random.default_rng(num_frames)
    frames = [rng.integers(0, 255, (*size, 3), dtype=np.uint8) for _ in range(num_frames)]
    write_frames(root / split / "gt" / name, frames)
    return frames


@pytest.fixture
def root(tmp_path):
    write_clip(tmp_path, "train", "a", 9)
    write_clip(tmp_path, "val", "b", 16)
    return tmp_path


def test_takes_the_middle_of_the_first_frames(root, monkeypatch):
    monkeypatch.setattr(clips, "SIDE", 128)
    frames = write_clip(root, "train", "c", 16)
    source = clips.clip_source(root)
    found = {(split, name): got for split, name, got in source}
    assert [*found] == [("train", "a"), ("train", "c"), ("test", "b")] and len(source) == 3
    assert len(found["train", "a"]) == 9 and len(found["train", "c"]) == clips.MAX_FRAMES
    np.testing.assert_array_equal(found["train", "c"][3], frames[3][1:129, 6:134])


def test_tests_on_test_where_there_is_no_val(root):
    shutil.move(root / "val", root / "test")
    assert [split for split, _, _ in clips.clip_source(root)] == ["train", "test"]


def test_makes_clips_without_data(monkeypatch):
    monkeypatch.setattr(clips, "NUM_TRAIN", 2)
    monkeypatch.setattr(clips, "NUM_TEST", 1)
    assert len(clips.clip_source(None)) == 3


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_missing_part_is_named(root, split):
    shutil.rmtree(root / split)
    with pytest.raises(FileNotFoundError, match="there is no folder .*gt; expected a data set"):
        clips.clip_source(root)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"num_frames": 6}, "clip z has 6 frames; .* windows of 7"),
        ({"size": (127, 200)}, "clip z has 200x127 pixels; .* patches of 128"),
    ],
)
def test_refuses_clips_that_cannot_train(root, kwargs, message):
    write_clip(root, "val", "z", **kwargs)
    with pytest.raises(ValueError, match=message):
        clips.clip_source(root)


def test_refuses_to_test_on_what_trains(root):
    write_clip(root, "val", "a")
    with pytest.raises(ValueError, match="trains on a and tests on it"):
        clips.clip_source(root)
