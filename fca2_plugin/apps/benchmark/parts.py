"""The parts of a pass through FCA2Net, told apart by its methods, whatever stands inside."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from torch import nn

from fca2_plugin.apps.benchmark.training import TrainingStep
from fca2_plugin.nets import FCA2Net

__all__ = ["OTHER", "PARTS", "STEP_PARTS", "marked_parts", "split_whole"]

PARTS = {
    "cleaning": ("cleaning", "clean"),
    "encode": ("autoencoder", "encode"),
    "vsr": ("vsr", "super_resolve"),
    "decode": ("autoencoder", "decode"),
    "colour": ("autoencoder", "correct"),
}
"""What must be there and the method of FCA2Net, else of that, by the name in a breakdown."""
STEP_PARTS = {"loss": "loss", "backward": "backward", "optimiser": "update"}
"""The methods of TrainingStep beside those of the network that it trains."""
OTHER = "other"
"""The rest: cutting into chunks, joining, averaging."""

Reading = TypeVar("Reading")


@contextmanager
def marked_parts(
    network: nn.Module, read: Callable[[], Reading]
) -> Iterator[list[tuple[str, Reading, Reading]]]:
    """Read a meter before and after every part of a pass.

    Args:
        network: An ``FCA2Net``, or the ``TrainingStep`` of one; any other network has no parts.
        read: Reads the meter, such as a clock.

    Yields:
        A list that passes fill: name, reading before, reading after.
    """
    marks: list[tuple[str, Reading, Reading]] = []
    changed = []
    try:
        for name, owner, method in _methods(network):
            setattr(owner, method, _marked(getattr(owner, method), name, read, marks))
            changed.append((owner, method))
        yield marks
    finally:
        for owner, method in changed:
            delattr(owner, method)


def split_whole(whole: Any, parts: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """What each part took of a whole, and the rest of it; nothing where there are no parts.

    Args:
        whole: A number, or an array of them.
        parts: Name and share; a name may come several times.
    """
    shares: dict[str, Any] = {}
    for name, share in parts:
        shares[name] = shares.get(name, 0) + share
    return {**shares, OTHER: whole - sum(shares.values())} if shares else {}


def _methods(network: nn.Module) -> Iterator[tuple[str, nn.Module, str]]:
    """The name of every part, whose method it is, and the method."""
    if isinstance(network, TrainingStep):
        for name, method in STEP_PARTS.items():
            yield name, network, method
        network = network.network
    for name, (part, method) in PARTS.items() if isinstance(network, FCA2Net) else ():
        if getattr(network, part) is not None:
            yield name, network if hasattr(network, method) else getattr(network, part), method


def _marked(run: Callable, name: str, read: Callable[[], Reading], marks: list) -> Callable:
    def wrapper(*args: object, **kwargs: object) -> object:
        before = read()
        result = run(*args, **kwargs)
        marks.append((name, before, read()))
        return result

    return wrapper
