"""The steps: this module run as NAME 1 runs one of them on the GPU, as NAME 0 on a CPU.

Each returns what is said of it and the facts behind that; what is wrong, it raises.
"""

import json
import sys

import torch

from fca2_plugin._gpu import driver_version, unseen_gpu, wheel_tag
from fca2_plugin.apps.gpu_check.networks import capture, kernel, networks
from fca2_plugin.apps.gpu_check.processes import processes
from fca2_plugin.apps.gpu_check.speed import speed
from fca2_plugin.apps.gpu_check.training import amp, basicsr, mmagic

__all__ = ["RUN", "driver"]


def driver(device: torch.device) -> tuple[str, dict]:
    """Say what there is; a GPU that torch does not see is an error."""
    unseen = unseen_gpu()
    if unseen is not None:
        raise RuntimeError(unseen)
    facts = {"torch": torch.__version__, "wheels": wheel_tag(), "driver": driver_version()}
    if device.type == "cpu":
        return f"no GPU; torch {torch.__version__}, wheels {wheel_tag()}", facts
    gpus = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    facts["gpus"] = [{"name": gpu.name, "bytes": gpu.total_memory} for gpu in gpus]
    names = ", ".join(f"{gpu.name} with {gpu.total_memory / 2**30:.0f} GiB" for gpu in gpus)
    return f"{names}; driver {facts['driver']}, wheels {wheel_tag()}", facts


RUN = {
    step.__name__: step
    for step in (driver, kernel, networks, capture, mmagic, basicsr, amp, processes, speed)
}


if __name__ == "__main__":
    text, facts = RUN[sys.argv[1]](torch.device("cuda" if sys.argv[2] == "1" else "cpu"))
    print(json.dumps({"text": text, "facts": facts}))
