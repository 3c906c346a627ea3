"""A checkpoint's pickle read without running what it says, alike in every version of torch.

``torch.load`` hands its pickles to ``SafePickle``, which knows the few functions and classes below
that a state dict is made of, and refuses a file that names any other.
"""

import collections
import importlib
import pickle
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import torch

__all__ = ["Known", "load_pickled"]

#: What a name in a file stands for: ``("module", "name")`` to the function or class.
Known = Mapping[tuple[str, str], Callable]


def _numpy_core() -> Any:
    core = "numpy._core" if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else "numpy.core"
    return importlib.import_module(f"{core}.multiarray")


class _Ignored:
    """Stands for a class of the training log, which is not read."""

    def __setstate__(self, state: object) -> None:
        pass


def _ignored_attribute(*args: object) -> None:
    """Stands for ``getattr`` in a checkpoint, which must not run."""


# The one list of what may be called while a checkpoint is read.
_KNOWN: Known = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "Counter"): collections.Counter,  # milestones of torch's schedulers
    ("collections", "defaultdict"): collections.defaultdict,
    ("builtins", "dict"): dict,
    ("builtins", "list"): list,
    ("builtins", "set"): set,
    ("builtins", "complex"): complex,
    ("_codecs", "encode"): __import__("_codecs").encode,  # bytes, as old protocols write them
    ("torch", "Size"): torch.Size,
    ("torch", "device"): torch.device,
    ("torch._utils", "_rebuild_tensor"): torch._utils._rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch._utils", "_rebuild_parameter"): torch._utils._rebuild_parameter,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    **{  # numpy 1 and numpy 2 write different paths
        (f"numpy.{core}.multiarray", name): getattr(_numpy_core(), name)
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    },
    # MMEngine's training log
    ("mmengine.logging.history_buffer", "HistoryBuffer"): _Ignored,
    ("builtins", "getattr"): _ignored_attribute,
}
_PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_LOAD_BUILD: Any = pickle._Unpickler.dispatch[pickle.BUILD[0]]


class _Unpickler(pickle._Unpickler):  # in Python: the one in C lets nobody see what is set
    known: Known = _KNOWN
    stack: list[Any]

    def find_class(self, module: str, name: str) -> object:
        module = _PYTHON_2.get(module, module)
        if (module, name) in self.known:
            return self.known[module, name]
        if module == "torch" and isinstance(found := vars(torch).get(name), torch.dtype):
            return found
        raise pickle.UnpicklingError(
            f"it names {module}.{name}, which does not belong in a state dict"
        )

    def load_build(self) -> None:
        if callable(self.stack[-2]):
            raise pickle.UnpicklingError("it changes a function or a class")
        _LOAD_BUILD(self)

    dispatch: ClassVar[dict[int, Any]] = {**pickle._Unpickler.dispatch, pickle.BUILD[0]: load_build}


def load_pickled(path: Path, known: Known | None = None) -> object:
    """Read what ``torch.save`` wrote, on the CPU.

    Args:
        path: The file.
        known: What further names stand for, or others of the list above.

    Raises:
        Exception: Of almost any kind, as the file is damaged.
    """
    _check_form(path)
    chosen = {**_KNOWN, **(known or {})}
    unpickler = type("Unpickler", (_Unpickler,), {"known": chosen})
    module = SimpleNamespace(
        __name__=__name__,
        Unpickler=unpickler,
        load=lambda file, **options: unpickler(file, **options).load(),
    )
    # the restricted module is what makes it safe; torch's own needs a list of the whole process
    return torch.load(path, map_location="cpu", pickle_module=module, weights_only=False)


def _check_form(path: Path) -> None:
    """Refuse the forms that torch reads by other means than this module's."""
    with path.open("rb") as file:
        is_zip = file.read(4) == b"PK\x03\x04"
    if is_zip:
        with zipfile.ZipFile(path) as archive:  # a file cut off has no list of contents
            if any(name.endswith("constants.pkl") for name in archive.namelist()):
                raise pickle.UnpicklingError(
                    "it is a TorchScript archive, which contains a program"
                )
    elif path.stat().st_size == 0:
        raise EOFError("it is empty")
    elif tarfile.is_tarfile(path):
        raise pickle.UnpicklingError(
            "it is a tar archive, an old format that torch no longer writes"
        )
