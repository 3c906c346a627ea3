"""LPIPS (Zhang et al., CVPR 2018) through torchmetrics.

Torchmetrics ships the linear layers; the AlexNet under them is torchvision's, which it downloads.
Where that cannot be, a local copy of the file serves (``alexnet-owt-7be5be79.pth``).
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from fca2_plugin._optional import require
from fca2_plugin.checkpoints import fit, read_state_dict

__all__ = ["Lpips", "load_weights", "lpips_network"]

ALEXNET_URL = "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"


class Lpips:
    """LPIPS of a clip's frames, RGB in [-1, 1], on all pixels; lower is better.

    Args:
        network: What ``lpips_network`` returns.
    """

    name = "lpips"

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.values: list[float] = []

    @torch.inference_mode()
    def add(self, sr: np.ndarray, gt: np.ndarray) -> None:
        """Take the next frames."""
        self.values.append(float(self.network(_to_input(sr), _to_input(gt))))

    def finish(self) -> list[float]:
        """Return the values."""
        return self.values


def _to_input(frame: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 127.5 - 1


def lpips_network(alexnet: str | Path | None = None) -> nn.Module:
    """Return torchmetrics' LPIPS network on AlexNet.

    Args:
        alexnet: File with the weights of torchvision's AlexNet; by default torchvision finds or
            downloads them.

    Raises:
        FileNotFoundError: The weights are not there and cannot be downloaded.
        ModuleNotFoundError: torchmetrics is not installed.
        ValueError: The file contains something else.
    """
    module = require("torchmetrics.functional.image.lpips", "evaluation")
    import torchvision

    if alexnet is None:
        try:
            backbone = torchvision.models.alexnet(weights="IMAGENET1K_V1")
        except OSError as error:
            raise FileNotFoundError(
                f"LPIPS needs AlexNet's weights, which could not be downloaded ({error}); download "
                f"{ALEXNET_URL} on another machine and name the file with --lpips-weights"
            ) from error
    else:
        backbone = load_weights(torchvision.models.alexnet(), alexnet, "torchvision's alexnet")
    # pnet_rand: without its own download; the layers are then put in by number
    network = module._NoTrainLpips(net="alex", pnet_rand=True)
    features = backbone.features.state_dict()
    own = {key: features[key.partition(".")[2]] for key in network.net.state_dict()}
    network.net.load_state_dict(own)
    return network


def load_weights(network: nn.Module, path: str | Path, what: str) -> nn.Module:
    """Load a local file of plain weights into a network and return it.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It is not a file of weights, or of another network.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path} with the weights of {what}")
    try:
        network.load_state_dict(fit(network, read_state_dict(path), path, what))
    except ValueError as error:
        raise ValueError(f"{path} does not contain the weights of {what}: {error}") from error
    return network
