"""What is timed and counted: a pass or a training step, told apart by its parts.

A step is what both hosts do with a batch that is at hand: forward, Charbonnier loss against the
ground truth, backward, Adam. Reading data and exchanging gradients between processes are left out.
Parts are the methods of FCA2Net, whatever stands inside, and of a step.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from fca2_plugin.nets import FCA2Net

__all__ = [
    "OTHER",
    "PARTS",
    "STEP_PARTS",
    "WARM_SIDE",
    "TrainingStep",
    "marked_parts",
    "split_whole",
]

WARM_SIDE = 64  # every network takes this size
_EPS = 1e-12  # of the Charbonnier loss, as BasicVSR's configs have it
_LEARNING_RATE = 1e-5
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


class TrainingStep(nn.Module):
    """Trains a network by one step whenever it is called.

    Args:
        network: What it trains; what it has frozen stays so.
        clip: Of the shape that will be trained on, on the network's device.

    Shape:
        (n, t, 3, h, w) to (n, t, 3, s*h, s*w), the result before the step.
    """

    gt: Tensor

    def __init__(self, network: FCA2Net, clip: Tensor) -> None:
        super().__init__()
        self.network = network
        self.optimizer = torch.optim.Adam(
            [one for one in network.parameters() if one.requires_grad], lr=_LEARNING_RATE
        )
        self.expect(clip)

    def expect(self, clip: Tensor) -> None:
        """Make the ground truth for clips of another shape."""
        n, t, c, h, w = clip.shape
        scale = self.network.spec.scale or self._scale(clip.device)
        generator = torch.Generator().manual_seed(1)
        gt = torch.rand(n, t, c, scale * h, scale * w, generator=generator)
        self.register_buffer("gt", gt.to(clip.device), persistent=False)

    def forward(self, clip: Tensor) -> Tensor:
        self.network.train()
        # who times or counts a pass does so without gradients
        with torch.inference_mode(False), torch.enable_grad():
            sr = self.network(clip)
            self.backward(self.loss(sr))
            self.update()
        return sr.detach()

    def loss(self, sr: Tensor) -> Tensor:
        """Charbonnier's."""
        return ((sr - self.gt) ** 2 + _EPS).sqrt().mean()

    def backward(self, loss: Tensor) -> None:
        """Gradients of what learns."""
        loss.backward()

    def update(self) -> None:
        """Move what learns, and let the gradients go, as MMagic does before the next batch."""
        self.optimizer.step()
        self.optimizer.zero_grad()

    def optimizer_state(self) -> list[Tensor]:
        """What the optimiser keeps from step to step."""
        states = self.optimizer.state.values()
        return [one for state in states for one in state.values() if isinstance(one, Tensor)]

    @torch.no_grad()
    def _scale(self, device: torch.device) -> int:
        """Of a network that does not say."""
        clip = torch.rand(1, 7, 3, WARM_SIDE, WARM_SIDE, device=device)
        return self.network(clip).shape[-1] // WARM_SIDE


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
