"""What a user might register: named in ``custom_imports`` by the tests."""

import json
import os
from pathlib import Path

import torch
from basicsr.utils.registry import ARCH_REGISTRY, MODEL_REGISTRY

from fca2_plugin.basicsr.model import FCA2Model
from tests.exit_threads import note_threads

__all__ = ["ToyLossesModel", "ToyVSR"]


class ToyVSR(torch.nn.Module):
    """One convolution, and a flow network in name."""

    def __init__(self, scale: int = 4, gain: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.gain = gain
        self.spynet = torch.nn.Conv2d(3, 3, 1)
        self.conv = torch.nn.Conv2d(3, 3 * scale**2, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, t = x.shape[:2]
        up = torch.pixel_shuffle(self.conv(self.spynet(x.flatten(0, 1))), self.scale)
        return self.gain * up.unflatten(0, (n, t))


class ToyLossesModel(FCA2Model):
    """Writes the losses that each process saw, before they are averaged, and what it leaves."""

    def reduce_loss_dict(self, loss_dict: dict) -> dict:
        path = Path(self.opt["path"]["log"], f"losses_{os.environ.get('RANK', '0')}.json")
        losses = json.loads(path.read_text()) if path.exists() else []
        if not losses:
            note_threads(path.with_name(path.name.replace("losses", "threads")))
        path.write_text(json.dumps([*losses, float(loss_dict["l_pix"].detach())]))
        return super().reduce_loss_dict(loss_dict)


for registry, toy in (
    (ARCH_REGISTRY, ToyVSR),
    (MODEL_REGISTRY, ToyLossesModel),
):
    if toy.__name__ not in registry:
        registry.register(toy)
