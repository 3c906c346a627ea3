"""The lines that install what is missing: they name what exists and change nothing else."""

import importlib.util
import sys
from pathlib import Path

import pytest

from fca2_plugin import _requirements
from fca2_plugin._requirements import ALONE, EXTRAS, install_line, line_for_module, twins

HERE = {"torch": "2.1.2+cu118", "torchvision": "0.16.2+cu118", "numpy": "1.26.4"}
PINS = "torch==2.1.2+cu118 torchvision==0.16.2+cu118 numpy==1.26.4"


@pytest.fixture
def environment(monkeypatch):
    """An environment with these modules alone, whose Python is the one on the PATH."""
    modules = {"pip"}
    find = importlib.util.find_spec
    monkeypatch.setattr(_requirements, "version_of", HERE.get)
    _requirements._fits.cache_clear()
    monkeypatch.setattr(sys, "executable", "/env/bin/python3.10")
    monkeypatch.setattr("shutil.which", lambda name: "/env/bin/python")
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: find("json") if name in modules else None
    )
    yield modules
    _requirements._fits.cache_clear()


def test_only_what_is_missing_is_named_and_torch_and_numpy_stay(environment):
    environment |= {"click", "platformdirs", "scenedetect"}
    assert install_line("video") == f'python -m pip install "av>=17.1,<19" tqdm {PINS}'


def test_hosts_come_without_their_own_requirements(environment):
    environment |= {_requirements._module(one) for one in EXTRAS["mmagic"]}
    assert install_line("mmagic") == (
        "python -m pip install --no-deps --no-build-isolation mmagic==1.2.0 "
        '"mmengine>=0.10.1,<0.11" "mmcv-lite>=2.0.1,<2.2"'
    )
    lines = install_line("basicsr").split(" && ")
    assert lines == [
        f"python -m pip install lmdb wheel {PINS}",
        "python -m pip install --no-deps --no-build-isolation basicsr==1.4.2",
    ]


def test_basicsr_cannot_be_built_by_a_new_python(environment, monkeypatch):
    environment |= {_requirements._module(one) for one in EXTRAS["basicsr"]}
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))
    assert "#" not in install_line("basicsr")
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    assert "# its setup.py fails from Python 3.13 on" in install_line("basicsr")


@pytest.mark.parametrize(
    ("version", "fits"),
    [("17.0.1", False), ("17.1.0", True), ("18.1.0+local", True), ("19.0.2", False), (None, True)],
)
def test_another_version_is_as_good_as_none(environment, monkeypatch, version, fits):
    environment |= {"av", "click", "platformdirs", "scenedetect"}
    monkeypatch.setattr(_requirements, "version_of", {**HERE, "av": version}.get)
    assert ('"av>=17.1,<19"' in install_line("video")) == (not fits)
    assert _requirements.misfit("av", "video") == (None if fits else "av>=17.1,<19")


def test_no_mmcv_goes_over_another(environment):
    environment.add("mmcv")
    assert "mmcv" not in install_line("mmagic")
    environment |= {_requirements._module(one) for one in EXTRAS["mmagic"] + ALONE["mmagic"]}
    assert "mmcv" not in install_line("mmagic")  # all there, and yet it does not work


def test_no_opencv_goes_over_another():
    names = [one for table in (EXTRAS, ALONE) for line in table.values() for one in line]
    names += _requirements.REQUIRED
    assert [one for one in names if "opencv" in one] == EXTRAS["opencv"]
    assert not [one for one in EXTRAS["mmagic"] + _requirements.REQUIRED if "mmcv" in one]


def test_a_python_that_is_not_on_the_path_is_written_out(environment, monkeypatch):
    environment |= {"click", "platformdirs", "scenedetect", "tqdm"}
    monkeypatch.setattr(sys, "executable", "/my envs/a/bin/python")
    assert install_line("video") == (
        f'"/my envs/a/bin/python" -m pip install "av>=17.1,<19" {PINS}'
    )


def test_an_environment_without_pip_is_installed_into_by_uv(environment):
    environment -= {"pip"}
    environment |= {"click", "platformdirs", "tqdm", "scenedetect"}
    assert install_line("video") == (
        f'uv pip install --python /env/bin/python3.10 "av>=17.1,<19" {PINS}'
    )


def test_a_missing_module_is_traced_to_its_package(environment):
    assert line_for_module("cv2") == f"python -m pip install opencv-python-headless {PINS}"
    assert line_for_module("skimage.data") == f"python -m pip install scikit-image {PINS}"
    assert line_for_module("torch") == (
        'python -m pip install "torch>=2.1" torchvision==0.16.2+cu118 numpy==1.26.4'
    )
    assert line_for_module("my_own_module") is None


def test_two_variants_of_a_package(monkeypatch):
    here = {"mmcv": "2.1.0"}
    monkeypatch.setattr(_requirements, "version_of", here.get)
    assert twins("mmcv", "mmcv-lite") is None
    here["mmcv-lite"] = "2.0.1"
    assert twins("mmcv", "mmcv-lite").startswith("mmcv 2.1.0 and mmcv-lite 2.0.1 install into")


def test_nothing_in_the_texts_sends_people_to_an_index_for_the_package():
    root = Path(__file__).parents[1]
    for folder, pattern in (("fca2_plugin", "*.py"), ("docs", "*.md"), (".", "README.md")):
        for path in (root / folder).rglob(pattern) if folder != "." else [root / pattern]:
            text = path.read_text(encoding="utf-8")
            assert "install fca2_plugin" not in text, path
            assert "install 'fca2_plugin" not in text and 'install "fca2_plugin' not in text, path


def test_every_floor_is_proved_by_the_oldest_environment():
    root = Path(__file__).parents[1]
    lines = (root / "constraints-oldest.txt").read_text(encoding="utf-8").splitlines()
    oldest = dict(line.split("==") for line in lines if "==" in line)
    tables = (_requirements.REQUIRED, EXTRAS["video"], *ALONE.values())
    floors = [one for table in tables for one in table]
    for name, _, rest in (one.partition(">=") for one in floors if ">=" in one):
        floor = rest.partition(",")[0]
        assert f"{oldest[name]}.".startswith(f"{floor}."), f"{name}: {oldest[name]}, not {floor}"
