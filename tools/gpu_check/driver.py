"""What the machine has."""

from typing import Any

import torch

from fca2_plugin._gpu import driver_version, unseen_gpu, wheel_tag

__all__ = ["driver"]


def driver(device: torch.device) -> tuple[str, dict]:
    """Say what there is; a GPU that torch does not see is an error."""
    unseen = unseen_gpu()
    if unseen is not None:
        raise RuntimeError(unseen)
    facts: dict[str, Any] = {"torch": torch.__version__, "wheels": wheel_tag()}
    facts["driver"] = driver_version()
    if device.type == "cpu":
        return f"no GPU; torch {torch.__version__}, wheels {wheel_tag()}", facts
    gpus = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    facts["gpus"] = [{"name": gpu.name, "bytes": gpu.total_memory} for gpu in gpus]
    names = ", ".join(f"{gpu.name} with {gpu.total_memory / 2**30:.0f} GiB" for gpu in gpus)
    return f"{names}; driver {facts['driver']}, wheels {wheel_tag()}", facts
