"""The wheel, installed in a folder outside the repository, and the source archive."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fca2_plugin.codec import CodecSettings, read_video, write_video
from tests.conftest import require_host
from tests.docs.pages import make_demo

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A copy of the repository, since a build leaves files where it runs."""
    copy = tmp_path_factory.mktemp("wheel") / "source"
    copy.mkdir()
    for name in (".ci", "configs", "docs", "fca2_plugin", "tests", "tools"):
        junk = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=junk)
    for pattern in ("*.py", "*.toml", "*.yml", "*.txt", "*.md", "*.in", "LICENSE"):
        for path in ROOT.glob(pattern):
            shutil.copy(path, copy)
    return copy


@pytest.fixture(scope="module")
def wheel(source) -> Path:
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", source.parent)
    run(sys.executable, "-m", "pip", "wheel", *options, source, cwd=source.parent)
    return next(source.parent.glob("fca2_plugin-*.whl"))


@pytest.fixture(scope="module")
def site(wheel) -> Path:
    """Where the wheel is installed; everything else comes from the environment of the tests."""
    folder = wheel.parent / "site"
    options = ("--quiet", "--no-deps", "--no-index", "--target", folder)
    run(sys.executable, "-m", "pip", "install", *options, wheel, cwd=wheel.parent)
    return folder


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Path:
    """Where commands run: not in the repository. Few demo clips are there."""
    folder = tmp_path_factory.mktemp("elsewhere")
    make_demo(folder / "data" / "demo")
    return folder


@pytest.fixture(scope="module")
def python(site, elsewhere):
    """Runs the Python of the tests elsewhere, with the installed wheel first."""

    def call(*arguments: str | Path) -> str:
        environment = {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
        return run(sys.executable, "-W", "ignore", *arguments, cwd=elsewhere, **environment)

    where = call("-c", "import fca2_plugin; print(fca2_plugin.__file__)")
    assert Path(where.strip()).parents[1] == site
    return call


def test_it_asks_for_nothing_that_comes_in_variants(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(one for one in archive.namelist() if one.endswith("/METADATA"))
        text = archive.read(name).decode()
    always = re.findall(r"^Requires-Dist: ([\w-]+)[^;\n]*$", text, re.MULTILINE)
    needed = "jinja2 numpy pillow rich safetensors torch torchvision"
    assert sorted(always) == needed.split()
    assert not re.search(r"^Requires-Dist: (mm|opencv-python\b(?!-headless))", text, re.MULTILINE)


def test_it_holds_every_config_and_launcher_where_mim_looks(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("configs", "tools"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix != ".pyc":
                assert f"fca2_plugin/.mim/{path.relative_to(ROOT).as_posix()}" in names
    assert "fca2_plugin/.mim/model-index.yml" in names


def test_the_source_archive_holds_pictures_and_tests_that_run(source):
    run(sys.executable, "setup.py", "-q", "sdist", "-d", source.parent, cwd=source)
    with tarfile.open(next(source.parent.glob("fca2_plugin-*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        archive.extractall(source.parent / "unpacked", filter="data")
    for folder in ("configs", "docs", "fca2_plugin", "tests", "tools"):
        for path in (source / folder).rglob("*"):
            if path.is_file():
                assert path.relative_to(source).as_posix() in names
    assert {"constraints.txt", "constraints-oldest.txt", "pyproject.toml", ".ci/run"} <= names
    sample = ("ops/test_grouping.py", "test_config_names.py", "test_requirements.py")
    unpacked = next((source.parent / "unpacked").iterdir())
    pytest_ = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    assert " passed" in run(*pytest_, *sample, cwd=unpacked / "tests", PYTHONPATH="")


@pytest.mark.mmagic
@pytest.mark.basicsr
def test_doctor(python, elsewhere):
    require_host("mmagic")
    require_host("basicsr")
    python("-m", "fca2_plugin.cli", "doctor", "--json", "doctor.json")
    findings = json.loads((elsewhere / "doctor.json").read_text())
    assert {one["name"]: one["works"] for one in findings if one["name"] != "python"} == {
        name: True for name in ("torch", "opencv", "video", "mmagic", "basicsr")
    }


def test_upscale(python, elsewhere):
    frames = list(np.random.default_rng(0).integers(0, 255, (4, 32, 48, 3), np.uint8))
    write_video(elsewhere / "in.mp4", frames, CodecSettings(crf=20, pix_fmt="yuv420p", fps=25))
    python("-m", "fca2_plugin.cli", "upscale", "in.mp4", "out.mp4")
    assert [one.shape for one in read_video(elsewhere / "out.mp4")] == [(128, 192, 3)] * 4


@pytest.mark.mmagic
def test_train_validate_and_resume_on_mmagic(python, elsewhere):
    require_host("mmagic")
    (elsewhere / "mine.py").write_text(
        "_base_ = 'fca2_plugin::mmagic/tiny/tiny_basicvsr.py'\n"
        "train_cfg = dict(max_iters=2, val_interval=2)\n"
        "default_hooks = dict(checkpoint=dict(interval=2))\n"
        "train_dataloader = dict(num_workers=0, persistent_workers=False)\n"
    )
    train = ("-m", "fca2_plugin.mmagic.train", "mine.py")
    python(*train)
    run_folder = elsewhere / "work_dirs" / "mine"
    assert (run_folder / "iter_2.pth").is_file()
    python(*train, "--resume", "--cfg-options", "train_cfg.max_iters=4")
    assert (run_folder / "iter_4.pth").is_file()
    logs = "".join(path.read_text() for path in sorted(run_folder.rglob("*.log")))
    assert logs.count("PSNR:") == 2  # after 2 iterations and after 4
    assert "resumed epoch: 0, iter: 2" in logs


@pytest.mark.basicsr
def test_train_validate_and_resume_on_basicsr(python, elsewhere):
    require_host("basicsr")
    options = ("train.total_iter=2", "val.val_freq=2", "logger.save_checkpoint_freq=2")
    workers = "datasets.train.num_worker_per_gpu=0"
    train = ("-m", "fca2_plugin.basicsr.train", "fca2_plugin::basicsr/tiny/tiny_basicvsr.yml")
    python(*train, "--cfg-options", *options, workers)
    run_folder = elsewhere / "experiments" / "tiny_basicvsr"
    assert (run_folder / "models" / "net_g_2.pth").is_file()
    options = ("train.total_iter=4", *options[1:])
    python(*train, "--resume", "--cfg-options", *options, workers)
    assert (run_folder / "models" / "net_g_4.pth").is_file()
    logs = "".join(path.read_text() for path in sorted(run_folder.glob("*.log")))
    assert logs.count("# psnr:") == 4  # BasicSR validates once more at the end of a run
    assert "Resuming training from epoch: 0, iter: 2" in logs
