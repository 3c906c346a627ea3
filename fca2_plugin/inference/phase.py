"""On which phase a network was trained, from whatever says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fca2_plugin.data.trained_phase import trained_phase
from fca2_plugin.geometry import CENTRED, check_phase, displacement

if TYPE_CHECKING:  # torch takes seconds to import
    from torch import nn

__all__ = ["KnownPhase", "alignment_note", "find_phase"]


@dataclass(frozen=True)
class KnownPhase:
    """A phase and how it is known.

    Args:
        phase: A word of ``fca2_plugin.geometry``.
        note: What the user should know, a sentence; empty where something says it.
    """

    phase: str
    note: str = ""


def find_phase(
    network: "nn.Module",
    given: str | None = None,
    in_checkpoint: str | None = None,
    config: Mapping | None = None,
) -> KnownPhase:
    """Find the phase of a network; the first that is known counts.

    Args:
        network: The network; one with a fixed filter in it says its phase in its ``spec``.
        given: What the user says.
        in_checkpoint: What its checkpoint says.
        config: The config that it was trained with, of either host.

    Raises:
        ValueError: An unknown phase.
    """
    if given is not None:
        return KnownPhase(check_phase(given))
    own = getattr(getattr(network, "spec", None), "phase", None)
    found = own or in_checkpoint or (None if config is None else _of_config(config))
    if found is not None:
        return KnownPhase(check_phase(found))
    return KnownPhase(
        CENTRED,
        "the position of LQ pixels in this network's training is unknown; the middle of their "
        "blocks is assumed, as in ordinary video. If it was trained on the published data of "
        "compressed video super-resolution, add --phase first.",
    )


def alignment_note(name: str, network: str, data: str, scale: int) -> str:
    """What to say of a result that is moved; empty where it is not."""
    pixels = displacement(network, data, scale)
    if not pixels:
        return ""
    return (
        f"{name} was trained on LQ pixels that are {network!r} in their blocks, but here they are "
        f"{data!r}; its results are moved by {-pixels:+g} pixels so that they fit."
    )


def _of_config(config: Mapping) -> str | None:
    data = config.get("train_dataloader") or (config.get("datasets") or {}).get("train")
    return trained_phase(data)
