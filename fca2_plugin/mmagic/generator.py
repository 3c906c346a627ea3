"""``FCA2Net`` for MMagic's generator slot: parts from config, weights when training starts."""

from mmengine.logging import print_log

from fca2_plugin.mmagic.host_nets import HOST_SPECS, build_host_net
from fca2_plugin.nets.staged import StagedFCA2Net

__all__ = ["FCA2Generator"]


class FCA2Generator(StagedFCA2Net):
    """``type='FCA2Net'``: FCA² around a network of MMagic's ``MODELS``.

    Weights named in ``checkpoints`` are read when training starts; testing, a resumed run and one
    that starts from ``load_from`` need none of them.

    Example:
        >>> vsr = dict(type="BasicVSRNet", mid_channels=8, num_blocks=1)
        >>> net = FCA2Generator(vsr=vsr, preset="tiny_fast")
        >>> net.spec.scale
        4
    """

    #: Whether training starts from ``checkpoints``, and not from a file that holds everything.
    starts_from_parts = True

    HOST_SPECS = HOST_SPECS
    VSR_EXAMPLE = "vsr=dict(type='BasicVSRNet', ...)"

    build_vsr = staticmethod(build_host_net)

    def init_weights(self) -> None:
        """Called by MMEngine when training starts, before it resumes or loads a checkpoint."""
        initialize = getattr(self.vsr, "init_weights", None)
        if initialize is not None:
            initialize()
        if not self.starts_from_parts:
            return
        for part, path in self.load_parts().items():
            print_log(f"FCA2Net: {part} loaded from {path}", logger="current")
