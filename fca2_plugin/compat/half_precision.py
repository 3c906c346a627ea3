"""What the hosts' networks need in half precision, and on a GPU: positions in float32, made there.

bfloat16 counts to 256 and float16 to 2048, so that neighbouring pixels of a frame wider than that
lie on one another. BasicSR makes positions on the CPU and copies them to the GPU for every frame,
which makes the host wait and cannot be captured in a CUDA graph.
"""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

import torch
import torchvision  # noqa: F401 (registers torch.ops.torchvision)
from torch import Tensor

from fca2_plugin.ops.warp import flow_warp

__all__ = ["deform_in_float32", "replace_warp"]

HALVES = (torch.bfloat16, torch.float16)

_rules: list[torch.library.Library] = []  # a rule lasts as long as its library


def replace_warp(package: str, theirs: Callable[..., Tensor]) -> None:
    """Put ``ops.warp.flow_warp`` in the place of a host's own, wherever ``package`` has it.

    Its results in float32 are the same to the last bit. It counts positions in float32, on the
    device of what it warps, and takes half as many operations.
    """
    signature = inspect.signature(theirs)

    @functools.wraps(theirs)
    def warp(*args: Any, **kwargs: Any) -> Tensor:
        called = signature.bind(*args, **kwargs)
        called.apply_defaults()
        *ours, align_corners = called.args
        return flow_warp(*ours) if align_corners else theirs(*args, **kwargs)

    for name, module in list(sys.modules.items()):
        if name.startswith(f"{package}.") and vars(module).get("flow_warp") is theirs:
            vars(module)["flow_warp"] = warp


def deform_in_float32() -> None:
    """On a CPU, where torchvision has no bfloat16 kernel and no autocast rule as for CUDA."""
    if not _rules:
        # not torch.library.register_autocast, which is new in torch 2.6
        rules = torch.library.Library("torchvision", "IMPL")
        rules.impl("deform_conv2d", _deform_in_float32, "AutocastCPU")
        _rules.append(rules)


def _deform_in_float32(*arguments: object) -> Tensor:
    with torch.autocast("cpu", enabled=False):
        return torch.ops.torchvision.deform_conv2d(*map(_widened, arguments))


def _widened(argument: object) -> object:
    if isinstance(argument, Tensor) and argument.dtype in HALVES:
        return argument.float()
    return argument
