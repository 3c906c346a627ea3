"""Every public entry of the API has an example, which gives what its docstring shows."""

import doctest
import importlib
import inspect
import re
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest
import torch

import fca2_plugin
from fca2_plugin.codec import CodecSettings, write_video
from tests.conftest import require_host
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
LISTED = re.findall(r"^\.\. entries:: (\S+)\n(?:\n((?:   .+\n)+))?", PAGE, re.MULTILINE)
HOST = {"FCA2Net": "mmagic", "FCA2Wrapper": "mmagic"}


def entries():
    """The package and what the reference lists: by name, or all that a package offers."""
    for package, names in [("fca2_plugin", ""), *LISTED]:
        offered = names.split() or importlib.import_module(package).__all__
        yield from {f"{package}.{name}": None for name in offered}


def find(path):
    module, _, name = path.rpartition(".")
    return inspect.unwrap(getattr(importlib.import_module(module), name))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where an example runs: a folder with a short video."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    start = rng.integers(0, 256, (32, 48, 3), np.uint8)
    frames = [np.ascontiguousarray(start[:, 2 * i : 2 * i + 40]) for i in range(4)]
    write_video("in.mp4", frames, CodecSettings(crf=20, pix_fmt="yuv420p"))


@pytest.mark.parametrize("path", sorted(set(entries())))
def test_a_public_entry_has_an_example_that_runs(path, folder):
    name = path.rpartition(".")[2]
    if name in HOST:
        require_host(HOST[name])
    found = find(path)
    if not isinstance(found, (type, FunctionType)):
        return  # a table or a constant
    module = vars(inspect.getmodule(found))
    given = {**module, "np": np, "torch": torch, "Path": Path}
    finder = doctest.DocTestFinder(recurse=False)
    (test,) = finder.find(found, name, globs=given)
    assert test.examples, f"{path} has no example; add one to its docstring"
    told: list[str] = []
    doctest.DocTestRunner().run(test, out=told.append)
    assert not told, "".join(told)


def test_the_reference_lists_what_the_packages_offer():
    packages = [package for package, names in LISTED if not names]
    assert {"fca2_plugin.nets", "fca2_plugin.data", "fca2_plugin.codec"} <= set(packages)
    assert set(fca2_plugin.__all__) - set(HOST) - {"__version__"} == {"wrap"}
