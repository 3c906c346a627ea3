"""fca2_plugin.data.mfqe_build: what is written, resuming, and refusing to mix settings."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from fca2_plugin.codec import CodecSettings, frame_infos, video_planes, write_video
from fca2_plugin.data import build_mfqe, find_mfqe, mfqe_build
from fca2_plugin.data.mfqe_build import STAND_IN
from tests.codec.footage import moving_clip, raw_clip
from tests.data.trees import files

FAST = {"qps": [37], "preset": "ultrafast"}


def source(tmp_path, num_frames=5):
    for seed, name in enumerate("AB"):
        raw_clip(tmp_path / "src", num_frames, name=name, seed=seed)
    return tmp_path / "src"


def test_what_is_written(tmp_path):
    calls = []
    folder = build_mfqe(
        source(tmp_path),
        tmp_path / "set",
        qps=[37, 22],
        preset="ultrafast",
        progress=lambda *args: calls.append(args),
    )
    assert folder == tmp_path / "set" / "test"
    assert [text for *_, text in calls] == "raw A,raw B,QP37 A,QP37 B,QP22 A,QP22 B".split(",")
    assert calls[-1][:2] == (6, 6)
    expected = {f"raw/{name}_48x32_5.yuv" for name in "AB"}
    for qp in (22, 37):
        expected |= {f"{STAND_IN}/QP{qp}/{n}_48x32_5.{e}" for n in "AB" for e in ("yuv", "265")}
        expected |= {f"{STAND_IN}/QP{qp}/manifest.json"}
    assert files(folder).keys() == expected
    for qp in (22, 37):
        for pair in find_mfqe(tmp_path / "set", "test", qp, STAND_IN):
            assert [info.qp for info in frame_infos(pair.stream)][:2] == [qp, qp + 5]
            decoded = [y for y, _, _ in video_planes(pair.stream)]
            assert all((a == b).all() for a, b in zip(decoded, pair.coded.luma, strict=True))
            assert (
                pair.raw.path.read_bytes() == (tmp_path / "src" / pair.raw.path.name).read_bytes()
            )


def test_only_some_videos(tmp_path):
    folder = build_mfqe(source(tmp_path), tmp_path / "set", clips=["B"], **FAST)
    assert [path.name for path in (folder / "raw").iterdir()] == ["B_48x32_5.yuv"]
    with pytest.raises(ValueError, match=r"there is no clip 'C' in .*src"):
        build_mfqe(tmp_path / "src", tmp_path / "set", clips=["B", "C"], **FAST)
    build_mfqe(tmp_path / "src", tmp_path / "set", clips=["A"], **FAST)
    assert len(find_mfqe(tmp_path / "set", "test", 37, STAND_IN)) == 2


def test_the_manifest(tmp_path):
    folder = build_mfqe(source(tmp_path), tmp_path / "set", **FAST)
    manifest = json.loads((folder / STAND_IN / "QP37" / "manifest.json").read_text())
    assert "HM 16.5" in manifest["arguments"]["stand_in_for"]
    assert manifest["arguments"]["gop_offsets"] == [5, 4, 5, 1]
    assert manifest["versions"].keys() >= {"av", "libavcodec", "libx265"}
    first = manifest["clips"][0]
    assert (first["file"], first["num_frames"], first["size"]) == ("A_48x32_5.yuv", 5, [32, 48])
    assert first["sha256"].keys() == {"raw", "stream", "coded"}


def test_a_rebuild_is_byte_identical_and_again_does_nothing(tmp_path, monkeypatch):
    videos = source(tmp_path)
    roots = [build_mfqe(videos, tmp_path / name, **FAST) for name in "ab"]
    assert files(roots[0]) == files(roots[1])
    before = {path: path.stat().st_mtime_ns for path in roots[0].rglob("*") if path.is_file()}
    monkeypatch.setattr(mfqe_build, "encode_lowdelay", lambda *args: pytest.fail("coded again"))
    build_mfqe(videos, tmp_path / "a", **FAST)
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_the_raw_videos_may_already_be_in_place(tmp_path):
    raw_clip(tmp_path / "train_108" / "raw", 3)
    build_mfqe(tmp_path / "train_108" / "raw", tmp_path, split="train_108", **FAST)
    assert len(find_mfqe(tmp_path, "train_108", codec=STAND_IN)) == 1


def test_any_video_and_only_its_first_frames(tmp_path):
    (tmp_path / "src").mkdir()
    settings = CodecSettings(pix_fmt="yuv420p")
    write_video(tmp_path / "src" / "cat.mp4", moving_clip(6, 32, 48), settings)
    raw_clip(tmp_path / "src", 6, name="dog")
    build_mfqe(tmp_path / "src", tmp_path, max_frames=4, **FAST)
    pairs = find_mfqe(tmp_path, "test", codec=STAND_IN)
    assert [pair.raw.path.name for pair in pairs] == ["cat_48x32_4.yuv", "dog_48x32_4.yuv"]
    planes = list(video_planes(tmp_path / "src" / "cat.mp4"))
    assert all((pairs[0].raw.luma[i] == planes[i][0]).all() for i in range(4))
    for at_most in (3, 5):
        with pytest.raises(ValueError, match="48x32_4.yuv has 4 frames, but .* needs [35]"):
            build_mfqe(tmp_path / "src", tmp_path, max_frames=at_most, **FAST)
    one = build_mfqe(tmp_path / "src" / "cat.mp4", tmp_path / "one", **FAST)
    assert len(list((one / "raw").iterdir())) == 1


def test_a_new_video_is_added_and_a_changed_one_coded_again(tmp_path, monkeypatch):
    folder = build_mfqe(source(tmp_path), tmp_path / "set", **FAST)
    before = files(folder)
    coded = []
    encode = mfqe_build.encode_lowdelay
    monkeypatch.setattr(
        mfqe_build, "encode_lowdelay", lambda v, *args: (coded.append(v.name), encode(v, *args))
    )
    later = time.time() + 10
    raw_clip(tmp_path / "src", 5, name="C", seed=7)
    os.utime(tmp_path / "src" / "A_48x32_5.yuv", (later, later))  # touched, not changed
    build_mfqe(tmp_path / "src", tmp_path / "set", **FAST)
    assert coded == ["C"]
    changed = raw_clip(tmp_path / "src", 5, name="B", seed=9)
    os.utime(changed.path, (later + 10, later + 10))
    build_mfqe(tmp_path / "src", tmp_path / "set", **FAST)
    # the copy is as new as the clock of this test, which has not moved
    os.utime(folder / "raw" / "B_48x32_5.yuv", (later + 20, later + 20))
    build_mfqe(tmp_path / "src", tmp_path / "set", **FAST)
    assert coded.count("B") == 1 and coded[0] == "C"
    after = files(folder)
    assert all((after[k] == before[k]) == ("B_" not in k) for k in before if "manifest" not in k)


def test_a_file_that_was_removed_is_made_again(tmp_path):
    folder = build_mfqe(source(tmp_path), tmp_path / "set", **FAST)
    before = files(folder)
    (folder / STAND_IN / "QP37" / "A_48x32_5.yuv").unlink()
    (folder / STAND_IN / "QP37" / "B_48x32_5.265").unlink()
    build_mfqe(tmp_path / "src", tmp_path / "set", **FAST)
    assert files(folder) == before


def test_a_killed_build_goes_on(tmp_path):
    source(tmp_path, num_frames=60)
    code = (
        "import sys; from fca2_plugin.data import build_mfqe\n"
        "build_mfqe(sys.argv[1], sys.argv[2], qps=[37], progress=lambda *a: print(a, flush=True))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "src"), str(tmp_path / "set")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if "QP37 A" in line:
                time.sleep(0.05)
                process.send_signal(signal.SIGKILL)
                break
    coded = tmp_path / "set" / "test" / STAND_IN / "QP37"
    assert (coded / ".building.json").is_file() and not (coded / "manifest.json").exists()
    first = (coded / "A_48x32_60.yuv").stat().st_mtime_ns
    (coded / ".B_48x32_60.265.part").write_bytes(b"half")
    build_mfqe(tmp_path / "src", tmp_path / "set", qps=[37])
    assert (coded / "A_48x32_60.yuv").stat().st_mtime_ns == first
    whole = build_mfqe(tmp_path / "src", tmp_path / "again", qps=[37])
    assert files(whole) == files(tmp_path / "set" / "test")


@pytest.mark.parametrize("finished", [True, False])
def test_other_settings_and_versions_are_refused(tmp_path, monkeypatch, finished):
    folder = build_mfqe(source(tmp_path), tmp_path / "set", **FAST) / STAND_IN / "QP37"
    if not finished:
        (folder / "manifest.json").rename(folder / ".building.json")
    with pytest.raises(ValueError, match="QP37 was built with other arguments .preset was 'ultraf"):
        build_mfqe(tmp_path / "src", tmp_path / "set", qps=[37], preset="fast")
    (folder / "A_48x32_5.yuv").unlink()
    monkeypatch.setattr(mfqe_build, "library_versions", lambda codec: {"libx265": "x265 build 1"})
    with pytest.raises(ValueError, match="QP37 was built with other versions"):
        build_mfqe(tmp_path / "src", tmp_path / "set", **FAST)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"qps": []}, "qps is empty"),
        ({"qps": [50]}, "gives the QP 55"),
        ({"max_frames": 0}, "max_frames must be at least 1, got 0"),
    ],
)
def test_bad_arguments(tmp_path, kwargs, message):
    with pytest.raises(ValueError, match=message):
        build_mfqe(source(tmp_path), tmp_path / "set", **kwargs)
    assert not (tmp_path / "set").exists()


def test_bad_sources(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder or video .*none"):
        build_mfqe(tmp_path / "none", tmp_path / "set")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"empty contains no videos \(.yuv, .264"):
        build_mfqe(tmp_path / "empty", tmp_path / "set")
    shutil.copy(raw_clip(tmp_path / "src", 2, name="A").path, tmp_path / "src" / "A.mp4")
    with pytest.raises(ValueError, match="A.mp4 and A_48x32_2.yuv would both be the clip A"):
        build_mfqe(tmp_path / "src", tmp_path / "set")
    raw_clip(tmp_path / "set" / "test" / "raw", 3, name="A")
    raw_clip(tmp_path / "set" / "test" / "raw", 4, name="A")
    with pytest.raises(
        ValueError, match="raw contains A twice, in A_48x32_3.yuv and A_48x32_4.yuv"
    ):
        build_mfqe(tmp_path / "src" / "A_48x32_2.yuv", tmp_path / "set")


def test_a_size_that_x265_refuses_keeps_what_is_finished(tmp_path):
    source(tmp_path)
    raw_clip(tmp_path / "src", 2, 33, 48, name="C")
    with pytest.raises(ValueError, match="x265 cannot code .*C_48x33_2.yuv"):
        build_mfqe(tmp_path / "src", tmp_path / "set", **FAST)
    kept = files(tmp_path / "set" / "test" / STAND_IN)
    assert "QP37/B_48x32_5.yuv" in kept and not any("C_" in name for name in kept)
