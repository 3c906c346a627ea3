"""``FCA2Net`` from a training config, the same for both hosts: stage, preset, first weights.

A host's adapter subclasses ``StagedFCA2Net`` and defines how the host builds a network from its
config. The adapter calls ``load_parts`` when training starts. For testing, or when a run resumes,
one checkpoint contains all weights.
"""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal

from torch import Tensor, nn

from fca2_plugin._suggest import check_choice
from fca2_plugin.checkpoints import VSR_ALONE, holds_vsr_alone, load_part
from fca2_plugin.geometry import CENTRED, check_phase
from fca2_plugin.nets.build import FROM_PRESET, build_parts, get_stage, net_settings
from fca2_plugin.nets.fca2 import PARTS, FCA2Net
from fca2_plugin.nets.guided import GuidedAutoencoder
from fca2_plugin.nets.spec import HostSpecs, NetSpec, find_spec
from fca2_plugin.nets.vsr_cache import VSRCache

__all__ = ["StagedFCA2Net"]

_FLOWS = {"spynet": "autoencoder", "vsr_spynet": "vsr"}  # whose flow network it is


class StagedFCA2Net(FCA2Net):
    """FCA² around a VSR network given by its host's config.

    Args:
        vsr: Config of the VSR network, as the host's own config contains it. The stages
            ``cleaning`` and ``autoencoder`` ignore it, so that all stages can share one config.
        stage: ``cleaning``, ``autoencoder``, ``vsr``, ``joint``, ``finetune`` or ``adapt``. By
            default the preset's, like all settings below whose default is ``preset``.
        preset: ``released``, ``paper``, ``fast``, ``tiny`` or ``tiny_fast``.
        autoencoder: Settings that override the preset's; False leaves the part out. ``type``
            chooses ``FCA2Autoencoder`` or ``FCA2GuidedAutoencoder``.
        cleaning: Settings of ``CleaningNet`` that override the preset's; False leaves it out.
        checkpoints: Files (or folders of earlier runs) to start from, by part:
            ``dict(cleaning=..., autoencoder=..., vsr=..., spynet=..., vsr_spynet=...)``; the last
            two are the flow networks of the autoencoder and of the VSR network.
        chunk_frames: Frames encoded together; None for the whole clip.
        chunks_at_once: Chunks that run as one batch without gradients; fewer need less memory.
        join_codes: The VSR network sees all codes of a clip as one sequence.
        grouping: ``fixed``, or ``adaptive`` for groups that follow each clip's motion.
        color_correction: ``frame`` (eq. 4), ``lr_domain``, ``mean`` or None.
        color_at: ``decoder``, ``encoder`` or ``both`` (Table VII).
        clamp_output: Clamp corrected frames to [0, 1] outside training.
        phase: Position of LQ pixels in their blocks in the VSR network's training data,
            ``centred`` or ``first`` (``fca2_plugin.geometry``). By default the network's own, or
            ``centred`` if the autoencoder enlarges by a fixed filter and the network learned its
            phase from its data.
        vsr_cache: A folder for the results of a frozen VSR network on training samples. Each
            sample is computed once, so the data set should repeat a limited number of samples
            (``distinct_samples``), and codes must stay the same while FCA² learns: use
            ``autoencoder=dict(clean_channels=0)`` with preset ``fast``.

    Raises:
        ValueError: The stage, preset or phase is unknown, a VSR stage lacks ``vsr``, or the cache
            would store results that change.
        TypeError: A setting is unknown.
    """

    #: What the host's networks ask for without saying so in data, by class name.
    HOST_SPECS: ClassVar[HostSpecs] = {}
    #: How this host writes a network's config, for error messages.
    VSR_EXAMPLE: ClassVar[str] = ""

    def __init__(
        self,
        vsr: Mapping | nn.Module | None = None,
        stage: str = FROM_PRESET,
        preset: str = "released",
        autoencoder: Mapping | Literal[False] | None = None,
        cleaning: Mapping | Literal[False] | None = None,
        checkpoints: Mapping[str, str] | None = None,
        chunk_frames: int | str | None = FROM_PRESET,
        chunks_at_once: int | None = None,
        join_codes: bool | str = FROM_PRESET,
        grouping: str = "fixed",
        color_correction: str | None = FROM_PRESET,
        color_at: str = "decoder",
        clamp_output: bool | str = FROM_PRESET,
        phase: str | None = None,
        vsr_cache: str | None = None,
    ) -> None:
        settings = net_settings(
            preset,
            stage=stage,
            chunk_frames=chunk_frames,
            join_codes=join_codes,
            color_correction=color_correction,
            clamp_output=clamp_output,
        )
        stage = settings.pop("stage")
        chosen = get_stage(stage)
        parts = build_parts(stage, preset, autoencoder, cleaning)
        network = None
        if "vsr" in chosen.parts:
            if vsr is None:
                raise ValueError(
                    f"stage={stage!r} needs a VSR network to wrap; set {self.VSR_EXAMPLE}, or "
                    "choose stage='autoencoder' or stage='cleaning'"
                )
            network = vsr if isinstance(vsr, nn.Module) else self.build_vsr(vsr)
        spec = find_spec(network, self.HOST_SPECS) or NetSpec(scale=None)
        spec = replace(spec, phase=_agreed_phase(phase, spec, type(network).__name__))
        parts["vsr"] = network
        if isinstance(parts["autoencoder"], GuidedAutoencoder):
            parts["autoencoder"].use_phase(spec.phase or CENTRED)
        super().__init__(
            **parts,
            **settings,
            chunks_at_once=chunks_at_once,
            grouping=grouping,
            color_at=color_at,
            frozen=[part for part in chosen.frozen if parts.get(part) is not None],
            vsr_spec=spec,
        )
        self.stage = stage
        if checkpoints is not None and not isinstance(checkpoints, Mapping):
            raise TypeError(
                f"checkpoints is {checkpoints!r}; expected the files by part, as "
                "dict(vsr='path/to/file.pth')"
            )
        self.vsr_cache: VSRCache | None = None
        if vsr_cache is not None:
            self.vsr_cache = VSRCache(vsr_cache, self._frozen_vsr(vsr_cache))
        self.checkpoints = {
            check_choice("part in checkpoints", part, (*PARTS, *_FLOWS)): path
            for part, path in (checkpoints or {}).items()
        }

    @property
    def takes_vsr_alone(self) -> bool:
        """Whether a checkpoint of the VSR network alone is enough.

        Only stage ``adapt`` puts FCA² around a trained network, and FCA²'s own parts must work
        before they are trained. In other stages such a checkpoint is more likely a mistake.
        """
        guided = self.autoencoder is None or isinstance(self.autoencoder, GuidedAutoencoder)
        return self.stage == "adapt" and guided and self.cleaning is None

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        """Load a checkpoint, also one of the VSR network alone, which is loaded into ``vsr``.

        Both hosts' loaders call this. If FCA² ``takes_vsr_alone``, it keeps its own weights.
        """
        names = [key[len(prefix) :] for key in state_dict if key.startswith(prefix)]
        if self.takes_vsr_alone and holds_vsr_alone(names):
            warnings.warn(VSR_ALONE, stacklevel=2)
            for name in names:
                state_dict[f"{prefix}vsr.{name}"] = state_dict.pop(prefix + name)
            own = self.state_dict()
            kept = {f"{prefix}{k}": v for k, v in own.items() if not k.startswith("vsr.")}
            state_dict.update(kept)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def super_resolve(self, codes: Tensor) -> Tensor:
        """Run the VSR network; in training, reuse the results in ``vsr_cache``."""
        if self.vsr_cache is None or not self.training:
            return super().super_resolve(codes)
        return self.vsr_cache(super().super_resolve, codes)

    def _frozen_vsr(self, folder: str) -> nn.Module:
        """Return the VSR network; refuse settings under which its results would change."""
        if self.vsr is None or "vsr" not in self.frozen:
            raise ValueError(
                f"vsr_cache={folder!r} keeps the results of a frozen VSR network, but "
                f"stage={self.stage!r} trains that network; set stage='adapt', or leave vsr_cache "
                "out"
            )
        learns = self.cleaning is not None and "cleaning" not in self.frozen
        if learns or self.autoencoder is None or not self.autoencoder.has_plain_codes:
            raise ValueError(
                f"vsr_cache={folder!r} needs codes that stay the same, but here they change in "
                "training; set preset='fast' and autoencoder=dict(clean_channels=0), or leave "
                "vsr_cache out"
            )
        return self.vsr

    @staticmethod
    def build_vsr(config: Mapping) -> nn.Module:
        """Build the VSR network from the host's config of it."""
        raise NotImplementedError

    def load_parts(self) -> dict[str, str]:
        """Load the weights to start from, and return the source of each part's weights.

        Raises:
            ValueError: The stage needs weights of an earlier stage, and none are given.
            FileNotFoundError: A checkpoint does not exist.
        """
        for part in get_stage(self.stage).needs:
            if getattr(self, part) is not None and part not in self.checkpoints:
                raise ValueError(
                    f"stage={self.stage!r} needs a trained {part}, but checkpoints does not name "
                    f"one; add checkpoints=dict({part}='path/to/file.pth')"
                    + ("" if part == "vsr" else f", leave the part out with {part}=False")
                    + ", or use stage='joint' to train everything from scratch"
                )
        loaded = {}
        for part, path in self.checkpoints.items():
            owner = getattr(self, _FLOWS[part]) if part in _FLOWS else self
            name = "spynet" if part in _FLOWS else part
            module = getattr(owner, name, None)
            if module is not None:
                load_part(module, path, name)
                loaded[part] = path
        return loaded


def _agreed_phase(given: str | None, spec: NetSpec, name: str) -> str | None:
    """Return the given phase or the network's; the two must not contradict each other."""
    if given is not None and spec.phase is not None and given != spec.phase:
        raise ValueError(
            f"phase={given!r} contradicts the VSR network: {name} enlarges LQ pixels that are "
            f"{spec.phase!r}; leave phase out, or set vsr=dict(type=..., phase={given!r})"
        )
    return spec.phase if given is None else check_phase(given)
