"""Loading MMEngine's own checkpoints safely, with any torch.

Breaks: ``--resume`` with ``UnpicklingError: Weights only load failed``; or a file that runs code.
Why: since torch 2.6 ``torch.load`` accepts only tensors and plain containers, and MMEngine's
checkpoints also hold its HistoryBuffers, whose content is numpy arrays. Before, it accepts, and
runs, everything.
Here: MMEngine's loaders of local files and addresses read with this package's unpickler. Since
torch 2.6 exactly those types are allowed in ``torch.load``, too, for scripts that call it.
"""

import pickle
from typing import Any

import numpy as np
import torch
from mmengine.dist import barrier, is_main_process
from mmengine.logging.history_buffer import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader

from fca2_plugin.checkpoints import find_checkpoint, read_content

__all__ = ["apply"]

_DTYPES = ("f2", "f4", "f8", "i4", "i8", "u1", "?")


def apply() -> str | None:
    for prefixes, loader in (("", load_from_local), (("http://", "https://"), load_from_http)):
        CheckpointLoader.register_scheme(prefixes, loader, force=True)
    if tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 6):
        _allow()
    return (
        f"torch {torch.__version__} loads MMEngine's message history only when it is declared safe"
    )


def load_from_local(filename: str, map_location: object = None, **unused: object) -> object:
    """As MMEngine's; on the CPU, from where the weights go into the model."""
    content = read_content(filename, _KNOWN)
    if isinstance(content, dict) and isinstance(content.get("meta"), dict):
        content["meta"].pop("config", None)  # MMEngine would run it as a program
    return content


def load_from_http(filename: str, map_location: object = None, **unused: object) -> object:
    """As MMEngine's; one process downloads."""
    if is_main_process():
        find_checkpoint(filename)
    barrier()
    return load_from_local(filename)


def _history_method(owner: object, name: str) -> object:
    """What ``getattr`` may do in a checkpoint: name a public method of HistoryBuffer.

    HistoryBuffer pickles references to its statistics as ``getattr(HistoryBuffer, 'mean')``.
    Allowing the real ``getattr`` would undo the protection.
    """
    if owner is HistoryBuffer and not name.startswith("_"):
        return getattr(HistoryBuffer, name)
    raise pickle.UnpicklingError(f"refused getattr({owner!r}, {name!r}) while reading a checkpoint")


_KNOWN = {
    ("mmengine.logging.history_buffer", "HistoryBuffer"): HistoryBuffer,
    ("builtins", "getattr"): _history_method,
}


def _allow() -> None:
    array = np.zeros(1)
    # Taken from what pickle itself names, since their module moved between numpy 1 and 2.
    reconstruct, scalar = array.__reduce__()[0], array[0].__reduce__()[0]
    allowed: list = [HistoryBuffer, np.ndarray, np.dtype, np.float32, np.float64, np.int64]
    allowed += [type(np.dtype(name)) for name in _DTYPES]
    functions: tuple[Any, Any] = (reconstruct, scalar)
    for function in functions:
        for module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            allowed.append((function, f"{module}.{function.__name__}"))
    allowed.append((_history_method, "builtins.getattr"))
    torch.serialization.add_safe_globals(allowed)
