"""A training step as a pass, so that it is timed, counted and told apart like any other.

A step is what both hosts do with a batch that is at hand: forward, Charbonnier loss against the
ground truth, backward, Adam. Reading data and exchanging gradients between processes are left out.
"""

import torch
from torch import Tensor, nn

from fca2_plugin.nets import FCA2Net

__all__ = ["WARM_SIDE", "TrainingStep"]

WARM_SIDE = 64  # every network takes this size
_EPS = 1e-12  # of the Charbonnier loss, as BasicVSR's configs have it
_LEARNING_RATE = 1e-5


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
