"""FCA² from plain settings, the same for both hosts: presets, stages, parts.

A *stage* says which parts exist and which of them learn (paper, Sec. IV-A2 and Table V):

=============  ===========================  ==================  ==================
stage          parts                        learn               weights needed
=============  ===========================  ==================  ==================
cleaning       cleaning                     cleaning            none
autoencoder    autoencoder                  autoencoder         none
vsr            cleaning, autoencoder, vsr   vsr                 cleaning, autoencoder
joint          cleaning, autoencoder, vsr   all                 none
finetune       cleaning, autoencoder, vsr   all                 cleaning, autoencoder
=============  ===========================  ==================  ==================
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from fca2_plugin._suggest import check_choice, check_settings
from fca2_plugin.nets.autoencoder import FrameAutoencoder
from fca2_plugin.nets.cleaning import CleaningNet
from fca2_plugin.nets.fca2 import PARTS

__all__ = ["PRESETS", "STAGES", "Stage", "build_parts", "get_stage"]


@dataclass(frozen=True)
class Stage:
    """Which parts a training stage has, trains, and takes from earlier stages."""

    parts: tuple[str, ...]
    learns: tuple[str, ...]
    needs: tuple[str, ...] = ()

    @property
    def frozen(self) -> tuple[str, ...]:
        """Parts that exist but do not learn."""
        return tuple(part for part in self.parts if part not in self.learns)


STAGES = {
    "cleaning": Stage(("cleaning",), ("cleaning",)),
    "autoencoder": Stage(("autoencoder",), ("autoencoder",)),
    "vsr": Stage(PARTS, ("vsr",), ("cleaning", "autoencoder")),
    "joint": Stage(PARTS, PARTS),
    "finetune": Stage(PARTS, PARTS, ("cleaning", "autoencoder")),
}

#: ``released`` is the released model, 3.47 M parameters; ``paper`` meets the printed +3.3 M with
#: two blocks instead of three; ``tiny`` is for trying things on a CPU, as the quickstart does.
PRESETS = {
    "released": {
        "autoencoder": {"mid_channels": 64, "num_blocks": 3, "flow_mode": "recurrent"},
        "cleaning": {"mid_channels": 64, "num_blocks": 20},
    },
    "paper": {
        "autoencoder": {"mid_channels": 64, "num_blocks": 2, "flow_mode": "recurrent"},
        "cleaning": {"mid_channels": 64, "num_blocks": 20},
    },
    "tiny": {
        "autoencoder": {
            "mid_channels": 16,
            "num_blocks": 1,
            "flow_mode": None,
            "trunk_frames": None,
            "image_codes": True,
        },
        "cleaning": {"mid_channels": 8, "num_blocks": 1},
    },
}

_CLASSES = {"autoencoder": FrameAutoencoder, "cleaning": CleaningNet}


def get_stage(name: str) -> Stage:
    """Look up a training stage.

    Raises:
        ValueError: Unknown; the message suggests the nearest one.
    """
    return STAGES[check_choice("stage", name, STAGES)]


def build_parts(
    stage: str,
    preset: str = "released",
    autoencoder: Mapping | None = None,
    cleaning: Mapping | None = None,
) -> dict[str, nn.Module | None]:
    """Build the parts of a stage other than the VSR network.

    Args:
        stage: A key of ``STAGES``.
        preset: A key of ``PRESETS``.
        autoencoder: Arguments of ``FrameAutoencoder`` over the preset's; False leaves it out.
        cleaning: Arguments of ``CleaningNet`` over the preset's; False leaves it out.

    Raises:
        ValueError: An unknown stage or preset, or a part that the stage trains is left out.
        TypeError: A setting that the part does not have.
    """
    chosen = get_stage(stage)
    check_choice("preset", preset, PRESETS)
    parts = {}
    for name, settings in (("autoencoder", autoencoder), ("cleaning", cleaning)):
        if name not in chosen.parts or settings is False:
            if settings is False and stage == name:
                raise ValueError(
                    f"stage={stage!r} trains the {name}, but {name}=False leaves it out; "
                    f"remove {name}=False or choose another stage"
                )
            parts[name] = None
            continue
        if settings is not None and not isinstance(settings, Mapping):
            raise TypeError(
                f"{name} got {settings!r}; expected dict(...) of its settings, False to leave it "
                "out, or None for the preset"
            )
        settings = {**PRESETS[preset][name], **(settings or {})}
        parts[name] = _build(name, settings)
    return parts


def _build(name: str, settings: Mapping) -> nn.Module:
    cls = _CLASSES[name]
    check_settings(name, settings, inspect.signature(cls).parameters)
    return cls(**settings)
