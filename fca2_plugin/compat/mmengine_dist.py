"""Distributed training with MMEngine on machines without an accelerator.

Breaks: ``--launcher pytorch`` with ``Found no NVIDIA driver``, and then DistributedDataParallel,
which refuses ``device_ids`` for a model on the CPU.
Why: MMEngine's launchers call ``torch.cuda.set_device`` without asking, its stock configs name
nccl, and its runner passes ``device_ids`` always.
Here: the same launchers over gloo, and no ``device_ids`` for parameters on the CPU.
Does nothing: where MMEngine finds an accelerator.
"""

import functools
from collections.abc import Callable
from unittest import mock

import torch
from mmengine.device import get_device
from mmengine.dist import utils
from mmengine.model import MMDistributedDataParallel

__all__ = ["apply"]


def apply() -> str | None:
    if get_device() != "cpu":
        return None
    for name in ("_init_dist_pytorch", "_init_dist_slurm", "_init_dist_mpi"):
        setattr(utils, name, _over_gloo(getattr(utils, name)))
    # In place, because configs reach the class through MMEngine's registry, and MMagic's
    # MMSeparateDistributedDataParallel builds it for each part.
    MMDistributedDataParallel.__init__ = _without_device_ids(MMDistributedDataParallel.__init__)
    return "no accelerator here, so distributed runs use gloo"


def _over_gloo(launch: Callable) -> Callable:
    @functools.wraps(launch)
    def launch_over_gloo(backend: str = "nccl", **kwargs: object) -> None:
        with mock.patch.object(torch.cuda, "set_device"):
            launch("gloo" if backend == "nccl" else backend, **kwargs)

    return launch_over_gloo


def _without_device_ids(init: Callable) -> Callable:
    @functools.wraps(init)
    def init_on_cpu(self: MMDistributedDataParallel, module: torch.nn.Module, **kwargs) -> None:
        if all(parameter.device.type == "cpu" for parameter in module.parameters()):
            kwargs["device_ids"] = None
        init(self, module, **kwargs)

    return init_on_cpu
