"""What processes of a distributed run do together, the same with both hosts."""

import gc
import os
import warnings
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import torch
from torch import distributed

from fca2_plugin._errors import one_sentence

__all__ = ["TIMEOUT", "build_once", "check_devices", "end_distributed"]

#: How long processes wait for one another. One may make clips, or validate longer ones, alone;
#: NCCL's own 10 minutes are too short for that.
TIMEOUT = timedelta(hours=2)


def check_devices(launcher: str) -> None:
    """Compare the processes on this machine with its GPUs, before a host trips over it.

    Args:
        launcher: The host's; with ``none`` a run has one process, which takes one GPU.

    Raises:
        ValueError: There are more processes than GPUs.
    """
    gpus = torch.cuda.device_count()
    if launcher == "none" and gpus > 1:
        warnings.warn(
            f"one of the {gpus} GPUs is used; to use all of them, run tools/dist_train.sh or "
            f"tools/dist_test.sh with {gpus} as the number of GPUs",
            stacklevel=2,
        )
    if launcher == "none":
        return
    here = int(os.environ.get("LOCAL_WORLD_SIZE") or os.environ.get("SLURM_NTASKS_PER_NODE") or 1)
    if 0 < gpus < here:
        raise ValueError(
            f"{here} processes were started on a machine where torch sees {gpus} GPU(s), and each "
            f"needs a GPU of its own; start {gpus} processes, or hide the GPUs with "
            "CUDA_VISIBLE_DEVICES= to train on the CPU"
        )


def build_once(build: Callable[..., object], settings: Mapping[str, Any] | None) -> None:
    """Make demo clips on the first process while the others wait; all fail where it fails.

    Args:
        build: What makes them.
        settings: Its arguments; None makes nothing.

    Raises:
        ValueError: It failed on the first process, where its own error is raised.
    """
    if settings is None:
        return
    if not (distributed.is_available() and distributed.is_initialized()):
        build(**settings)
        return
    failure: list[str | None] = [None]
    try:
        if distributed.get_rank() == 0:
            build(**settings)
    except BaseException as error:
        failure = [f"the first process failed: {type(error).__name__}: {one_sentence(error)}"]
        raise
    finally:
        distributed.broadcast_object_list(failure, src=0)  # the others wait here
    if failure[0] is not None:
        raise ValueError(failure[0])


def end_distributed() -> None:
    """Leave the process group and end its threads, which may abort a process that is exiting.

    They end with the last that holds the group, as a model inside DDP does: let it go before.
    """
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
    gc.collect()  # models stand in cycles
