"""What some releases of torch from 2.1 on lack, asked for by name and never by version.

The only other place that knows of releases is how checkpoints are read (``checkpoints``).
"""

import contextlib
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch

__all__ = ["check_can_compile", "check_can_export", "is_compiling", "uncompiled"]

#: Whether a graph is being compiled or exported. Releases that cannot say are refused for both.
is_compiling: Callable[[], bool] = getattr(torch.compiler, "is_compiling", lambda: False)
_set_stance = getattr(torch.compiler, "set_stance", None)


def uncompiled() -> AbstractContextManager:
    """Inside, what was compiled runs operator by operator."""
    return contextlib.nullcontext() if _set_stance is None else _set_stance("force_eager")


def check_can_compile() -> None:
    """Make sure that parts of a network can be compiled.

    Raises:
        ValueError: This torch is too old.
    """
    if _set_stance is None:
        raise ValueError(_too_old("compiling a network"))


def check_can_export() -> None:
    """Make sure that a network with operators of torchvision can be written as ONNX.

    Raises:
        ValueError: This torch is too old.
    """
    if "custom_translation_table" not in inspect.signature(torch.onnx.export).parameters:
        raise ValueError(_too_old("the export to ONNX"))


def _too_old(what: str) -> str:
    return f"{what} needs torch 2.6 or newer, and this is {torch.__version__}; the rest works"
