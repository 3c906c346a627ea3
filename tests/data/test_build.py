"""fca2_plugin.data.build: what is written, resuming, and refusing to mix data sets."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fca2_plugin.codec import CodecSettings, encode_decode, read_video
from fca2_plugin.data import (
    ClipSource,
    build,
    build_clips,
    downsample,
    find_clips,
    read_frames,
    video_clips,
)
from fca2_plugin.data.tree import folder_sha256
from tests.codec.footage import counting_film, moving_clip
from tests.conftest import require_host
from tests.data.trees import files

require_host("av")

KINDS = ("gt", "lq", "lq_crf15", "lq_crf25", "lq_crf35")
ROOT = Path(__file__).parents[2]


def clips(num_clips=3):
    """Plain (split, name, frames), the last for testing; sides are no multiples of 4."""
    for index in range(num_clips):
        split = "test" if index == num_clips - 1 else "train"
        yield split, f"clip{index}", moving_clip(3, 34, 50, seed=index)


def source(num_clips=3, seed=0):
    recipe = {"clips": num_clips, "seed": seed}
    return ClipSource(recipe, lambda: clips(num_clips), lambda: num_clips)


def given(*made):
    return ClipSource({"made": "here"}, lambda: iter(made), lambda: len(made))


def test_what_is_written(tmp_path):
    calls = []
    root = build_clips(source(), tmp_path / "set", progress=lambda *args: calls.append(args))
    assert calls == [(1, 3, "train/clip0"), (2, 3, "train/clip1"), (3, 3, "test/clip2")]
    assert sorted(p.name for p in root.iterdir()) == ["manifest.json", "test", "train"]
    for split, name, frames in clips():
        folders = {kind: find_clips(root / split / kind) for kind in KINDS}
        on_disk = {k: read_frames(next(c for c in v if c.name == name)) for k, v in folders.items()}
        gt = [frame[:32, :48] for frame in frames]
        lq = [downsample(np.ascontiguousarray(frame)) for frame in gt]
        assert all(map(np.array_equal, on_disk["gt"], gt))
        assert all(map(np.array_equal, on_disk["lq"], lq))
        for crf in (15, 25, 35):
            expected = encode_decode(lq, CodecSettings(crf=crf))
            assert all(map(np.array_equal, on_disk[f"lq_crf{crf}"], expected))
        assert {len(frames) for frames in on_disk.values()} == {3}


def test_the_manifest(tmp_path):
    root = build_clips(source(), tmp_path, crfs=[20], settings=CodecSettings(pix_fmt="yuv420p"))
    manifest = json.loads((root / "manifest.json").read_text())
    assert manifest["num_clips"] == {"train": 2, "test": 1}
    assert manifest["arguments"]["crfs"] == [20]
    assert manifest["arguments"]["codec"]["pix_fmt"] == "yuv420p"
    assert manifest["arguments"]["source"] == {"clips": 3, "seed": 0}
    assert manifest["versions"].keys() >= {"av", "libavcodec", "libx264", "opencv"}
    first = manifest["clips"][0]
    assert (first["split"], first["name"], first["num_frames"]) == ("train", "clip0", 3)
    assert (first["gt_size"], first["lq_size"]) == ([32, 48], [8, 12])
    assert first["sha256"].keys() == {"gt", "lq", "lq_crf20"}
    assert first["sha256"]["gt"] == folder_sha256(root / "train" / "gt" / "clip0")


def test_one_frame_and_nested_names_and_no_crf(tmp_path):
    root = build_clips(
        given(("val", "00001/0002", moving_clip(1, 8, 8))), tmp_path, scale=2, crfs=()
    )
    (clip,) = find_clips(root / "val" / "lq")
    assert clip.name == "00001/0002" and read_frames(clip)[0].shape == (4, 4, 3)
    assert sorted(p.name for p in (root / "val").iterdir()) == ["gt", "lq"]


def test_again_with_a_recipe_makes_nothing(tmp_path):
    root = build_clips(source(), tmp_path)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    never = ClipSource(source().recipe, lambda: pytest.fail("the clips were made again"), int)
    assert build_clips(never, root) == root
    assert before == {path: path.stat().st_mtime_ns for path in root.rglob("*")}


@pytest.mark.parametrize(
    ("make", "kwargs", "message"),
    [
        (source, {"crfs": (15,)}, r"other arguments \(crfs was \[15, 25, 35\], now \[15\]\)"),
        (source, {"scale": 2}, r"other arguments \(scale was 4, now 2\)"),
        (source, {"settings": CodecSettings(preset="fast")}, r"other arguments \(codec was"),
        (lambda: source(seed=1), {}, r"other arguments \(source was .*'seed': 1"),
    ],
)
@pytest.mark.parametrize("finished", [True, False])
def test_other_arguments_are_refused(tmp_path, make, kwargs, message, finished):
    root = build_clips(source(), tmp_path)
    if not finished:
        manifest = json.loads((root / "manifest.json").read_text())
        (root / ".building.jsonl").write_text(json.dumps(manifest) + "\n")
        (root / "manifest.json").unlink()
    before = files(root)
    with pytest.raises(ValueError, match=message):
        build_clips(make(), root, **kwargs)
    assert files(root) == before


def test_other_versions_are_refused(tmp_path, monkeypatch):
    class Stop(Exception):
        pass

    def stop(*args):
        raise Stop

    with pytest.raises(Stop):
        build_clips(source(), tmp_path, progress=stop)
    monkeypatch.setattr(build, "library_versions", lambda codec: {"libx264": "x264 - core 9"})
    with pytest.raises(ValueError, match=r"was built with other versions \(\w+ was"):
        build_clips(source(), tmp_path)


KILLED = """
import os, signal, sys
from tests.data.test_build import source
from fca2_plugin.data import build_clips, parts

root, kill_at = sys.argv[1], int(sys.argv[2])
done, write = 0, parts.write_frames


def die_after_one(frames):
    yield next(frames)
    os.kill(os.getpid(), signal.SIGKILL)


def write_or_die(folder, frames, frame_name):
    global done
    done += 1
    if done == kill_at:
        frames = die_after_one(iter(frames))
    return write(folder, frames, frame_name)


parts.write_frames = write_or_die
build_clips(source(), root)
"""


@pytest.mark.parametrize("kill_at", [1, 8, 15])
def test_a_killed_build_resumes(tmp_path, kill_at):
    """Killed inside the n-th folder of fifteen; what was finished is not written again."""
    root = tmp_path / "set"
    run = subprocess.run([sys.executable, "-c", KILLED, str(root), str(kill_at)], cwd=ROOT)
    assert run.returncode == -signal.SIGKILL
    assert not (root / "manifest.json").exists()
    assert list(root.rglob(".*.tmp"))
    finished = {p: p.stat().st_mtime_ns for p in root.rglob("[!.]*.png") if ".tmp" not in str(p)}
    assert len(finished) == 3 * (kill_at - 1)
    build_clips(source(), root)
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    assert files(root) == files(build_clips(source(), tmp_path / "whole"))


def test_an_unfinished_clip_that_differs_is_refused(tmp_path):
    def broken():
        yield from list(clips())[:1]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_clips(ClipSource(source().recipe, broken, lambda: 3), tmp_path)
    image = next((tmp_path / "train" / "lq" / "clip0").iterdir())
    os.unlink(image)
    with pytest.raises(
        ValueError, match="clip0 contains 2 frames instead of 3; remove that folder"
    ):
        build_clips(source(), tmp_path)


@pytest.mark.parametrize(
    ("made", "kwargs", "error", "message"),
    [
        ("film.mp4", {}, TypeError, r"got 'film.mp4'; give it the clips of a video as video_clips"),
        ([], {}, TypeError, "needs a ClipSource, got "),
        (given(), {}, ValueError, "the source has no clips"),
        (source(), {"settings": CodecSettings(crf=20)}, ValueError, "takes the CRFs from crfs"),
        (source(), {"crfs": (99,)}, ValueError, "crfs must be whole numbers from 0 to 51, got 99"),
    ],
)
def test_bad_arguments_write_nothing(tmp_path, made, kwargs, error, message):
    root = tmp_path / "set"
    with pytest.raises(error, match=message):
        build_clips(made, root, **kwargs)
    assert not root.exists()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (("train", "../x", []), "'../x' cannot be the name of a clip folder"),
        (("train", "a/b/c", []), "'a/b/c' cannot be the name of a clip folder"),
        (("a/b", "x", []), "'a/b' cannot be the name of a split folder"),
        (("train", "clip0", []), "has the clip train/clip0 twice"),
        (("train", "x", [np.zeros((3, 9, 3), np.uint8)]), "a frame of 9x3 is too small for scale"),
        (("train", "x", []), "there are no frames to write to .*x"),
        (
            ("train", "x", [np.zeros((8, 8, 3), np.uint8), np.zeros((8, 12, 3), np.uint8)]),
            "frame 1 is 12x8, but frame 0 is 8x8",
        ),
    ],
)
def test_bad_clips(tmp_path, bad, message):
    with pytest.raises(ValueError, match=message):
        build_clips(given(next(clips()), bad), tmp_path)
    assert not (tmp_path / "manifest.json").exists()


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return counting_film(tmp_path_factory.mktemp("film") / "film.mp4")


def test_video_clips_leave_a_gap(film):
    given = video_clips(film, 4, train_fraction=0.7)
    numbers = {
        (split, name): [round(frame.mean() / 10) for frame in frames]
        for split, name, frames in given
    }
    assert numbers == {
        ("train", "00000"): [0, 1, 2, 3],
        ("train", "00001"): [4, 5, 6, 7],
        ("train", "00002"): [8, 9, 10, 11],
        ("test", "00004"): [16, 17, 18, 19],
    }
    assert len(given) == 4


@pytest.mark.parametrize("train_fraction", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("max_clips", [None, 2, 4, 100])
def test_both_parts_of_a_video_have_a_clip(film, train_fraction, max_clips):
    splits = [split for split, _, _ in video_clips(film, 3, train_fraction, max_clips)]
    assert {"train", "test"} == set(splits)
    assert len(splits) == min(6, max_clips or 6)


def test_a_video_is_built_and_recognised(film, tmp_path):
    root = build_clips(video_clips(film, 7), tmp_path / "set", crfs=(25,))
    assert build_clips(video_clips(film, 7), root, crfs=(25,)) == root
    assert len(find_clips(root / "train" / "gt")) == len(find_clips(root / "test" / "gt")) == 1
    first = read_frames(find_clips(root / "train" / "gt")[0])
    assert all(map(np.array_equal, first, read_video(film, 7)))
    with pytest.raises(ValueError, match=r"other arguments \(source was"):
        build_clips(video_clips(film, 5), root, crfs=(25,))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((8,), "film.mp4 has 23 frames, too few for a training clip, a gap and a test clip of 8"),
        ((0,), "needs num_frames of at least 1"),
        ((3, 1.0), "train_fraction between 0 and 1, got 3, None and 1.0"),
        ((3, 0.5, 1), "max_clips of at least 2"),
    ],
)
def test_videos_that_cannot_be_cut(film, args, message):
    with pytest.raises(ValueError, match=message):
        video_clips(film, *args)


def test_a_video_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no video file"):
        video_clips(tmp_path / "absent.mp4", 7)
