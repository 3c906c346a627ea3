"""The VSR networks of MMagic by the names of the command line, with the papers' settings."""

from collections.abc import Mapping

from fca2_plugin.mmagic.generator import FCA2Generator
from fca2_plugin.nets.zoo import complete

__all__ = ["TINY", "VSR_NETS", "Network"]

#: What wraps a network given by its config.
Network = FCA2Generator

#: Configs as written in a model's generator slot. No weights: those are the user's to name.
_VSR_NETS: Mapping[str, Mapping] = {
    "basicvsr": dict(type="BasicVSRNet", mid_channels=64, num_blocks=30, spynet_pretrained=None),
    "basicvsr-pp": dict(
        type="BasicVSRPlusPlusNet",
        mid_channels=64,
        num_blocks=7,
        is_low_res_input=True,
        spynet_pretrained=None,
    ),
    "iconvsr": dict(
        type="IconVSRNet",
        mid_channels=64,
        num_blocks=30,
        keyframe_stride=5,
        padding=2,
        spynet_pretrained=None,
        edvr_pretrained=None,
    ),
    "realbasicvsr": dict(
        type="RealBasicVSRNet",
        mid_channels=64,
        num_propagation_blocks=20,
        num_cleaning_blocks=20,
        dynamic_refine_thres=255,
        spynet_pretrained=None,
    ),
    "edvr": dict(
        type="FCA2SlidingWindow",
        net=dict(
            type="EDVRNet",
            in_channels=3,
            out_channels=3,
            mid_channels=128,
            num_frames=5,
            num_blocks_reconstruction=40,
        ),
    ),
}

#: What to change in each to try things on a CPU.
_TINY: Mapping[str, Mapping] = {
    "basicvsr": dict(mid_channels=8, num_blocks=1),
    "basicvsr-pp": dict(mid_channels=16, num_blocks=1),
    "iconvsr": dict(num_blocks=1),  # its EDVR has 64 channels
    "realbasicvsr": dict(mid_channels=8, num_propagation_blocks=1, num_cleaning_blocks=1),
    "edvr": dict(
        net=dict(
            type="EDVRNet",
            in_channels=3,
            out_channels=3,
            mid_channels=8,
            num_frames=5,
            num_blocks_extraction=1,
            num_blocks_reconstruction=1,
        ),
    ),
}

VSR_NETS, TINY = complete(_VSR_NETS, _TINY)
