"""Several videos: a bad one does not end the others, and processes share them."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from fca2_plugin._files import Busy, locked
from fca2_plugin.apps.upscale.files import pair_files
from fca2_plugin.cli import main
from tests.apps.upscale.films import film, picture, times
from tests.docs.pages import ROOT, blocks

COMMON = ["--weights", "bicubic", "--speed", "ultrafast", "--no-cuts", "--tile", "0"]
COMMON += ["--chunk", "4"]  # nothing to measure


def fca2(*arguments):
    return main(["upscale", *map(str, arguments), *COMMON])


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "films"
    found.mkdir()
    film(found / "a.mp4", 2)
    (found / "b.mp4").write_text("no video")
    film(found / "c.mkv", 2)
    return found


def test_a_bad_file_does_not_end_the_others(tmp_path, folder, capsys):
    out, log = tmp_path / "out", tmp_path / "log.txt"
    assert fca2(folder, out, "--log", log) == 1
    assert sorted(path.name for path in out.iterdir()) == ["a.mp4", "c.mkv"]
    said = capsys.readouterr().out
    assert f"{out / 'a.mp4'}: 2 frames of 256x192" in said
    assert f"{folder / 'b.mp4'}: failed: {folder / 'b.mp4'} is not a video" in said
    assert "2 of 3 videos are done, 1 failed:\n" in said
    lines = log.read_text().splitlines()
    assert all(line[:4].isdigit() and line[13] == ":" for line in lines)
    assert sum("b.mp4: failed" in line for line in lines) == 1

    before = (out / "a.mp4").stat().st_mtime_ns
    film(folder / "b.mp4", 2)  # mended
    assert fca2(folder, out) == 0
    assert (out / "a.mp4").stat().st_mtime_ns == before  # only what was left was done
    assert len(times(out / "b.mp4")) == 2
    assert "all 3 videos are done" in capsys.readouterr().out


def test_programs_and_the_quiet_hear_of_failures(tmp_path, folder, capsys):
    assert fca2(folder, tmp_path / "out", "--json-lines") == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["source"] for line in lines if line["event"] == "failure"] == [
        str(folder / "b.mp4")
    ]
    assert lines[-1]["event"] == "summary"
    assert (lines[-1]["total"], list(lines[-1]["failed"])) == (3, [str(folder / "b.mp4")])
    assert fca2(folder, tmp_path / "out", "--quiet") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "b.mp4: failed" in said.err


def test_subfolders_and_patterns(tmp_path, folder):
    inner = folder / "season" / "one"
    inner.mkdir(parents=True)
    (inner / "d.vob").touch()
    (inner / ".hidden.mp4").touch()
    (folder / "c.avi").touch()
    (folder / "notes.txt").touch()
    out = folder / "large"  # results in the folder itself are no sources
    out.mkdir()
    (out / "a.mp4").touch()
    assert [target.name for _, target in pair_files([folder], out)] == [
        "a.mp4",
        "b.mp4",
        "c.avi.mkv",  # c.mkv is there, too
        "c.mkv",
    ]
    names = [str(target.relative_to(out)) for _, target in pair_files([folder], out, None, True)]
    assert names == ["a.mp4", "b.mp4", "c.avi.mkv", "c.mkv", "season/one/d.mkv"]
    assert [s.name for s, _ in pair_files([folder], out, "*.txt")] == ["notes.txt"]
    with pytest.raises(ValueError, match=r"films contains no file like \*.xyz"):
        pair_files([folder], out, "*.xyz", True)
    for choice in (("*.mp4", False), (None, True)):
        with pytest.raises(ValueError, match="pattern and recursive are for folders, and .*a.mp4"):
            pair_files([folder / "a.mp4"], out, *choice)
    with pytest.raises(ValueError, match="one.png is the name of one file; give a folder for 4"):
        pair_files([folder], tmp_path / "one.png")


@pytest.mark.parametrize("ending", "wmv mpg vob m2ts mts flv gif 3gp ogv avi ts mxf dv".split())
def test_videos_of_every_ending_count(tmp_path, ending):
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / f"a.{ending}").touch()
    assert pair_files([folder], tmp_path / "out") == [
        (folder / f"a.{ending}", tmp_path / "out" / "a.mkv")
    ]


def test_a_dry_run_makes_no_folder(tmp_path, folder, capsys):
    frames = tmp_path / "frames"
    frames.mkdir()
    Image.fromarray(picture(0, 48, 64)).save(frames / "1.png")
    before = sorted(tmp_path.rglob("*"))
    for source in (folder / "a.mp4", frames):
        for name in ("out.mp4", "%05d.png"):
            assert fca2(source, tmp_path / "new" / "deep" / name, "--dry-run") == 0
    assert fca2(folder / "a.mp4", tmp_path / "out.png", "--dry-run", "--still", "0") == 2
    assert "leave it out for a still" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_lock_is_free_when_its_owner_is_gone(tmp_path):
    lock = tmp_path / ".x.lock"
    hold = (
        "import sys, time; from pathlib import Path; from fca2_plugin._files import locked\n"
        "with locked(Path(sys.argv[1]), 'x'): print(flush=True); time.sleep(99)"
    )
    owner = subprocess.Popen([sys.executable, "-c", hold, str(lock)], stdout=subprocess.PIPE)
    owner.stdout.readline()
    with pytest.raises(Busy, match="another process is writing to x"), locked(lock, "x"):
        pass
    owner.kill()
    owner.wait()
    assert lock.exists()
    with locked(lock, "x"):
        pass
    assert not lock.exists()


def test_the_script_for_slurm(tmp_path, warm):
    """As Slurm starts it, several times at once, in folders like those of the page."""
    (script,) = [block for block in blocks(ROOT / "docs" / "batches.md") if block.file]
    (tmp_path / script.file).write_text(script.text)
    (tmp_path / "films" / "inner").mkdir(parents=True)
    for name in ("a", "inner/b", "inner/c"):
        film(tmp_path / "films" / f"{name}.mp4", 8)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "srun").write_text('#!/bin/sh\nexec "$@"\n')
    command = f'exec "{warm}" -m fca2_plugin.cli "$@" {" ".join(COMMON)}'
    (programs / "fca2").write_text(f"#!/bin/sh\n{command}\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    package = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    tasks = [
        subprocess.Popen(
            ["bash", script.file],
            cwd=tmp_path,
            env={**os.environ, "PATH": path, "PYTHONPATH": package, "SLURM_ARRAY_TASK_ID": task},
            stdout=subprocess.DEVNULL,
        )
        for task in "01"
    ]
    assert [task.wait(timeout=300) for task in tasks] == [0, 0]
    found = [path for path in (tmp_path / "large").rglob("*") if path.is_file()]
    assert sorted(path.name for path in found) == ["a.mp4", "b.mp4", "c.mp4"]
    logs = [(tmp_path / "logs" / f"{task}.log").read_text() for task in "01"]
    assert all("all 3 videos are done" in log for log in logs)
    for name in "abc":  # each was made once
        assert sum(f"{name}.mp4: 8 frames" in log for log in logs) == 1


def test_processes_share_a_folder_and_take_over_from_one_that_is_killed(tmp_path):
    folder, out = tmp_path / "films", tmp_path / "out"
    folder.mkdir()
    for name in "abcd":
        film(folder / f"{name}.mp4", 40)
    command = [sys.executable, "-W", "ignore", "-m", "fca2_plugin.cli", "upscale"]
    command += [str(folder), str(out), "--json-lines", "--segment", "4", *COMMON]
    environment = {**os.environ, "RANK": "1", "WORLD_SIZE": "2"}  # as torchrun would start one

    def start():
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    jobs = [start(), start()]
    while not list(out.glob(".*.upscale/segment-*.mkv")):
        time.sleep(0.02)
        assert jobs[0].poll() is None
    victim = jobs.pop(0)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    (said, _) = jobs[0].communicate(timeout=300)
    assert jobs[0].returncode == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]
    assert all(len(times(path)) == 40 for path in out.iterdir())
    assert json.loads(said.splitlines()[-1]) == {"event": "summary", "total": 4, "failed": {}}
