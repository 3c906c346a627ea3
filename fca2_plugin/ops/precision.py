"""Keep operations in full precision, even under a host's autocast."""

from contextlib import AbstractContextManager, nullcontext

import torch

__all__ = ["without_autocast"]


def without_autocast(device_type: str) -> AbstractContextManager:
    """Disable autocast, except on the ``meta`` device, which does not support autocast."""
    if device_type == "meta":
        return nullcontext()
    return torch.autocast(device_type, enabled=False)
