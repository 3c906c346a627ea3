"""What older releases of torch lack, on a torch that has been made one of them; how torch fails."""

import runpy
import warnings

import pytest
import torch

from fca2_plugin import _torch
from fca2_plugin._torch import is_out_of_memory, out_of_memory_said
from fca2_plugin.inference.settings import InferenceSettings


@pytest.fixture
def older(monkeypatch):
    """The module as a torch without the newer names sees it."""
    for name in ("is_compiling", "set_stance"):
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
    with pytest.raises(ValueError, match=f"{what} needs torch 2.6 or newer, and this is"):
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
    said = [str(one.message) for one in found if "no instructions for bfloat16" in str(one.message)]
    assert bool(said) is not supported
