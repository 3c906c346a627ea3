"""BasicSR's architectures: how they are built from options, and what they ask of their input.

``HOST_SPECS`` says what the code of each architecture assumes without saying so in data; whoever
wraps one reads it here and nowhere else.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from basicsr.archs import build_network
from basicsr.utils.registry import ARCH_REGISTRY
from torch import nn

from fca2_plugin._suggest import check_choice, check_settings
from fca2_plugin.nets import NetSpec
from fca2_plugin.nets.adapters import take_config
from fca2_plugin.nets.spec import HostSpecs, image_spec, shuffle_spec, window_spec
from fca2_plugin.nets.staged import StagedFCA2Net

__all__ = ["HOST_SPECS", "FCA2Network", "build_host_net", "host_adapter"]

# Up to 32 pixels, the last level of BasicSR's SPyNet has none.
_SPYNET_MIN = 33


def _edvr(net: Any) -> NetSpec:
    fusion = net.fusion.feat_fusion if net.with_tsa else net.fusion
    frames = fusion.in_channels // fusion.out_channels
    # three levels of a pyramid, after two more halvings when the input is as large as the output
    scale, multiple = (1, 16) if net.hr_in else (4, 4)
    return window_spec(net, scale, frames, size_multiple=multiple)


def _swinir(net: Any) -> NetSpec:
    # unlike MMagic's, it does not pad to its attention window; a small img_size shrinks the window
    block = net.layers[0].residual_group.blocks[0]
    return image_spec(net.upscale, size_multiple=block.window_size)


HOST_SPECS: HostSpecs = {
    "BasicVSR": lambda net: NetSpec(min_size=_SPYNET_MIN),
    # asserts 64 pixels for SPyNet, at a quarter of the size when the input is not small
    "BasicVSRPlusPlus": lambda net: (
        NetSpec(min_size=64)
        if net.is_low_res_input
        else NetSpec(scale=1, min_size=256, size_multiple=4)
    ),
    # mirrors `temporal_padding` frames at both ends by fixed indices; reflects up to 3 pixels
    "IconVSR": lambda net: NetSpec(
        min_frames=2 * net.temporal_padding + 1, min_size=_SPYNET_MIN, size_multiple=4
    ),
    "EDVR": _edvr,
    # three convolutions without padding in time
    "DUF": lambda net: window_spec(net, net.scale, 7),
    # takes enlarged frames; the pyramid of its SPyNet has no remainder
    "TOFlow": lambda net: window_spec(net, 1, 7, size_multiple=16),
    "RRDBNet": lambda net: image_spec(net.scale, size_multiple=max(4 // net.scale, 1)),
    "SwinIR": _swinir,
    "SRVGGNetCompact": lambda net: image_spec(net.upscale),
    "MSRResNet": lambda net: image_spec(net.upscale),
    "EDSR": shuffle_spec,
    "RCAN": shuffle_spec,
    "ECBSR": shuffle_spec,
    "RIDNet": lambda net: image_spec(1),
}


def build_host_net(config: Mapping) -> nn.Module:
    """Build an architecture that BasicSR has registered.

    Raises:
        ValueError: There is none of that type.
        TypeError: No options of a network, or a setting that the network does not have.
    """
    if not isinstance(config, Mapping) or "type" not in config:
        raise TypeError(f"the network is {config!r}; expected {{type: BasicVSR, ...}}")
    # BasicSR registers some names with this suffix, and looks for them without
    suffix = "_basicsr"
    names = {name.removesuffix(suffix): name for name in ARCH_REGISTRY.keys()}  # noqa: SIM118
    name = check_choice("network type", str(config["type"]).removesuffix(suffix), names)
    parameters = inspect.signature(ARCH_REGISTRY.get(names[name])).parameters
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        check_settings(name, config.keys() - {"type"}, parameters)
    return build_network({**config, "type": names[name]})


def host_adapter(adapter: type[nn.Module]) -> Callable[..., nn.Module]:
    """``adapter`` with the networks inside given by BasicSR's options."""
    return take_config(adapter, build_host_net, HOST_SPECS)


class FCA2Network(StagedFCA2Net):
    """``type: FCA2Net`` or ``FCA2Wrapper``: FCA² around any architecture BasicSR has registered.

    Weights named in ``checkpoints`` are read by ``FCA2Model`` when training starts.
    """

    HOST_SPECS = HOST_SPECS
    VSR_EXAMPLE = "vsr: {type: BasicVSR, ...}"
    build_vsr = staticmethod(build_host_net)
