"""Networks that need no config and no checkpoint: ``--preset NAME``."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin._suggest import check_choice
from fca2_plugin.apps.preset_list import BICUBIC, list_presets, list_shipped, offers
from fca2_plugin.apps.shipped import load_shipped
from fca2_plugin.geometry import CENTRED
from fca2_plugin.nets.spec import NetSpec

__all__ = ["Bicubic", "choose_preset", "default_note", "enlarge", "load_preset"]


def enlarge(clip: Tensor, scale: int) -> Tensor:
    """(n, t, c, h, w) to (n, t, c, s*h, s*w) by cubic interpolation, a = -0.5 as in most tools."""
    if scale == 1:
        return clip
    frames = clip.flatten(0, 1).float()
    larger = F.interpolate(frames, scale_factor=scale, mode="bicubic", antialias=True)
    return larger.clamp(0, 1).unflatten(0, clip.shape[:2])


class Bicubic(nn.Module):
    """No network: cubic interpolation, the floor of every table.

    Args:
        scale: How much larger the result is.

    Shape:
        (n, t, c, h, w) to (n, t, c, s*h, s*w).
    """

    context_frames = 0

    def __init__(self, scale: int = 4) -> None:
        super().__init__()
        self.spec = NetSpec(scale=scale, phase=CENTRED)

    def forward(self, lq: Tensor) -> Tensor:
        return enlarge(lq, self.spec.scale)


#: What is used where nothing is asked for, by the kind of device: ``large`` costs eight times
#: ``small``, which a GPU does not feel and a CPU does.
DEFAULTS = {"cpu": "small"}
DEFAULT_ELSEWHERE = "large"


def load_preset(name: str) -> nn.Module:
    """Build a preset, with its weights.

    Raises:
        ValueError: There is none of the name.
    """
    check_choice("preset", name, list_presets())
    return Bicubic() if name == BICUBIC else load_shipped(name)


def choose_preset(
    config: str | Path | None,
    checkpoint: str | Path | None,
    preset: str | None,
    network: nn.Module | None,
    device: torch.device,
) -> str | None:
    """Make sure that one network with weights was asked for, or choose what ships.

    Args:
        config: Of the network.
        checkpoint: Its weights.
        preset: The name of a network that ships.
        network: A module.
        device: Where it will run.

    Returns:
        The preset that was asked for, or that stands in where nothing was; None beside a config or
        a module.

    Raises:
        ValueError: Several were asked for, or weights without a network, or the reverse.
    """
    given = [
        name
        for name, value in (("config", config), ("preset", preset), ("network", network))
        if value is not None
    ]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} exclude each other; give only one of them")
    if checkpoint is not None and config is None:
        raise ValueError(
            f"checkpoint {checkpoint} has no config that says which network it is for; add the "
            "config it was trained with (--config)"
        )
    if config is not None and checkpoint is None:
        raise ValueError(
            f"{config} alone has random weights; add the checkpoint that was trained with it "
            f"(--checkpoint K), or use one of {offers()}"
        )
    if given:
        return preset
    shipped = list_shipped()
    if not shipped:
        raise ValueError(
            "no network was chosen; give a config and its checkpoint (--config C --checkpoint K), "
            f"or one of {offers()}"
        )
    wanted = DEFAULTS.get(device.type, DEFAULT_ELSEWHERE)
    return wanted if wanted in shipped else next(iter(shipped))


def default_note(name: str, device: torch.device) -> str:
    """What to say where a preset stands in."""
    return (
        f"no network was chosen: preset {name} was taken, which suits a "
        f"{'CPU' if device.type == 'cpu' else 'GPU'}; there are {offers()}, and any config with "
        "its checkpoint (--config C --checkpoint K)"
    )
