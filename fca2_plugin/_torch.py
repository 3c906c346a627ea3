"""Features that some releases of torch from 2.1 on lack, looked up by name and never by version.

The only other place that knows of releases is how checkpoints are read (``checkpoints``).
"""

import contextlib
import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import torch

__all__ = [
    "check_can_compile",
    "check_can_export",
    "is_compiling",
    "is_out_of_memory",
    "out_of_memory_said",
    "uncompiled",
    "warn_of_emulated_bfloat16",
]

# of CUDA and of torch on a CPU; libraries of a GPU have words of their own
_NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
)

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


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a GPU or one of its libraries, or torch or Python on a CPU, had no more memory."""
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error) for text in _NO_MEMORY)


@contextlib.contextmanager
def out_of_memory_said(sentence: str) -> Iterator[None]:
    """Say what to do where memory runs out.

    Raises:
        ValueError: It did.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise ValueError(sentence) from error


def warn_of_emulated_bfloat16(device: torch.device, dtype: torch.dtype | None) -> None:
    """Warn where bfloat16 runs on a CPU that computes it from float32, many times slower."""
    if device.type != "cpu" or dtype != torch.bfloat16:
        return
    has_library = torch.backends.mkldnn.is_available()
    if not (has_library and torch.ops.mkldnn._is_mkldnn_bf16_supported()):
        warnings.warn(
            "this CPU has no bfloat16 instructions, so bfloat16 takes many times as long as "
            "float32; use float32 (fp32)",
            stacklevel=3,
        )


def _too_old(what: str) -> str:
    return (
        f"{what} needs torch 2.6 or newer, but {torch.__version__} is installed; everything else "
        "works"
    )
