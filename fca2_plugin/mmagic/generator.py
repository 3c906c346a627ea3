"""``FCA2Net`` for MMagic's generator slot: parts from config, weights when training starts."""

from collections.abc import Mapping

from mmagic.registry import MODELS
from mmengine.logging import print_log
from torch import nn

from fca2_plugin.nets import NetSpec
from fca2_plugin.nets.staged import StagedFCA2Net

__all__ = ["FCA2Generator"]


class FCA2Generator(StagedFCA2Net):
    """``type='FCA2Net'``: FCA² around a network of MMagic's ``MODELS``.

    Weights named in ``checkpoints`` are read when training starts, a resumed run included; testing
    needs none of them.
    """

    HOST_SPECS = {
        # asserts 64 pixels for its SPyNet
        "BasicVSRPlusPlusNet": lambda net: NetSpec(min_size=64 if net.is_low_res_input else 256),
        # mirrors `padding` frames at both ends by fixed indices
        "IconVSRNet": lambda net: NetSpec(min_frames=2 * net.padding + 1),
    }
    VSR_EXAMPLE = "vsr=dict(type='BasicVSRNet', ...)"

    @staticmethod
    def build_vsr(config: Mapping) -> nn.Module:
        return MODELS.build(config)

    def init_weights(self) -> None:
        """Called by MMEngine when training starts, before it resumes or loads a checkpoint."""
        if hasattr(self.vsr, "init_weights"):
            self.vsr.init_weights()
        for part, path in self.load_parts().items():
            print_log(f"FCA2Net: {part} loaded from {path}", logger="current")
