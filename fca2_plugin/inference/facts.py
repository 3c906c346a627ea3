"""Facts about a network for tables, other than its quality."""

import hashlib
import platform

import torch
from torch import nn

__all__ = ["count_parameters", "device_name", "fingerprint"]


def device_name(device: torch.device) -> str:
    """Describe a device in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} {platform.machine()}"


def count_parameters(model: nn.Module) -> int:
    """Count all parameters, including frozen ones; shared ones count once."""
    return sum(parameter.numel() for parameter in model.parameters())


def fingerprint(model: nn.Module) -> str:
    """Return a digest of a network's structure and all its weights."""
    digest = hashlib.sha256(repr(model).encode())
    for key, value in model.state_dict().items():
        digest.update(key.encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()
