"""``FCA2Net`` for MMagic's generator slot: parts from config, weights when training starts."""

from collections.abc import Mapping

from mmagic.registry import MODELS
from mmengine.logging import print_log
from torch import nn

from fca2_plugin._suggest import check_choice
from fca2_plugin.checkpoints import load_part
from fca2_plugin.nets import FCA2Net, NetSpec
from fca2_plugin.nets.build import build_parts, get_stage
from fca2_plugin.nets.fca2 import PARTS

__all__ = ["FCA2Generator"]

# What the host's networks ask for without saying so in data.
_HOST_SPECS = {
    # asserts 64 pixels for its SPyNet
    "BasicVSRPlusPlusNet": lambda net: NetSpec(min_size=64 if net.is_low_res_input else 256),
    # mirrors `padding` frames at both ends by fixed indices
    "IconVSRNet": lambda net: NetSpec(min_frames=2 * net.padding + 1),
}


class FCA2Generator(FCA2Net):
    """``type='FCA2Net'``: FCA² around a VSR network given by its config.

    Args:
        vsr: Config of the VSR network, as it stood in the generator slot; ignored by the stages
            ``cleaning`` and ``autoencoder``, so that all stages can share one config.
        stage: ``cleaning``, ``autoencoder``, ``vsr``, ``joint`` or ``finetune``.
        preset: ``released``, ``paper`` or ``tiny``.
        autoencoder: Settings of ``FrameAutoencoder`` over the preset's; False leaves it out.
        cleaning: Settings of ``CleaningNet`` over the preset's; False leaves it out.
        checkpoints: Files (or work directories of earlier runs) to start from, by part:
            ``dict(cleaning=..., autoencoder=..., vsr=..., spynet=...)``. They are read when
            training starts, a resumed run included; testing needs none of them.
        chunk_frames: As in ``FCA2Net``.
        chunks_at_once: As in ``FCA2Net``.
        color_correction: As in ``FCA2Net``.
        color_at: As in ``FCA2Net``.

    Raises:
        ValueError: An unknown stage or preset, or a VSR stage without ``vsr``.
        TypeError: A setting that nothing reads.
    """

    def __init__(
        self,
        vsr: Mapping | nn.Module | None = None,
        stage: str = "vsr",
        preset: str = "released",
        autoencoder: Mapping | None = None,
        cleaning: Mapping | None = None,
        checkpoints: Mapping[str, str] | None = None,
        chunk_frames: int | None = 7,
        chunks_at_once: int | None = None,
        color_correction: str | None = "frame",
        color_at: str = "decoder",
    ) -> None:
        chosen = get_stage(stage)
        parts = build_parts(stage, preset, autoencoder, cleaning)
        if "vsr" in chosen.parts:
            if vsr is None:
                raise ValueError(
                    f"stage={stage!r} needs the network to wrap; set vsr=dict(type='BasicVSRNet', "
                    "...), or choose stage='autoencoder' or stage='cleaning'"
                )
            parts["vsr"] = vsr if isinstance(vsr, nn.Module) else MODELS.build(vsr)
        spec = _HOST_SPECS.get(type(parts.get("vsr")).__name__)
        super().__init__(
            **parts,
            chunk_frames=chunk_frames,
            chunks_at_once=chunks_at_once,
            color_correction=color_correction,
            color_at=color_at,
            frozen=[part for part in chosen.frozen if parts.get(part) is not None],
            vsr_spec=spec(parts["vsr"]) if spec else None,
        )
        self.stage = stage
        self.checkpoints = {
            check_choice("part in checkpoints", part, (*PARTS, "spynet")): path
            for part, path in (checkpoints or {}).items()
        }

    def init_weights(self) -> None:
        """Called by MMEngine when training starts, before it resumes or loads a checkpoint.

        Raises:
            ValueError: The stage builds on weights of an earlier stage and has none.
            FileNotFoundError: A checkpoint is not there.
        """
        for part in get_stage(self.stage).needs:
            if getattr(self, part) is not None and part not in self.checkpoints:
                raise ValueError(
                    f"stage={self.stage!r} builds on a trained {part}, but checkpoints has none; "
                    f"add checkpoints=dict({part}='path/to/file.pth'), leave the part out with "
                    f"{part}=False, or use stage='joint' to train everything from scratch"
                )
        if hasattr(self.vsr, "init_weights"):
            self.vsr.init_weights()
        for part, path in self.checkpoints.items():
            module = getattr(self.autoencoder if part == "spynet" else self, part, None)
            if module is not None:
                load_part(module, path, part)
                print_log(f"FCA2Net: {part} loaded from {path}", logger="current")
