"""FCA² (Frame Compression-Aware Autoencoder) for MMagic and BasicSR.

Importing this package is cheap and changes nothing. ``fca2_plugin.mmagic`` and
``fca2_plugin.basicsr`` register the models with their host when they are imported.

``fca2_plugin.FCA2Wrapper`` and ``fca2_plugin.FCA2Net`` are what MMagic's configs name as
``type='fca2_plugin.FCA2Wrapper'`` without ``custom_imports``; they import the adapter when asked.
``fca2_plugin.wrap`` puts FCA² around a network that you have trained, without any training.
"""

import importlib

__all__ = ["FCA2Net", "FCA2Wrapper", "__version__", "wrap"]

__version__ = "0.1.0"

_LAZY = {
    "FCA2Net": ("mmagic.generator", "FCA2Generator"),
    "FCA2Wrapper": ("mmagic.wrapper", "fca2_wrapper"),
    "wrap": ("inference.wrap", "wrap"),
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    return getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
