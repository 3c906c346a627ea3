"""The module ``torchvision.transforms.functional_tensor``.

Breaks: ``import basicsr`` with ``No module named 'torchvision.transforms.functional_tensor'``.
Why: torchvision 0.17 made the module private; BasicSR 1.4.2 takes ``rgb_to_grayscale`` from it,
which ``torchvision.transforms.functional`` has with the same meaning.
Does nothing: on a torchvision that still has the module.
"""

import importlib.util
import sys
import types

__all__ = ["apply"]

_NAME = "torchvision.transforms.functional_tensor"


def apply() -> str | None:
    if _NAME in sys.modules or importlib.util.find_spec(_NAME) is not None:
        return None
    import torchvision
    from torchvision.transforms import functional

    module = types.ModuleType(
        _NAME, "A replacement by fca2_plugin for the one function that BasicSR imports from here."
    )
    vars(module)["rgb_to_grayscale"] = functional.rgb_to_grayscale
    sys.modules[_NAME] = module
    return f"torchvision {torchvision.__version__} has no transforms.functional_tensor"
