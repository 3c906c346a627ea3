"""The networks, one paper a file, and the table that both hosts register from."""

from fca2_plugin.nets.adapters import FramesAsBatch, SlidingWindow
from fca2_plugin.nets.autoencoder import FrameAutoencoder
from fca2_plugin.nets.cleaning import CleaningNet
from fca2_plugin.nets.fca2 import FCA2Net
from fca2_plugin.nets.spec import NetSpec

__all__ = [
    "ADAPTERS",
    "NETS",
    "CleaningNet",
    "FCA2Net",
    "FrameAutoencoder",
    "FramesAsBatch",
    "NetSpec",
    "SlidingWindow",
]

#: Networks under their registered names.
NETS = {"FCA2CleaningNet": CleaningNet, "FCA2Autoencoder": FrameAutoencoder}
#: Adapters around a network of the host, under their registered names.
ADAPTERS = {"FCA2SlidingWindow": SlidingWindow, "FCA2FramesAsBatch": FramesAsBatch}
