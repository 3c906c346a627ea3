"""What the package needs beside itself, and the line that installs what is missing.

``setup.py`` runs this file on its own for its requirements and extras, so it imports nothing of the
package.
"""

import functools
import importlib.util
import itertools
import operator
import re
import shutil
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

__all__ = [
    "ALONE",
    "EXTRAS",
    "REQUIRED",
    "install_line",
    "line_for_module",
    "misfit",
    "twins",
    "version_of",
]

# What comes in variants that own the same folder (opencv-python and opencv-python-headless, mmcv
# and mmcv-lite) is in none of these: pip would put a second one over the one that is there.
# The floors are those of constraints-oldest.txt.
REQUIRED = [
    "torch>=2.1",
    "torchvision>=0.16",
    "numpy>=1.23",
    "jinja2>=3.1",
    "pillow>=9.4",
    "rich>=13.4",
    "safetensors>=0.4",
]

EXTRAS = {
    # for an environment that has no OpenCV yet
    "opencv": ["opencv-python-headless"],
    # what MMagic, MMEngine and MMCV import for video networks
    "mmagic": [
        "addict",
        "click",
        "imageio",
        "matplotlib",
        "packaging",
        "pyyaml",
        "requests",
        "scipy",
        "setuptools",
        "tensorboard",
        "termcolor",
        "tqdm",
        "yapf",
    ],
    "basicsr": [
        "addict",
        "lmdb",
        "pyyaml",
        "requests",
        "scipy",
        "setuptools",
        "tensorboard",
        "tqdm",
        "wheel",
        "yapf",
    ],
    "video": ["av>=17.1,<19", "click", "platformdirs", "tqdm"],
    "lmdb": ["lmdb"],
    # the local page
    "serve": ["gradio>=6,<7"],
    # scikit-image for its photographs, matplotlib for the report
    "quickstart": ["matplotlib", "scikit-image"],
    # the exporter of torch writes with onnx and onnxscript; onnxruntime proves what it wrote
    "export": ["onnx", "onnxruntime", "onnxscript"],
    # LPIPS
    "evaluation": ["torchmetrics"],
    # a binary of ffmpeg, licensed GPL, with libvmaf
    "vmaf": ["imageio-ffmpeg"],
    # the documentation site
    "docs": ["furo", "myst-parser", "sphinx"],
    # nbclient and ipykernel run the notebooks
    "dev": [
        "codespell",
        "imageio-ffmpeg",
        "ipykernel",
        "mypy",
        "nbclient",
        "pytest",
        "pytest-xdist",
        "ruff",
        "torchmetrics",
    ],
}

#: What has to be installed without its own requirements, and so is in no extra.
ALONE = {
    # MMagic's requirements (diffusers, transformers, mediapipe, ... without upper bounds) break its
    # import today, and video restoration uses none of them. The other two ask for opencv-python.
    "mmagic": ["mmagic==1.2.0", "mmengine>=0.10.1,<0.11", "mmcv-lite>=2.0.1,<2.2"],
    # An isolated build of BasicSR downloads torch a second time.
    "basicsr": ["basicsr==1.4.2"],
    # It finds the cuts, and asks for opencv-python.
    "video": ["scenedetect"],
}

_MODULES = {
    "codespell": "codespell_lib",
    "mmcv-lite": "mmcv",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "pytest-xdist": "xdist",
    "pyyaml": "yaml",
    "scikit-image": "skimage",
}
_TABLE = {"required": REQUIRED, **EXTRAS}
_COMPARE = {"==": operator.eq, ">=": operator.ge, "<": operator.lt}
_KEPT = ("torch", "torchvision", "numpy")


def install_line(*extras: str) -> str:
    """The command that installs what is missing of ``extras`` into the environment that runs this.

    It changes nothing else: torch and numpy are named with the versions that are here, so that pip
    chooses what fits them. It names packages and never ``fca2_plugin[extra]``, which pip would look
    up in an index that does not have this package.

    Args:
        *extras: Names out of ``EXTRAS``, or ``required``.
    """
    with_their_own = [one for extra in extras for one in _TABLE[extra]]
    alone = [one for extra in extras for one in ALONE.get(extra, ())]
    wanted = list(filter(_is_missing, with_their_own + alone))
    if wanted:
        with_their_own = [one for one in with_their_own if one in wanted]
        alone = [one for one in alone if one in wanted]
    else:  # all of it is there, and one of them does not work
        alone = [one for one in alone if _name(one) != "mmcv-lite"]
    lines = []
    if with_their_own:
        lines.append(_with_kept(with_their_own))
    if alone:
        lines.append(_pip(["--no-deps", "--no-build-isolation", *alone]))
    line = " && ".join(lines)
    if any(map(_cannot_build, alone)):
        line += "  # its setup.py fails from Python 3.13 on; take a wheel that an older one built"
    return line


def line_for_module(module: str) -> str | None:
    """The command that installs a module that is not here; None where its package is not known."""
    requirements = itertools.chain.from_iterable(_TABLE.values())
    named = [one for one in requirements if _module(one) == module.partition(".")[0]]
    return _with_kept(named[:1]) if named else None


def misfit(module: str, extra: str) -> str | None:
    """What an extra asks of the package of ``module``, where another version of it is here."""
    package = module.partition(".")[0]
    asked = (one for one in _TABLE[extra] if _module(one) == package)
    return next((one for one in asked if not _fits(one)), None)


def twins(*distributions: str) -> str | None:
    """A sentence about those of ``distributions`` that are here, where more than one is.

    Args:
        *distributions: Variants of one package, which own the same folder.
    """
    here = [f"{name} {version_of(name)}" for name in distributions if version_of(name)]
    if len(here) < 2:
        return None
    return (
        f"{' and '.join(here)} install into the same folder and overwrite each other's files; "
        "uninstall all of them with pip, then install the one that you need"
    )


def version_of(distribution: str) -> str | None:
    """The version of an installed distribution; None for one that is not here."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _with_kept(requirements: list[str]) -> str:
    """The command of pip for ``requirements``, with what must not move."""
    named = set(map(_name, requirements))
    kept = [f"{name}=={version_of(name)}" for name in _KEPT if version_of(name)]
    return _pip([*dict.fromkeys(requirements), *(one for one in kept if _name(one) not in named)])


def _pip(arguments: Iterable[str]) -> str:
    found = shutil.which("python")
    here = Path(sys.executable)
    python = "python" if found and Path(found).parent == here.parent else str(here)
    pip = [python, "-m", "pip", "install"]
    if importlib.util.find_spec("pip") is None:  # as in a venv that uv made
        pip = ["uv", "pip", "install", "--python", str(here)]
    words = (*pip, *arguments)
    return " ".join(f'"{word}"' if set("<> ") & set(word) else word for word in words)


def _cannot_build(requirement: str) -> bool:
    return _name(requirement) == "basicsr" and sys.version_info >= (3, 13)


def _is_missing(requirement: str) -> bool:
    return importlib.util.find_spec(_module(requirement)) is None or not _fits(requirement)


@functools.cache
def _fits(requirement: str) -> bool:
    """Whether the version that is here is one that was asked for; so is one that nobody knows."""
    here = version_of(_name(requirement))
    return here is None or all(
        _COMPARE[sign](_numbers(here.partition("+")[0]), _numbers(version))
        for sign, version in re.findall(r"(==|>=|<)([\d.]+)", requirement)
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def _module(requirement: str) -> str:
    name = _name(requirement)
    return _MODULES.get(name, name.replace("-", "_"))


def _name(requirement: str) -> str:
    return requirement.partition("=")[0].rstrip("<>")
