"""Loading MMEngine's own checkpoints with torch's safe loader.

Breaks: ``--resume`` with ``UnpicklingError: Weights only load failed``.
Why: since torch 2.6 ``torch.load`` accepts only tensors and plain containers. MMEngine's
checkpoints also hold its HistoryBuffers, whose content is numpy arrays.
Here: exactly those types are allowed; the protection stays on.
Does nothing: before torch 2.6, where ``torch.load`` accepts everything.
"""

import inspect
import pickle

import numpy as np
import torch
from mmengine.logging.history_buffer import HistoryBuffer

__all__ = ["apply"]

_DTYPES = ("f2", "f4", "f8", "i4", "i8", "u1", "?")


def apply() -> str | None:
    if inspect.signature(torch.load).parameters["weights_only"].default is False:
        return None
    array = np.zeros(1)
    # Taken from what pickle itself names, since their module moved between numpy 1 and 2.
    reconstruct, scalar = array.__reduce__()[0], array[0].__reduce__()[0]
    allowed: list = [HistoryBuffer, np.ndarray, np.dtype, np.float32, np.float64, np.int64]
    allowed += [type(np.dtype(name)) for name in _DTYPES]
    for function in (reconstruct, scalar):
        for module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            allowed.append((function, f"{module}.{function.__name__}"))
    allowed.append((_history_method, "builtins.getattr"))
    torch.serialization.add_safe_globals(allowed)
    return f"torch {torch.__version__} loads MMEngine's message history only if told it is safe"


def _history_method(owner: object, name: str) -> object:
    """What ``getattr`` may do in a checkpoint: name a public method of HistoryBuffer.

    HistoryBuffer pickles references to its statistics as ``getattr(HistoryBuffer, 'mean')``.
    Allowing the real ``getattr`` would undo the protection.
    """
    if owner is HistoryBuffer and not name.startswith("_"):
        return getattr(HistoryBuffer, name)
    raise pickle.UnpicklingError(f"refused getattr({owner!r}, {name!r}) while reading a checkpoint")
