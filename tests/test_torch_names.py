"""What older releases of torch lack, on a torch that has been made one of them."""

import runpy

import pytest
import torch

from fca2_plugin import _torch


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
