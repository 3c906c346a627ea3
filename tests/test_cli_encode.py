"""``fca2 encode``: the command line, its defaults, and what it says."""

import json

import pytest

from fca2_plugin import cli
from fca2_plugin.data import write_frames
from tests.codec.footage import moving_clip
from tests.conftest import require_host

require_host("av")


@pytest.fixture
def source(tmp_path):
    for index in range(2):
        write_frames(tmp_path / "src" / f"clip{index}", moving_clip(3, 64, 64, seed=index))
    return str(tmp_path / "src")


def encode(*arguments):
    return cli.main(["encode", *arguments, "--jobs", "1"])


def kinds(root):
    return sorted(path.name for path in root.iterdir() if path.is_dir())


def test_the_published_data(source, tmp_path, capsys):
    root = tmp_path / "dst"
    line = [source, str(root), "--degradation", "comisr", "--codec", "x264"]
    line += ["--crf", "15", "25", "35"]
    assert encode(*line) == 0
    assert kinds(root) == ["gt", "lq", "lq_crf15", "lq_crf25", "lq_crf35"]
    said = capsys.readouterr().out
    assert "folders of frames: 2 clips of 6 frames, 10 folders written" in " ".join(said.split())
    assert "kb/s at 10 fps" in said
    assert encode(*line) == 0
    assert "is complete (2 clips); there is nothing to do" in " ".join(
        capsys.readouterr().out.split()
    )
    assert cli.main(["encode", "--verify", str(root)]) == 0
    assert "10 folders; all checksums are right" in " ".join(capsys.readouterr().out.split())
    assert encode(*line[:-4], "--crf", "20") == 2
    assert "was built with other arguments (codecs was" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected", "pix_fmt"),
    [
        (["--codec", "none"], [], None),
        (["--qp", "30", "--crf", "20"], ["lq_crf20", "lq_x264-qp30"], "yuv444p"),
        (["--codec", "x265", "--qp", "37"], ["lq_x265-qp37"], "yuv420p"),
        (["--codec", "x265", "--crf", "30", "--pix-fmt", "yuv444p"], ["lq_x265-crf30"], "yuv444p"),
        (["--codec", "vp9", "av1", "--speed", "8"], ["lq_av1", "lq_vp9"], "yuv420p"),
        (["--codec", "vp9", "--bitrate", "0.1", "--fps", "25"], ["lq_vp9-bpp0.1"], "yuv420p"),
        (["--degradation", "none", "--crf", "25"], ["lq_crf25"], "yuv444p"),
        (["--clips", "clip1", "--no-gt", "--scale", "2", "--crf", "9"], ["lq_crf9"], "yuv444p"),
    ],
)
def test_options(source, tmp_path, arguments, expected, pix_fmt):
    root = tmp_path / "dst"
    assert encode(source, str(root), *arguments, "--quiet") == 0
    gt = [] if "--no-gt" in arguments else ["gt"]
    assert kinds(root) == sorted([*gt, "lq", *expected])
    settings = json.loads((root / "manifest.json").read_text())["arguments"]["codecs"]
    assert {value["pix_fmt"] for value in settings.values()} == ({pix_fmt} - {None})


def test_lmdb_split_and_bitstreams(source, tmp_path):
    root = tmp_path / "dst"
    options = ["--split", "test", "--format", "lmdb", "--keep-bitstreams", "--crf", "25"]
    assert encode(source, str(root), *options, "--quiet") == 0
    assert kinds(root / "test") == ["bitstreams", "gt.lmdb", "lq.lmdb", "lq_crf25.lmdb"]


def test_quiet_says_nothing(source, tmp_path, capsys):
    assert encode(source, str(tmp_path / "dst"), "--crf", "25", "--quiet") == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--codec", "vp9", "--crf", "25"],
            "--crf needs the codec x264 or x265; add one of them to",
        ),
        (["--codec", "av1", "--qp", "25"], "--qp needs the codec x264 or x265"),
        (["--bitrate", "0.1"], "--bitrate needs the codec vp9 or av1"),
        (["--codec", "x265"], "x265 has no published rates; give --crf or --qp"),
        (["--crf", "99"], "crf must be a whole number from 0 to 51, got 99"),
        (["--pix-fmt", "yuv422p"], "unknown pix_fmt 'yuv422p'"),
        (["--degradation", "comsir"], "unknown degradation 'comsir'"),
    ],
)
def test_bad_lines_are_one_sentence(source, tmp_path, capsys, arguments, message):
    assert encode(source, str(tmp_path / "dst"), *arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "dst").exists()


def test_one_path_is_too_few(source, capsys):
    assert encode(source) == 2
    assert "is a single path; give a source and a destination" in capsys.readouterr().err
