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
adapt          cleaning, autoencoder, vsr   all but vsr         vsr
=============  ===========================  ==================  ==================

``adapt`` is our addition: FCA² learns around a network that you have trained and that stays frozen.

A *preset* contains the settings of the parts and of ``FCA2Net`` around them. If a preset does not
have a cleaning network, the stages omit it.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import nn

from fca2_plugin._suggest import check_choice, did_you_mean
from fca2_plugin._values import check_value
from fca2_plugin.nets.autoencoder import FrameAutoencoder
from fca2_plugin.nets.cleaning import CleaningNet
from fca2_plugin.nets.fca2 import PARTS, FCA2Net
from fca2_plugin.nets.guided import GuidedAutoencoder

__all__ = [
    "AUTOENCODERS",
    "FROM_PRESET",
    "NEUTRAL_PRESETS",
    "PRESETS",
    "STAGES",
    "Stage",
    "build_parts",
    "get_stage",
    "net_settings",
    "where_it_belongs",
]

#: A setting of ``FCA2Net`` that was not given: its preset says what it is.
FROM_PRESET = "preset"
#: By their registered names; ``type`` in the settings of an autoencoder.
AUTOENCODERS: dict[str, type[nn.Module]] = {
    "FCA2Autoencoder": FrameAutoencoder,
    "FCA2GuidedAutoencoder": GuidedAutoencoder,
}

_PARTS: dict[str, tuple[type[nn.Module], ...]]
_PARTS = {"autoencoder": tuple(AUTOENCODERS.values()), "cleaning": (CleaningNet,)}
_NET_SETTINGS = frozenset(inspect.signature(FCA2Net).parameters) | {"preset", "stage"}


@dataclass(frozen=True)
class Stage:
    """The parts that a training stage builds, trains, and loads from earlier stages."""

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
    "adapt": Stage(PARTS, ("cleaning", "autoencoder"), ("vsr",)),
}

_AS_PRINTED = {
    "stage": "vsr",
    "chunk_frames": 7,
    "join_codes": False,
    "color_correction": "frame",
    "clamp_output": False,
}
# Unless FCA² is small, it costs about as much as it saves. With neutral first weights it does not
# need stages. The LQ frames already give the right colours, and eq. 4 would lower the contrast.
_FAST = {
    "stage": "joint",
    "chunk_frames": 7,
    "join_codes": True,
    "color_correction": None,
    "clamp_output": False,
}

#: ``released`` is the released model, 3.47 M parameters: its cleaning network stops after the
#: first pass, and it clamps. ``paper`` has the three passes of Sec. IV-A2, and meets the printed
#: +3.3 M with two blocks instead of three. ``fast`` is ours, guided by the LQ frames. ``tiny`` and
#: ``tiny_fast`` are for trying things on a CPU.
PRESETS: dict[str, dict[str, Any]] = {
    "released": {
        "net": {**_AS_PRINTED, "clamp_output": True},
        "autoencoder": {
            "type": "FCA2Autoencoder",
            "mid_channels": 64,
            "num_blocks": 3,
            "flow_mode": "recurrent",
        },
        "cleaning": {"mid_channels": 64, "num_blocks": 20, "num_passes": 1},
    },
    "paper": {
        "net": _AS_PRINTED,
        "autoencoder": {
            "type": "FCA2Autoencoder",
            "mid_channels": 64,
            "num_blocks": 2,
            "flow_mode": "recurrent",
        },
        "cleaning": {"mid_channels": 64, "num_blocks": 20},
    },
    "fast": {
        "net": _FAST,
        "autoencoder": {
            "type": "FCA2GuidedAutoencoder",
            "clean_channels": 32,
            "clean_blocks": 4,
            "mid_channels": 48,
            "num_blocks": 3,
        },
        "cleaning": False,
    },
    "tiny": {
        "net": _AS_PRINTED,
        "autoencoder": {
            "type": "FCA2Autoencoder",
            "mid_channels": 16,
            "num_blocks": 1,
            "flow_mode": None,
            "trunk_frames": None,
            "image_codes": True,
        },
        "cleaning": {"mid_channels": 8, "num_blocks": 1},
    },
    "tiny_fast": {
        "net": _FAST,
        "autoencoder": {
            "type": "FCA2GuidedAutoencoder",
            "clean_channels": 12,
            "clean_blocks": 1,
            "mid_channels": 16,
            "num_blocks": 1,
        },
        "cleaning": False,
    },
}

#: Those that can go around a trained network as they are: what they have to learn starts at zero,
#: and what they correct is good without it.
NEUTRAL_PRESETS = tuple(
    name
    for name, preset in PRESETS.items()
    if preset["autoencoder"]["type"] == "FCA2GuidedAutoencoder" and not preset["cleaning"]
)


def get_stage(name: str) -> Stage:
    """Look up a training stage.

    Raises:
        ValueError: The name is unknown; the message suggests the nearest one.
    """
    return STAGES[check_choice("stage", name, STAGES)]


def net_settings(preset: str, **given: object) -> dict[str, Any]:
    """Return the settings of ``FCA2Net``, taking those that are ``FROM_PRESET`` from the preset.

    Raises:
        ValueError: The preset is unknown.
    """
    defaults = PRESETS[check_choice("preset", preset, PRESETS)]["net"]
    return {key: defaults[key] if value == FROM_PRESET else value for key, value in given.items()}


def build_parts(
    stage: str,
    preset: str = "released",
    autoencoder: Mapping | Literal[False] | None = None,
    cleaning: Mapping | Literal[False] | None = None,
) -> dict[str, Any]:
    """Build the parts of a stage other than the VSR network.

    Args:
        stage: A key of ``STAGES``.
        preset: A key of ``PRESETS``.
        autoencoder: Settings that override the preset's; False leaves the part out. If ``type``
            names another class of ``AUTOENCODERS`` than the preset's, the preset's settings are
            ignored.
        cleaning: Arguments of ``CleaningNet`` that override the preset's; False leaves it out.

    Raises:
        ValueError: The stage, preset or type is unknown, or a part that the stage trains is left
            out.
        TypeError: The part does not know a setting.
    """
    chosen = get_stage(stage)
    check_choice("preset", preset, PRESETS)
    parts: dict[str, nn.Module | None] = {}
    choices: dict[str, Mapping | Literal[False] | None]
    choices = {"autoencoder": autoencoder, "cleaning": cleaning}
    for name, given in choices.items():
        if given is not None and given is not False and not isinstance(given, Mapping):
            raise TypeError(
                f"{name} got {given!r}; expected dict(...) of its settings, False to leave it "
                "out, or None for the preset"
            )
        settings: Any = given or PRESETS[preset][name] if given is not False else False
        if settings is False and stage == name:
            where = f"{name}=False" if given is False else f"preset={preset!r}"
            raise ValueError(
                f"stage={stage!r} trains the {name}, but {where} leaves it out; "
                f"change {where} or choose another stage"
            )
        parts[name] = None
        if settings is not False:  # report wrong settings even if the stage does not use the part
            cls, settings = _checked(name, settings, PRESETS[preset][name] or {})
            parts[name] = cls(**settings) if name in chosen.parts else None
    return parts


def where_it_belongs(key: str, part: str | None = None) -> str | None:
    """Say where a misplaced setting of FCA² belongs.

    Args:
        key: The setting.
        part: The part whose settings contain it; None if it was given beside ``preset``.

    Returns:
        The end of a sentence; None if the setting does not belong elsewhere.
    """
    if part is not None and key in _NET_SETTINGS:
        return f"; {key} belongs one level up, beside preset"
    for name, classes in _PARTS.items():
        if name != part and any(key in inspect.signature(cls).parameters for cls in classes):
            return f"; {key} is a setting of {name}: {name}=dict({key}=...)"
    return None


def _checked(
    name: str, settings: Mapping, defaults: Mapping
) -> tuple[type[nn.Module], dict[str, object]]:
    """Return the class of a part and its settings, including the preset's."""
    cls: type[nn.Module] = CleaningNet
    if name == "autoencoder":
        kind = check_choice(
            "type of autoencoder",
            settings.get("type", defaults.get("type", "FCA2Autoencoder")),
            AUTOENCODERS,
        )
        defaults = defaults if kind == defaults.get("type") else {}
        cls = AUTOENCODERS[kind]
    settings = {key: value for key, value in {**defaults, **settings}.items() if key != "type"}
    known = inspect.signature(cls).parameters
    for key, value in settings.items():
        if key not in known:
            hint = where_it_belongs(key, name) or did_you_mean(key, known)
            raise TypeError(f"{name} has no setting {key!r}{hint}")
        check_value(f"{name}.{key}", key, value)
    return cls, settings
