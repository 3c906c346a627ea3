"""What the hosts' networks need in half precision: positions in float32.

bfloat16 counts to 256 and float16 to 2048, so that neighbouring pixels of a frame wider than that
lie on one another.
"""

import functools
import sys
from collections.abc import Callable

import torch
import torchvision  # noqa: F401 (registers torch.ops.torchvision)
from torch import Tensor

__all__ = ["deform_in_float32", "warp_in_float32"]

HALVES = (torch.bfloat16, torch.float16)

_rules: list[torch.library.Library] = []  # a rule lasts as long as its library


def warp_in_float32(package: str, flow_warp: Callable[..., Tensor]) -> None:
    """Put in place of ``flow_warp``, wherever ``package`` has it, one that computes in float32."""

    @functools.wraps(flow_warp)
    def wide(x: Tensor, flow: Tensor, *args: object, **kwargs: object) -> Tensor:
        if x.dtype not in HALVES and flow.dtype not in HALVES:
            return flow_warp(x, flow, *args, **kwargs)
        return flow_warp(x.float(), flow.float(), *args, **kwargs).to(x.dtype)

    for name, module in list(sys.modules.items()):
        if name.startswith(f"{package}.") and vars(module).get("flow_warp") is flow_warp:
            vars(module)["flow_warp"] = wide


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
