"""Find out the phase on which a network was trained."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from fca2_plugin.data.trained_phase import trained_phase
from fca2_plugin.geometry import CENTRED, check_phase, displacement

__all__ = ["KnownPhase", "alignment_note", "find_phase"]


@dataclass(frozen=True)
class KnownPhase:
    """A phase, with a note if it is a guess.

    Args:
        phase: A word of ``fca2_plugin.geometry``.
        note: A sentence for the user; empty if the phase is certain.
    """

    phase: str
    note: str = ""


def find_phase(
    network: nn.Module,
    given: str | None = None,
    in_checkpoint: str | None = None,
    config: Mapping | None = None,
) -> KnownPhase:
    """Find the phase of a network; the first known value counts.

    Args:
        network: The network; if it contains a fixed filter, its ``spec`` contains the phase.
        given: The phase from the user.
        in_checkpoint: The phase from its checkpoint.
        config: The config that it was trained with, of either host.

    Raises:
        ValueError: The phase is unknown.
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
    """Return a note about a shifted result; empty if it is not shifted."""
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
