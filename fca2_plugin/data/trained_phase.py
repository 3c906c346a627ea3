"""Find the phase that a network learns from the data of its training config."""

from collections.abc import Iterator, Mapping, Sequence

from fca2_plugin.data.clip_set import manifest_degradation
from fca2_plugin.data.degrade import DEFAULT_DEGRADATION, phase

__all__ = ["trained_phase"]

_CLIP_SETS = ("FCA2ClipsDataset", "FCA2VideoDataset")


def trained_phase(data: object) -> str | None:
    """Return where the LQ pixels of a config's training data lie; None where it does not say so.

    Args:
        data: The part of a config that describes the training data, of either host:
            ``train_dataloader`` or ``datasets.train``.

    Raises:
        ValueError: It names an unknown degradation, or several with different phases.
    """
    phases = {phase(kind) for kind in _degradations(data)}
    if len(phases) > 1:
        raise ValueError(
            "the training data mix LQ pixels in the middle of their blocks (centred) with the "
            "first of each block; a network can learn only one phase: choose degradations that "
            "share it"
        )
    return phases.pop() if phases else None


def _degradations(data: object) -> Iterator[str]:
    if isinstance(data, Mapping):
        kind = data.get("type")
        if kind == "FCA2Degrade":
            yield data.get("kind", DEFAULT_DEGRADATION)
        elif kind in _CLIP_SETS and data.get("task", "vsr") == "vsr":
            yield from _of_clip_set(data)
        for value in data.values():
            yield from _degradations(value)
    elif isinstance(data, Sequence) and not isinstance(data, str):
        for value in data:
            yield from _degradations(value)


def _of_clip_set(data: Mapping) -> Iterator[str]:
    given = data.get("degradation")
    if given is not None:
        yield from _several(given)
        return
    roots = _several(data["dataroot_lq"]) if data.get("dataroot_lq") else ()
    yield from [manifest_degradation(root) or DEFAULT_DEGRADATION for root in roots] or [
        DEFAULT_DEGRADATION
    ]


def _several(value: object) -> Sequence:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
