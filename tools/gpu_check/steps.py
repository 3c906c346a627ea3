"""The program of a step: run as NAME 1 on the GPU, as NAME 0 on a CPU.

Each step is a function of its name, which returns what is said of it and the facts behind that;
what is wrong, it raises.
"""

import importlib
import json
import sys

import torch

from .run import STEPS

__all__ = ["run"]


def run(name: str, device: torch.device) -> dict:
    """What is said of a step, and its facts."""
    modules = {step.name: step.module for step in STEPS}
    # imported here, since some take long to import
    module = importlib.import_module(f"{__package__}.{modules[name]}")
    text, facts = getattr(module, name)(device)
    return {"text": text, "facts": facts}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], torch.device("cuda" if sys.argv[2] == "1" else "cpu"))))
