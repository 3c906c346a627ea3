"""``FCA2Net`` for BasicSR's slot ``network_g``: parts from the options."""

import inspect
from collections.abc import Mapping

from basicsr.archs import build_network
from basicsr.utils.registry import ARCH_REGISTRY
from torch import nn

from fca2_plugin._suggest import check_choice, check_settings
from fca2_plugin.nets import NetSpec
from fca2_plugin.nets.staged import StagedFCA2Net

__all__ = ["FCA2Network"]


class FCA2Network(StagedFCA2Net):
    """``type: FCA2Net`` or ``FCA2Wrapper``: FCA² around any architecture BasicSR has registered.

    Weights named in ``checkpoints`` are read by ``FCA2Model`` when training starts.
    """

    HOST_SPECS = {
        # up to 32 pixels, the last level of BasicSR's SPyNet has none
        "BasicVSR": lambda net: NetSpec(min_size=33),
        # asserts 64 pixels
        "BasicVSRPlusPlus": lambda net: NetSpec(min_size=64 if net.is_low_res_input else 256),
        # mirrors `temporal_padding` frames at both ends by fixed indices
        "IconVSR": lambda net: NetSpec(min_size=33, min_frames=2 * net.temporal_padding + 1),
    }
    VSR_EXAMPLE = "vsr: {type: BasicVSR, ...}"

    @staticmethod
    def build_vsr(config: Mapping) -> nn.Module:
        """Build an architecture that BasicSR has registered.

        Raises:
            ValueError: There is none of that type.
            TypeError: No options of a network, or a setting that the network does not have.
        """
        if not isinstance(config, Mapping) or "type" not in config:
            raise TypeError(f"vsr got {config!r}; expected {FCA2Network.VSR_EXAMPLE}")
        name = check_choice("network type", config["type"], ARCH_REGISTRY.keys())
        parameters = inspect.signature(ARCH_REGISTRY.get(name)).parameters
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            check_settings(name, config.keys() - {"type"}, parameters)
        return build_network(config)
