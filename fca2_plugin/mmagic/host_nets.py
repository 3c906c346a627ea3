"""MMagic's networks: how they are built from a config, and what they ask of their input.

``HOST_SPECS`` says what the code of each network assumes without saying so in data; whoever wraps
one reads it here and nowhere else.
"""

from collections.abc import Callable, Mapping
from typing import Any

from mmagic.registry import MODELS
from torch import nn

from fca2_plugin.nets import NetSpec
from fca2_plugin.nets.adapters import take_config
from fca2_plugin.nets.spec import HostSpecs, image_spec, shuffle_spec, window_spec

__all__ = ["HOST_SPECS", "build_host_net", "find_adapter", "host_adapter"]


def _edvr(net: Any) -> NetSpec:
    fusion = net.fusion.feat_fusion.conv if net.with_tsa else net.fusion
    frames = fusion.in_channels // fusion.out_channels
    return window_spec(net, 4, frames, size_multiple=4)  # three levels of a pyramid


def _upscale_factor(net: Any) -> NetSpec:
    return image_spec(net.upscale_factor)


_CLIPS: HostSpecs = {
    # asserts 64 pixels for SPyNet, at a quarter of the size when the input is not small
    "BasicVSRPlusPlusNet": lambda net: (
        NetSpec(min_size=64)
        if net.is_low_res_input
        else NetSpec(scale=1, min_size=256, size_multiple=4)
    ),
    "BasicVSRNet": lambda net: NetSpec(),
    "RealBasicVSRNet": lambda net: NetSpec(),
    # mirrors `padding` frames at both ends by fixed indices; reflects up to 3 pixels
    "IconVSRNet": lambda net: NetSpec(min_frames=2 * net.padding + 1, size_multiple=4),
}
_WINDOWS: HostSpecs = {
    "EDVRNet": _edvr,
    # its reconstruction has a fixed number of input channels
    "TDANNet": lambda net: window_spec(net, 4, 5),
    # takes enlarged and normalised frames; the pyramid of its SPyNet has no remainder
    "TOFlowVSRNet": lambda net: window_spec(net, 1, 7, size_multiple=16),
}
_IMAGES: HostSpecs = {
    "RRDBNet": lambda net: image_spec(
        net.upscale_factor, size_multiple=max(4 // net.upscale_factor, 1)
    ),
    # pads by reflection, which fails when the padding is as large as the image
    "SwinIRNet": lambda net: image_spec(net.upscale, size_multiple=net.window_size),
    "EDSRNet": _upscale_factor,
    "MSRResNet": _upscale_factor,
    "SRCNNNet": _upscale_factor,
    "RDNNet": shuffle_spec,
    "NAFNet": lambda net: image_spec(1),
}
HOST_SPECS: HostSpecs = {**_CLIPS, **_WINDOWS, **_IMAGES}


def find_adapter(name: str) -> str | None:
    """The adapter that a network of this type needs to work on clips, where that is known."""
    if name in _WINDOWS:
        return "FCA2SlidingWindow"
    return "FCA2FramesAsBatch" if name in _IMAGES else None


def build_host_net(config: Mapping) -> nn.Module:
    """Build a network that MMagic has registered.

    Raises:
        KeyError: There is none of that type.
        TypeError: No config of a network, or a setting that the network does not have.
    """
    return MODELS.build(config)


def host_adapter(adapter: type[nn.Module]) -> Callable[..., nn.Module]:
    """``adapter`` with the networks inside given by MMagic's configs.

    MMEngine initialises what has ``init_weights`` when training starts, and looks for it no deeper
    than the adapter.
    """

    def init_weights(self: Any) -> None:
        for net in (getattr(self, slot) for slot in self.SLOTS):
            if hasattr(net, "init_weights"):
                net.init_weights()

    initialized = type(adapter.__name__, (adapter,), {"init_weights": init_weights})
    return take_config(initialized, build_host_net, HOST_SPECS)
