"""The deformable alignment of BasicSR's BasicVSR++ on machines without CUDA.

Breaks: nothing loudly. 40 of the 194 tensors are missing, the flows are never used, and a
checkpoint from a GPU does not load.
Why: the network leaves its alignment out, with a warning, where CUDA is missing. It runs on
torchvision's operator, which has a kernel for the CPU.
Does nothing: with CUDA.
"""

import functools
from unittest import mock

import torch

__all__ = ["apply"]


def apply() -> str | None:
    if torch.cuda.is_available():
        return None
    from basicsr.archs.basicvsrpp_arch import BasicVSRPlusPlus

    init = BasicVSRPlusPlus.__init__

    @functools.wraps(init)
    def init_with_alignment(self: torch.nn.Module, *args: object, **kwargs: object) -> None:
        with mock.patch.object(torch.cuda, "is_available", return_value=True):
            init(self, *args, **kwargs)

    BasicVSRPlusPlus.__init__ = init_with_alignment
    return "no CUDA here, where BasicVSR++ would leave out its deformable alignment"
