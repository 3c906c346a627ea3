"""``FCA2Net`` for BasicSR's slot ``network_g``: parts from the options."""

from fca2_plugin.basicsr.host_nets import HOST_SPECS, build_host_net
from fca2_plugin.nets.staged import StagedFCA2Net

__all__ = ["FCA2Network"]


class FCA2Network(StagedFCA2Net):
    """``type: FCA2Net`` or ``FCA2Wrapper``: FCA² around any architecture BasicSR has registered.

    Weights named in ``checkpoints`` are read by ``FCA2Model`` when training starts.
    """

    HOST_SPECS = HOST_SPECS
    VSR_EXAMPLE = "vsr: {type: BasicVSR, ...}"
    build_vsr = staticmethod(build_host_net)
