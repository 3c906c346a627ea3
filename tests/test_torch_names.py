"""What older releases of torch lack, on a torch that has been made one of them; how torch fails."""

import ast
import importlib
import runpy
import warnings
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import pytest
import torch

from fca2_plugin import _torch
from fca2_plugin._torch import is_out_of_memory, out_of_memory_said
from fca2_plugin.inference.settings import InferenceSettings

PACKAGE = Path(_torch.__file__).parent
#: What some supported release lacks; ``_torch`` alone asks for it.
NEWER = ("torch.compiler.is_compiling", "torch.compiler.set_stance")

#: What else one lacks, where it is reached only after a question: the export needs torch 2.6, and
#: torch asks to be told what is safe to load where it has a way to tell it.
ASKED_FOR = {"torch.export.Dim", "torch.serialization.add_safe_globals"}


def names_of_torch(source: str) -> Iterator[str]:
    """Every dotted name of torch or torchvision that a source file uses or imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        else:
            found = [ast.unparse(node)] if isinstance(node, ast.Attribute) else []
        yield from (one for one in found if one.partition(".")[0] in ("torch", "torchvision"))


def is_there(name: str) -> bool:
    """Whether this release has a name such as ``torch.nn.functional.pad``."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):  # a module that nobody imported is found as well
        try:
            module = importlib.import_module(".".join(parts[:end]))
            reduce(getattr, parts[end:], module)
        except (ImportError, AttributeError):
            continue
        return True
    return False


def test_this_torch_has_every_name_that_the_package_uses():
    """With the oldest versions (tools/run_tests.sh --oldest) this is where a newer name shows."""
    used = {
        name: path
        for path in PACKAGE.rglob("*.py")
        if ".mim" not in path.parts
        for name in names_of_torch(path.read_text(encoding="utf-8"))
        if name.replace("_", "").replace(".", "").isalnum()
    }
    assert len(used) > 100
    missing = {name: path for name, path in used.items() if not is_there(name)}
    assert {name: path for name, path in missing.items() if name not in ASKED_FOR} == {}
    assert not set(NEWER) & set(used)


@pytest.fixture
def older(monkeypatch):
    """The module as a torch without the newer names sees it."""
    for name in (one.rpartition(".")[2] for one in NEWER):
        monkeypatch.delattr(torch.compiler, name, raising=False)
    monkeypatch.setattr(torch.onnx, "export", lambda model, args, f: None)
    return runpy.run_path(_torch.__file__)


def test_nothing_is_compiling_where_torch_cannot_say(older):
    assert older["is_compiling"]() is False


def test_running_uncompiled_is_what_it_does_anyway(older):
    with older["uncompiled"]():
        assert torch.ones(2).sum() == 2


@pytest.mark.parametrize(
    ("check", "what"),
    [("check_can_compile", "compiling a network"), ("check_can_export", "the export to ONNX")],
)
def test_what_needs_a_newer_torch_says_so(older, check, what):
    with pytest.raises(ValueError, match=f"{what} needs torch 2.6 or newer, but"):
        older[check]()


def test_a_graph_knows_that_it_is_compiled():
    if not hasattr(torch.compiler, "is_compiling"):
        assert _torch.is_compiling() is False
        return
    assert _torch.is_compiling is torch.compiler.is_compiling


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.cuda.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("shapes do not fit"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_which_errors_mean_that_memory_ran_out(error, expected):
    assert is_out_of_memory(error) is expected


def test_running_out_of_memory_is_said():
    with pytest.raises(ValueError, match="try less"), out_of_memory_said("try less"):
        raise MemoryError
    with pytest.raises(RuntimeError, match="shapes"), out_of_memory_said("try less"):
        raise RuntimeError("shapes do not fit")


@pytest.mark.parametrize("supported", [False, True])
def test_bfloat16_that_a_cpu_emulates_warns(monkeypatch, supported):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: supported)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        InferenceSettings("cpu").find_device()
        assert not found
        InferenceSettings("cpu", "bf16").find_device()
    said = [str(one.message) for one in found if "no bfloat16 instructions" in str(one.message)]
    assert bool(said) is not supported
