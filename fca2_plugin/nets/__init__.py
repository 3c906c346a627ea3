"""The networks, one paper a file, and the table that both hosts register from."""

from fca2_plugin.nets.adapters import FramesAsBatch, SlidingWindow
from fca2_plugin.nets.autoencoder import FrameAutoencoder
from fca2_plugin.nets.cleaning import CleaningNet
from fca2_plugin.nets.comisr import COMISRNet
from fca2_plugin.nets.fca2 import FCA2Net
from fca2_plugin.nets.ftvsr import FTVSRNet
from fca2_plugin.nets.spec import NetSpec

__all__ = [
    "ADAPTERS",
    "NETS",
    "COMISRNet",
    "CleaningNet",
    "FCA2Net",
    "FTVSRNet",
    "FrameAutoencoder",
    "FramesAsBatch",
    "NetSpec",
    "SlidingWindow",
]

#: Networks under their registered names. All begin with FCA2: the hosts' registries are flat, and
#: another plugin's FTVSR would clash.
NETS = {
    "FCA2CleaningNet": CleaningNet,
    "FCA2Autoencoder": FrameAutoencoder,
    "FCA2COMISRNet": COMISRNet,
    "FCA2FTVSRNet": FTVSRNet,
}
#: Adapters around a network of the host, under their registered names.
ADAPTERS = {"FCA2SlidingWindow": SlidingWindow, "FCA2FramesAsBatch": FramesAsBatch}
