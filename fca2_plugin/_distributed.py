"""The end of a process of a distributed run, the same with both hosts."""

import gc

import torch

__all__ = ["end_distributed"]


def end_distributed() -> None:
    """Leave the process group and end its threads, which may abort a process that is exiting.

    They end with the last that holds the group, as a model inside DDP does: let it go before.
    """
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
    gc.collect()  # models stand in cycles
