"""Several processes on one file, as ``torchrun`` starts them."""

import os
from datetime import timedelta

from torch import distributed

__all__ = ["Group"]

PATIENCE = timedelta(days=30)  # the others' work may take as long


class Group:
    """The processes of this run; usually one.

    Args:
        alone: Whether this process does all by itself, however many were started.
    """

    def __init__(self, alone: bool = False) -> None:
        self.count = 1 if alone else int(os.environ.get("WORLD_SIZE", 1))
        self.rank = 0 if alone else int(os.environ.get("RANK", 0))
        self._made = False

    def __enter__(self) -> "Group":
        if self.count > 1 and not distributed.is_initialized():
            distributed.init_process_group("gloo", timeout=PATIENCE)
            self._made = True
        return self

    def __exit__(self, *error: object) -> None:
        if self._made:
            distributed.destroy_process_group()

    @property
    def is_first(self) -> bool:
        """Whether this process does what only one may do."""
        return self.rank == 0

    def share(self, number: int) -> range:
        """Which of so many things, neighbours, are this process's."""
        return range(self.rank * number // self.count, (self.rank + 1) * number // self.count)

    def wait(self) -> None:
        """Wait for the others to come here."""
        if self.count > 1:
            distributed.barrier()
