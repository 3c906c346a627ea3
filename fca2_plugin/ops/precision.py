"""What must not run in half precision, whatever a host's autocast says."""

from contextlib import AbstractContextManager, nullcontext

import torch

__all__ = ["without_autocast"]


def without_autocast(device_type: str) -> AbstractContextManager:
    """Switch autocast off; tensors of the ``meta`` device have shapes alone, and no autocast."""
    if device_type == "meta":
        return nullcontext()
    return torch.autocast(device_type, enabled=False)
