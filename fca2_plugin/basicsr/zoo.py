"""The VSR networks of BasicSR by the names of the command line, with the papers' settings."""

from collections.abc import Mapping

from fca2_plugin.basicsr.host_nets import FCA2Network
from fca2_plugin.nets.zoo import complete

__all__ = ["TINY", "VSR_NETS", "Network"]

#: What wraps a network given by its options.
Network = FCA2Network

#: Options as written in ``network_g``. No weights: those are the user's to name.
_VSR_NETS: Mapping[str, Mapping] = {
    "basicvsr": dict(type="BasicVSR", num_feat=64, num_block=30),
    "basicvsr-pp": dict(
        type="BasicVSRPlusPlus", mid_channels=64, num_blocks=7, is_low_res_input=True
    ),
    "iconvsr": dict(
        type="IconVSR", num_feat=64, num_block=30, keyframe_stride=5, temporal_padding=2
    ),
    "edvr": dict(
        type="FCA2SlidingWindow",
        net=dict(type="EDVR", num_feat=128, num_frame=5, num_reconstruct_block=40),
    ),
}

#: What to change in each to try things on a CPU.
_TINY: Mapping[str, Mapping] = {
    "basicvsr": dict(num_feat=8, num_block=1),
    "basicvsr-pp": dict(mid_channels=16, num_blocks=1),
    "iconvsr": dict(num_feat=8, num_block=1),
    "edvr": dict(
        net=dict(type="EDVR", num_feat=8, num_extract_block=1, num_reconstruct_block=1),
    ),
}

VSR_NETS, TINY = complete(_VSR_NETS, _TINY)
