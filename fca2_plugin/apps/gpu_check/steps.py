"""The steps: this module run as NAME 1 runs one of them on the GPU, as NAME 0 on a CPU.

Each is a function of its name, which returns what is said of it and the facts behind that; what is
wrong, it raises.
"""

import importlib
import json
import sys

import torch

__all__ = ["MODULES", "run"]

#: Where each is; imported when it runs, since some take long to import.
MODULES = {
    "driver": "driver",
    "kernel": "networks",
    "networks": "networks",
    "capture": "networks",
    "mmagic": "training",
    "basicsr": "training",
    "amp": "training",
    "processes": "processes",
    "speed": "speed",
}


def run(name: str, device: torch.device) -> dict:
    """What is said of a step, and its facts."""
    module = importlib.import_module(f"fca2_plugin.apps.gpu_check.{MODULES[name]}")
    text, facts = getattr(module, name)(device)
    return {"text": text, "facts": facts}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], torch.device("cuda" if sys.argv[2] == "1" else "cpu"))))
