"""The networks, one paper a file, and the table that both hosts register from."""

from fca2_plugin.nets.adapters import FramesAsBatch, SlidingWindow
from fca2_plugin.nets.autoencoder import FrameAutoencoder
from fca2_plugin.nets.basicvsr import BasicVSRNet
from fca2_plugin.nets.cf_stif import CFSTIFNet
from fca2_plugin.nets.cleaning import CleaningNet
from fca2_plugin.nets.comisr import COMISRNet
from fca2_plugin.nets.compact import CompactFlowNet, CompactSRNet, CompactVSRNet
from fca2_plugin.nets.dcad import DCADNet
from fca2_plugin.nets.fca2 import FCA2Net
from fca2_plugin.nets.frontend import FrontEnd
from fca2_plugin.nets.ftvsr import FTVSRNet
from fca2_plugin.nets.guided import GuidedAutoencoder
from fca2_plugin.nets.mfqe import MFQE2Net, MFQE2PairNet, MFQENet
from fca2_plugin.nets.rfda import RFDANet
from fca2_plugin.nets.spec import NetSpec
from fca2_plugin.nets.stdf import STDFNet
from fca2_plugin.nets.tgafnet import TGAFNet

__all__ = [
    "ADAPTERS",
    "NETS",
    "BasicVSRNet",
    "COMISRNet",
    "CFSTIFNet",
    "CleaningNet",
    "CompactFlowNet",
    "CompactSRNet",
    "CompactVSRNet",
    "DCADNet",
    "FCA2Net",
    "FTVSRNet",
    "FrameAutoencoder",
    "FramesAsBatch",
    "FrontEnd",
    "GuidedAutoencoder",
    "MFQE2Net",
    "MFQE2PairNet",
    "MFQENet",
    "NetSpec",
    "RFDANet",
    "STDFNet",
    "SlidingWindow",
    "TGAFNet",
]

#: Networks under their registered names. All start with FCA2: the hosts' registries are flat, and
#: what a host or another plugin registers as ``STDFNet`` must neither clash nor be taken for ours.
NETS = {
    "FCA2CleaningNet": CleaningNet,
    "FCA2Autoencoder": FrameAutoencoder,
    "FCA2GuidedAutoencoder": GuidedAutoencoder,
    "FCA2BasicVSRNet": BasicVSRNet,
    "FCA2COMISRNet": COMISRNet,
    "FCA2FTVSRNet": FTVSRNet,
    "FCA2CompactFlowNet": CompactFlowNet,
    "FCA2CompactSRNet": CompactSRNet,
    "FCA2CompactVSRNet": CompactVSRNet,
    "FCA2DCADNet": DCADNet,
    "FCA2MFQENet": MFQENet,
    "FCA2MFQE2Net": MFQE2Net,
    "FCA2MFQE2PairNet": MFQE2PairNet,
    "FCA2STDFNet": STDFNet,
    "FCA2RFDANet": RFDANet,
    "FCA2CFSTIFNet": CFSTIFNet,
    "FCA2TGAFNet": TGAFNet,
}
#: What holds networks given by the host's configs, under their registered names.
ADAPTERS = {
    "FCA2SlidingWindow": SlidingWindow,
    "FCA2FramesAsBatch": FramesAsBatch,
    "FCA2FrontEnd": FrontEnd,
}
