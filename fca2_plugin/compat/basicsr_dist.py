"""Distributed training with BasicSR on machines without CUDA.

Breaks: ``--launcher pytorch`` with a division by zero, and then DistributedDataParallel, which
refuses ``device_ids`` for a model on the CPU.
Why: the launchers compute ``rank % torch.cuda.device_count()`` and default to nccl, and the models
always pass ``device_ids``.
Here: the same launchers over gloo, and no ``device_ids`` for a model on the CPU.
Does nothing: with CUDA.
"""

import functools
from collections.abc import Callable
from typing import Any
from unittest import mock

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

__all__ = ["apply"]


def apply() -> str | None:
    if torch.cuda.is_available():
        return None
    from basicsr.models import base_model
    from basicsr.utils import dist_util

    for name in ("_init_dist_pytorch", "_init_dist_slurm"):
        setattr(dist_util, name, _over_gloo(getattr(dist_util, name)))
    model_to_device = base_model.BaseModel.model_to_device

    @functools.wraps(model_to_device)
    def model_to_cpu(self: base_model.BaseModel, net: nn.Module) -> nn.Module:
        with (
            mock.patch.object(torch.cuda, "current_device", return_value=None),
            mock.patch.object(base_model, "DistributedDataParallel", _without_device_ids),
        ):
            return model_to_device(self, net)

    base_model.BaseModel.model_to_device = model_to_cpu
    return "no CUDA here, so distributed runs use gloo"


def _over_gloo(launch: Callable) -> Callable:
    @functools.wraps(launch)
    def launch_over_gloo(backend: str = "nccl", **kwargs: object) -> None:
        with (
            mock.patch.object(torch.cuda, "device_count", return_value=1),
            mock.patch.object(torch.cuda, "set_device"),
        ):
            launch("gloo" if backend == "nccl" else backend, **kwargs)

    return launch_over_gloo


def _without_device_ids(
    net: nn.Module, device_ids: object, **kwargs: Any
) -> DistributedDataParallel:
    return DistributedDataParallel(net, **kwargs)
