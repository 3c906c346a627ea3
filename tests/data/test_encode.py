"""fca2_plugin.data.encode: every source, what is written, resuming after real kills, verifying."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from fca2_plugin._files import only_writer
from fca2_plugin.codec import CodecSettings, encode_decode, read_video, write_video
from fca2_plugin.codec.encoders import ENCODERS
from fca2_plugin.codec.frame_info import frame_infos
from fca2_plugin.data import (
    downsample,
    encode_tree,
    find_clips,
    open_clips,
    read_frames,
    verify_tree,
    write_frames,
    write_lmdb,
)
from tests.codec.footage import counting_film, moving_clip
from tests.conftest import require_host
from tests.data.trees import files

require_host("av")

ROOT = Path(__file__).parents[2]
CRFS = tuple(CodecSettings(crf=crf) for crf in (25, 35))
ONE = {"jobs": 1, "codecs": CRFS[:1]}


@pytest.fixture(scope="module")
def frames_root(tmp_path_factory):
    """Three clips as folders of frames; the sides are no multiples of 4."""
    root = tmp_path_factory.mktemp("frames")
    for index in range(3):
        write_frames(root / f"clip{index}", moving_clip(3 + index, 34, 50, seed=index))
    return root


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return counting_film(tmp_path_factory.mktemp("film") / "film.mp4")


def stamps(root):
    return {path: path.stat().st_mtime_ns for path in Path(root).rglob("*")}


def frames_of(folder):
    return {clip.name: read_frames(clip) for clip in find_clips(folder)}


def test_what_is_written(frames_root, tmp_path):
    calls = []
    tree = encode_tree(
        frames_root, tmp_path / "set", codecs=CRFS, jobs=1, progress=lambda *a: calls.append(a)
    )
    root = tree.root
    assert (tree.inputs, tree.num_written) == ("folders of frames", 12)
    assert [done for done, _, _ in calls] == list(range(1, 10)) and calls[-1][1] == 9
    assert sorted(p.name for p in root.iterdir()) == [
        "gt",
        "lq",
        "lq_crf25",
        "lq_crf35",
        "manifest.json",
    ]
    gt, lq = frames_of(root / "gt"), frames_of(root / "lq")
    for index in range(3):
        source = moving_clip(3 + index, 34, 50, seed=index)
        name = f"clip{index}"
        assert all(map(np.array_equal, gt[name], [frame[:32, :48] for frame in source]))
        assert all(map(np.array_equal, lq[name], map(downsample, gt[name])))
        for settings in CRFS:
            coded = frames_of(root / f"lq_crf{settings.crf}")[name]
            assert all(map(np.array_equal, coded, encode_decode(lq[name], settings)))
            assert len(coded) == 3 + index


def test_the_manifest(frames_root, tmp_path):
    tree = encode_tree(frames_root, tmp_path, codecs=CRFS, jobs=1)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest == tree.manifest
    assert manifest["num_clips"] == 3
    assert (manifest["arguments"]["degradation"], manifest["arguments"]["scale"]) == ("gaussian", 4)
    assert manifest["arguments"]["codecs"]["lq_crf25"]["pix_fmt"] == "yuv444p"
    assert manifest["versions"].keys() >= {"fca2_plugin", "av", "libavcodec", "libx264", "opencv"}
    entry = manifest["clips"][1]
    assert (entry["name"], entry["num_frames"]) == ("clip1", 4)
    assert (entry["gt_size"], entry["lq_size"]) == ([32, 48], [8, 12])
    assert entry["sha256"].keys() == {"gt", "lq", "lq_crf25", "lq_crf35"}
    assert entry["num_bytes"]["lq_crf25"] > entry["num_bytes"]["lq_crf35"] > 0
    rate = 8 * entry["num_bytes"]["lq_crf25"] * 10 / 4 / 1000
    assert entry["kbps"]["lq_crf25"] == pytest.approx(rate, abs=0.01)
    assert entry["types"].keys() == {"lq_crf25", "lq_crf35"}  # nothing codes lq
    assert str(frames_root) not in (tmp_path / "manifest.json").read_text()


def test_frame_types_stand_in_the_manifest(tmp_path):
    """They are those of the stream that is kept beside, and outlast a build that is repaired."""
    write_frames(tmp_path / "in" / "walk", moving_clip(14, 64, 64))
    arguments = {"codecs": CRFS[:1], "jobs": 1, "keep_bitstreams": True}
    tree = encode_tree(tmp_path / "in", tmp_path / "set", **arguments)
    types = tree.manifest["clips"][0]["types"]
    (stream,) = (tree.root / "bitstreams" / "lq_crf25").iterdir()
    assert types == {"lq_crf25": "".join(info.kind for info in frame_infos(stream))}
    assert types["lq_crf25"][0] == "I" and set(types["lq_crf25"]) == set("IPB")
    shutil.rmtree(tree.root / "lq")
    assert encode_tree(tmp_path / "in", tmp_path / "set", **arguments).manifest == tree.manifest


def test_the_bytes_do_not_depend_on_the_number_of_jobs(frames_root, tmp_path):
    for jobs in (1, 2):
        encode_tree(frames_root, tmp_path / str(jobs), codecs=CRFS, jobs=jobs)
    assert files(tmp_path / "1") == files(tmp_path / "2")


def test_again_does_nothing(frames_root, tmp_path):
    first = encode_tree(frames_root, tmp_path, **ONE)
    before = stamps(tmp_path)
    again = encode_tree(frames_root, tmp_path, **ONE)
    assert (again.num_written, again.manifest) == (0, first.manifest)
    assert stamps(tmp_path) == before


def test_what_was_removed_is_made_again(frames_root, tmp_path):
    encode_tree(frames_root, tmp_path, codecs=CRFS, jobs=1)
    before = files(tmp_path)
    shutil.rmtree(tmp_path / "lq_crf25" / "clip1")
    shutil.rmtree(tmp_path / "gt" / "clip2")
    assert encode_tree(frames_root, tmp_path, codecs=CRFS, jobs=1).num_written == 2
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"degradation": "bd"}, "other arguments .degradation was 'gaussian', now 'bd'"),
        ({"codecs": CRFS}, "other arguments .codecs was"),
        ({"clips": ["clip0"]}, "other arguments .source was"),
        ({"clip_frames": 2}, "other arguments .clip_frames was None, now 2"),
        ({"keep_gt": False, "scale": 2}, "other arguments .gt was True, now False"),
        ({"format": "lmdb"}, "other arguments .format was 'png', now 'lmdb'"),
    ],
)
def test_other_arguments_are_refused(frames_root, tmp_path, kwargs, message):
    encode_tree(frames_root, tmp_path, **ONE)
    before = files(tmp_path)
    with pytest.raises(ValueError, match=message):
        encode_tree(frames_root, tmp_path, **(ONE | kwargs))
    assert files(tmp_path) == before


def test_other_frames_are_refused(frames_root, tmp_path):
    shutil.copytree(frames_root, tmp_path / "src")
    encode_tree(tmp_path / "src", tmp_path / "dst", **ONE)
    shutil.rmtree(tmp_path / "src" / "clip0")
    with pytest.raises(ValueError, match="other arguments .source was"):
        encode_tree(tmp_path / "src", tmp_path / "dst", **ONE)


RUN = """
import sys
from fca2_plugin.codec import CodecSettings
from fca2_plugin.data import encode_tree

if __name__ == "__main__":
    codecs = [CodecSettings(crf=25), CodecSettings("libx265", qp=37), CodecSettings("libvpx-vp9")]
    encode_tree(sys.argv[1], sys.argv[2], codecs=codecs, jobs=2, keep_bitstreams=True)
"""


@pytest.fixture(scope="module")
def long_frames_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("long")
    for index in range(4):
        write_frames(root / f"clip{index}", moving_clip(12, 192, 256, seed=index))
    return root


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("script") / "run.py"
    path.write_text(RUN)
    return path


@pytest.fixture(scope="module")
def undisturbed(long_frames_root, script, tmp_path_factory):
    """The data set, and how long a run takes from its first file to its last."""
    root = tmp_path_factory.mktemp("undisturbed") / "set"
    process = start(script, long_frames_root, root)
    wait_for(root)
    begin = time.monotonic()
    assert process.wait(120) == 0
    return files(root), time.monotonic() - begin


def start(script, source, root):
    return subprocess.Popen(
        [sys.executable, str(script), str(source), str(root)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )


def wait_for(path):
    for _ in range(6000):
        if path.exists():
            return
        time.sleep(0.01)
    pytest.fail(f"{path} did not appear")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_again_and_again_it_resumes(long_frames_root, script, undisturbed, tmp_path, seed):
    """SIGKILL at random moments, workers and all; in the end every byte is as without."""
    expected, seconds = undisturbed
    root = tmp_path / "set"
    rng = random.Random(seed)
    killed = 0
    for _ in range(3):
        process = start(script, long_frames_root, root)
        if root.exists():
            time.sleep(0.5)  # the interpreter starts
        else:
            wait_for(root)
        time.sleep(rng.uniform(0, seconds / 2))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert killed
    time.sleep(0.3)  # workers notice that the parent is gone
    before = stamps(root)
    time.sleep(0.5)
    assert stamps(root) == before  # nobody writes any more
    assert start(script, long_frames_root, root).wait(120) == 0
    assert files(root) == expected


def test_a_line_of_the_journal_that_was_cut_off(frames_root, tmp_path):
    encode_tree(frames_root, tmp_path / "whole", **ONE)
    root = tmp_path / "set"
    shutil.copytree(frames_root, tmp_path / "src")
    (tmp_path / "src" / "clip2" / "00000001.png").write_bytes(b"not a PNG")
    with pytest.raises(ValueError, match="00000001.png is not an image that can be read"):
        encode_tree(tmp_path / "src", root, **ONE)
    journal = root / ".building.jsonl"
    journal.write_text(journal.read_text()[:-9])
    fresh = json.loads(journal.read_text().splitlines()[0])
    fresh["arguments"]["source"] = json.loads((tmp_path / "whole/manifest.json").read_text())[
        "arguments"
    ]["source"]
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text(json.dumps(fresh) + "\n" + "".join(lines[1:]))
    encode_tree(frames_root, root, **ONE)
    assert files(root) == files(tmp_path / "whole")


def test_videos_are_streamed_cut_and_named(film, tmp_path):
    tree = encode_tree(film, tmp_path / "whole", **ONE)
    assert tree.inputs == "videos"
    assert all(map(np.array_equal, frames_of(tmp_path / "whole" / "gt")["film"], read_video(film)))
    encode_tree([film], tmp_path / "cut", clip_frames=7, **ONE)
    gt = frames_of(tmp_path / "cut" / "gt")
    assert list(gt) == ["film_00000", "film_00001", "film_00002"]  # two frames are left out
    numbers = [round(frame.mean() / 10) for clip in gt.values() for frame in clip]
    assert numbers == list(range(21))
    with pytest.raises(
        ValueError, match="film.mp4 belongs to a clip of 23 frames, but clip_frames"
    ):
        encode_tree(film, tmp_path / "short", clip_frames=24, **ONE)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_video(tmp_path):
    settings = CodecSettings(crf=30, preset="ultrafast")
    short, path = tmp_path / "short.mp4", tmp_path / "long.mp4"
    write_video(short, moving_clip(2, 64, 64), settings)
    encode_tree(short, tmp_path / "first", **ONE)  # imports what is imported late
    write_video(path, moving_clip(20, 64, 64) * 25, settings)
    tracemalloc.start()
    try:
        encode_tree(path, tmp_path / "set", **ONE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100 * 64 * 64 * 3  # of 500 frames
    assert len(frames_of(tmp_path / "set" / "lq_crf25")["long"]) == 500


@pytest.mark.parametrize("degradation", ["bd", "duf", "bi"])
def test_degradations(frames_root, tmp_path, degradation):
    encode_tree(frames_root, tmp_path, degradation=degradation, codecs=(), jobs=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["gt", "lq", "manifest.json"]
    gt, lq = frames_of(tmp_path / "gt"), frames_of(tmp_path / "lq")
    assert all(
        map(np.array_equal, lq["clip0"], (downsample(f, 4, degradation) for f in gt["clip0"]))
    )


def test_scale_1_keeps_the_frames(frames_root, tmp_path):
    encode_tree(frames_root, tmp_path, degradation="none", scale=1, **ONE)
    assert files(tmp_path / "gt") == files(tmp_path / "lq")


def test_every_codec_and_its_bitstream(tmp_path):
    write_frames(tmp_path / "src" / "a", moving_clip(9, 256, 320))
    codecs = (
        CodecSettings(qp=30),
        CodecSettings("libx265", crf=28, pix_fmt="yuv420p"),
        CodecSettings("libx265", qp=37, pix_fmt="yuv420p"),
        CodecSettings("libvpx-vp9", pix_fmt="yuv420p"),
        CodecSettings("libsvtav1", pix_fmt="yuv420p", preset="8"),
        CodecSettings("libvpx-vp9", bits_per_pixel=0.5, pix_fmt="yuv420p"),
    )
    kinds = ["lq_x264-qp30", "lq_x265-crf28", "lq_x265-qp37", "lq_vp9", "lq_av1", "lq_vp9-bpp0.5"]
    root = tmp_path / "set"
    tree = encode_tree(tmp_path / "src", root, codecs=codecs, jobs=1, keep_bitstreams=True)
    assert list(tree.manifest["arguments"]["codecs"]) == kinds
    for kind, settings in zip(kinds, codecs, strict=True):
        coded = frames_of(root / kind)["a"]
        stored = root / "bitstreams" / kind / f"a{ENCODERS[settings.codec].suffix}"
        assert all(map(np.array_equal, read_video(stored), coded))
        assert len(coded) == 9
        assert settings.codec in tree.manifest["versions"]
    assert verify_tree(root) == 8


def test_without_ground_truth(frames_root, tmp_path):
    with pytest.raises(
        ValueError,
        match=r"0000.png is 50x34, which cannot be divided by scale 4: its edges are cut",
    ):
        encode_tree(frames_root, tmp_path / "a", keep_gt=False, **ONE)
    encode_tree(frames_root, tmp_path / "b", keep_gt=False, scale=2, **ONE)
    assert not (tmp_path / "b" / "gt").exists()
    assert verify_tree(tmp_path / "b") == 6


def test_lmdb_holds_the_same_images(frames_root, tmp_path):
    png = encode_tree(frames_root, tmp_path / "png", **ONE)
    lmdb = encode_tree(frames_root, tmp_path / "lmdb", format="lmdb", **ONE)
    names = ["gt.lmdb", "lq.lmdb", "lq_crf25.lmdb", "manifest.json"]
    assert sorted(p.name for p in (tmp_path / "lmdb").iterdir()) == names
    assert lmdb.manifest["clips"] == png.manifest["clips"]
    assert verify_tree(tmp_path / "lmdb") == 9
    store = open_clips(tmp_path / "lmdb" / "lq_crf25.lmdb")
    for name, frames in frames_of(tmp_path / "png" / "lq_crf25").items():
        assert all(map(np.array_equal, store.read(name), frames))
    before = stamps(tmp_path / "lmdb")
    assert encode_tree(frames_root, tmp_path / "lmdb", format="lmdb", **ONE).num_written == 0
    assert stamps(tmp_path / "lmdb") == before
    whole = files(tmp_path / "lmdb")
    shutil.rmtree(tmp_path / "lmdb" / "lq.lmdb")
    encode_tree(frames_root, tmp_path / "lmdb", format="lmdb", **ONE)
    assert files(tmp_path / "lmdb") == whole


def test_an_lmdb_is_a_source(frames_root, tmp_path):
    clips = ((clip.name, read_frames(clip)) for clip in find_clips(frames_root))
    write_lmdb(tmp_path / "src.lmdb", clips)
    tree = encode_tree(tmp_path / "src.lmdb", tmp_path / "set", codecs=(), jobs=1)
    encode_tree(frames_root, tmp_path / "other", codecs=(), jobs=1)
    assert tree.inputs == "an LMDB"
    assert files(tree.root / "lq") == files(tmp_path / "other" / "lq")


def test_a_split_has_its_own_folder_and_manifest(frames_root, tmp_path):
    for split, names in (("train", ["clip0", "clip1"]), ("test", ["clip2"])):
        encode_tree(frames_root, tmp_path, split=split, clips=names, **ONE)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["test", "train"]
    assert list(frames_of(tmp_path / "test" / "lq_crf25")) == ["clip2"]
    assert verify_tree(tmp_path) == 9


def test_verify_finds_what_changed(frames_root, tmp_path):
    with pytest.raises(
        FileNotFoundError, match="manifest.json does not exist; it is written at the end"
    ):
        verify_tree(tmp_path)
    encode_tree(frames_root, tmp_path, **ONE)
    calls = []
    assert verify_tree(tmp_path, progress=lambda *a: calls.append(a)) == 9
    assert calls[-1] == (9, 9, "lq_crf25/clip2")
    image = tmp_path / "lq_crf25" / "clip1" / "00000002.png"
    data = bytearray(image.read_bytes())
    data[-20] ^= 1
    image.write_bytes(data)
    with pytest.raises(ValueError, match="the clip clip1 in .*lq_crf25.clip1 differs from the"):
        verify_tree(tmp_path)
    shutil.rmtree(image.parent)
    with pytest.raises(ValueError, match="lq_crf25.clip1 is missing; run the same encode again"):
        verify_tree(tmp_path)


def test_a_bad_clip_leaves_the_others_finished(frames_root, tmp_path):
    """Both in this process and in workers: finished folders stay, and no temporary ones."""
    for jobs in (1, 2):
        source, root = tmp_path / f"src{jobs}", tmp_path / f"dst{jobs}"
        shutil.copytree(frames_root, source)
        (source / "clip1" / "00000002.png").write_bytes(b"cut off")
        with pytest.raises(ValueError, match="clip1.00000002.png is not an image"):
            encode_tree(source, root, codecs=CRFS, jobs=jobs)
        assert list(frames_of(root / "gt"))[0] == "clip0"
        assert not [p for p in root.rglob(".*") if p.name != ".building.jsonl"]
        assert not (root / "manifest.json").exists()


def test_a_cut_off_video_is_named(film, tmp_path):
    broken = tmp_path / "broken.mkv"
    write_video(broken, moving_clip(60, 64, 64), CodecSettings(crf=20))
    data = broken.read_bytes()
    broken.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(ValueError, match="broken.mkv is damaged after .* frames"):
        encode_tree([film, broken], tmp_path / "set", **ONE)
    assert list(frames_of(tmp_path / "set" / "gt")) == ["film"]
    assert not list((tmp_path / "set").rglob(".*.tmp"))


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"format": "jpg"}, "unknown format 'jpg'"),
        ({"clip_frames": 0}, "clip_frames must be at least 1, got 0"),
        ({"jobs": 0}, "jobs must be at least 1, got 0"),
        ({"degradation": "none"}, "'none' is defined for scale 1, got 4"),
        (
            {"codecs": CRFS + CRFS},
            "two codec settings would both write the folder lq_crf25; leave one",
        ),
        ({"clips": ["clip9"]}, "there is no clip 'clip9' in .* .did you mean 'clip"),
        ({"split": "val"}, "unknown split 'val'"),
    ],
)
def test_bad_arguments_write_nothing(frames_root, tmp_path, kwargs, message):
    with pytest.raises(ValueError, match=message):
        encode_tree(frames_root, tmp_path / "set", **(ONE | kwargs))
    assert not (tmp_path / "set").exists()


def test_a_destination_inside_the_source(frames_root, tmp_path):
    with pytest.raises(ValueError, match="out lies in .*; choose a folder outside of it"):
        encode_tree(frames_root, frames_root / "out", **ONE)


def test_two_at_once(frames_root, tmp_path):
    with only_writer(tmp_path):
        with pytest.raises(ValueError, match="another process is writing to .*; wait until"):
            encode_tree(frames_root, tmp_path, **ONE)
    encode_tree(frames_root, tmp_path, **ONE)


def test_a_folder_with_other_things_is_left_alone(frames_root, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="is not empty and has no manifest.json"):
        encode_tree(frames_root, tmp_path, **ONE)
    assert files(tmp_path) == {"thesis.txt": b"mine"}
    with pytest.raises(ValueError, match="is not empty"):
        encode_tree(frames_root, tmp_path / "thesis.txt", **ONE)
