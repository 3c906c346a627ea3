"""Remove downloads from configs of networks whose weights come from a checkpoint."""

import copy
from typing import Any

__all__ = ["without_losses", "without_weights"]

# Weights that the hosts' networks read when they are built.
_PRETRAINED = ("spynet_pretrained", "edvr_pretrained", "spynet_path", "edvr_path")
# Parts of a GAN's model that run in training alone; a perceptual loss downloads its VGG19.
_LOSSES = ("perceptual_loss", "gan_loss", "discriminator")


def without_weights(config: object) -> None:
    """Remove, in place, the weights that a config names for its networks."""
    if isinstance(config, dict):
        for key, value in config.items():
            if key in _PRETRAINED:
                config[key] = None
            else:
                without_weights(value)
    elif isinstance(config, list | tuple):
        for value in config:
            without_weights(value)


def without_losses(config: dict) -> dict:
    """Return the config of a model, or of a wrapper around one, for inference only."""
    config = copy.deepcopy(config)
    inner: Any = config
    while isinstance(inner, dict):
        if "generator" in inner:
            for key in _LOSSES:
                inner.pop(key, None)
        inner = inner.get("model")
    return config
