"""How a network runs: device, precision and other settings that change its speed.

All code that runs a network uses these settings, so that compared networks run in the same way.
``prepare`` applies them.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fca2_plugin._suggest import check_choice

if TYPE_CHECKING:
    import torch

__all__ = ["DTYPES", "InferenceSettings"]

DTYPES = ("float32", "bfloat16", "float16")
SHORT = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16", "half": "float16"}


@dataclass(frozen=True)
class InferenceSettings:
    """How a network runs.

    Args:
        device: A device of torch; by default a GPU if there is one.
        dtype: Type of the convolutions: ``float32``, ``bfloat16`` (``bf16``) or ``float16``
            (``fp16``).
            Weights, optical flow, warping and deformable convolution stay in float32.
        channels_last: Keep the channels of a pixel together in memory; always done on a CPU.
        compile: Compile the parts that a network calls for every frame with ``torch.compile``,
            which takes minutes.
        cuda_graphs: Replay the launches of a whole pass; for clips of one shape, on a GPU.

    Raises:
        ValueError: The type is unknown, or settings contradict each other.

    Example:
        >>> InferenceSettings("cpu", dtype="bf16").dtype
        'bfloat16'
    """

    device: str | None = None
    dtype: str = "float32"
    channels_last: bool = False
    compile: bool = False
    cuda_graphs: bool = False

    def __post_init__(self) -> None:
        dtype = check_choice("dtype", SHORT.get(self.dtype, self.dtype), DTYPES)
        object.__setattr__(self, "dtype", dtype)
        if str(self.device).startswith("cpu"):
            if self.dtype == "float16":
                raise ValueError("float16 is for GPUs; expected float32 or bfloat16 on a CPU")
            if self.cuda_graphs:
                raise ValueError(
                    "CUDA graphs need a GPU, but the device is the CPU; leave them out"
                )

    def find_device(self) -> "torch.device":
        """Return the device; with ``torchrun``, each process takes its own GPU.

        Raises:
            ValueError: The device does not exist, or does not support the settings.
        """
        import torch  # takes seconds, and a command line is checked before

        from fca2_plugin._gpu import warn_of_unseen_gpu
        from fca2_plugin._torch import warn_of_emulated_bfloat16

        name = self.device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            device = torch.device(name)
            if self.device is None and device.type == "cuda":
                place = int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count()
                device = torch.device("cuda", place)
            torch.zeros(1, device=device)
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            there = "cpu or cuda" if torch.cuda.is_available() else "cpu (torch sees no GPU)"
            raise ValueError(
                f"device {str(name)!r} cannot be used here; expected {there}"
            ) from error
        if self.device is None:  # now it is known
            InferenceSettings(device.type, self.dtype, cuda_graphs=self.cuda_graphs)
            warn_of_unseen_gpu()
        warn_of_emulated_bfloat16(device, getattr(torch, self.dtype))
        return device

    @property
    def warmup(self) -> int:
        """Number of passes to run before measuring times."""
        return int(self.compile or self.cuda_graphs)

    @property
    def text(self) -> str:
        """Human-readable summary without the device: ``bfloat16, channels last``."""
        flags = {
            "channels last": self.channels_last,
            "compiled": self.compile,
            "CUDA graphs": self.cuda_graphs,
        }
        return ", ".join([self.dtype, *(name for name, is_on in flags.items() if is_on)])
