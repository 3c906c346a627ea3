"""What a table says of a network beside its quality."""

import platform

import torch
from torch import nn

__all__ = ["count_parameters", "device_name"]


def device_name(device: torch.device) -> str:
    """Where something runs, in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} {platform.machine()}"


def count_parameters(model: nn.Module) -> int:
    """All parameters, those that do not learn included, shared ones once."""
    return sum(parameter.numel() for parameter in model.parameters())
