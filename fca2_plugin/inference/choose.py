"""Choose the requested network: a config with its checkpoint, shipped weights, or a module."""

import os

import torch
from torch import nn

from fca2_plugin.geometry import CENTRED
from fca2_plugin.inference.facts import fingerprint
from fca2_plugin.inference.load import LoadedNetwork, load_config_network, load_named
from fca2_plugin.inference.phase import find_phase
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.inference.weights_list import list_shipped, offers

__all__ = ["choose_weights", "default_note", "load", "load_runner"]

#: What is used where nothing is asked for, by the kind of device: ``large`` costs eight times
#: ``small``, which a GPU does not feel and a CPU does.
DEFAULTS = {"cpu": "small"}
DEFAULT_ELSEWHERE = "large"


def load(
    config: str | os.PathLike | None = None,
    checkpoint: str | os.PathLike | None = None,
    weights: str | None = None,
    network: nn.Module | None = None,
    *,
    phase: str | None = None,
    fca2: str | None = None,
    device: torch.device | None = None,
) -> LoadedNetwork:
    """Load the requested network, or the default one that ships.

    Args:
        config: MMagic's .py or BasicSR's .yml.
        checkpoint: The weights for ``config``.
        weights: The name of a network that ships.
        network: A module.
        phase: Position of LQ pixels in its training; overrides checkpoint and config.
        fca2: Put FCA² of this preset around the network of ``config``, untrained.
        device: Device on which the network will run; it decides the default network.

    Raises:
        FileNotFoundError: One of the files does not exist.
        ModuleNotFoundError: The config's host is not installed.
        ValueError: Several networks are requested, the weights belong to another network, or
            FCA² is requested around something other than a config's network.
    """
    device = device or torch.device("cpu")
    chosen = choose_weights(config, checkpoint, weights, network, device)
    if fca2 is not None and config is None:
        raise ValueError(
            "--fca2 needs a config and its checkpoint (--config C --checkpoint K --fca2); add "
            "them or leave --fca2 out, or in Python pass network=fca2_plugin.wrap(network)"
        )
    if network is not None:
        name, known = type(network).__name__, find_phase(network, phase)
        return LoadedNetwork(network, name, known, fingerprint(network))
    if chosen is None:
        assert config is not None  # nothing else makes a choice needless
        return load_config_network(config, checkpoint, phase, fca2)
    loaded = load_named(chosen, phase)
    if weights is None:
        loaded = loaded.with_note(default_note(chosen, device))
    return loaded


def load_runner(
    config: str | os.PathLike | None = None,
    checkpoint: str | os.PathLike | None = None,
    weights: str | None = None,
    network: nn.Module | ClipRunner | None = None,
    *,
    settings: InferenceSettings | None = None,
    phase: str | None = None,
    fca2: str | None = None,
    data_phase: str = CENTRED,
) -> ClipRunner:
    """Load a network with ``load``, ready to run.

    Args:
        config: See ``load``.
        checkpoint: See ``load``.
        weights: See ``load``.
        network: See ``load``; a ``ClipRunner`` is returned as it is.
        settings: See ``ClipRunner``.
        phase: See ``load``.
        fca2: See ``load``.
        data_phase: See ``ClipRunner``.

    Raises:
        The errors of ``load`` and ``ClipRunner``.

    Example:
        >>> runner = load_runner(weights="bicubic", settings=InferenceSettings("cpu"))
        >>> runner.scale
        4
    """
    if isinstance(network, ClipRunner):
        return network
    settings = settings or InferenceSettings()
    device = settings.find_device()
    found = load(config, checkpoint, weights, network, phase=phase, fca2=fca2, device=device)
    return ClipRunner(
        found.module,
        found.name,
        settings,
        spec=found.spec,
        phase=found.phase,
        data_phase=data_phase,
        notes=found.notes,
        sha256=found.sha256,
    )


def choose_weights(
    config: str | os.PathLike | None,
    checkpoint: str | os.PathLike | None,
    weights: str | None,
    network: nn.Module | None,
    device: torch.device,
) -> str | None:
    """Check that exactly one network with weights is requested, or choose the default weights.

    Args:
        config: Config of the network.
        checkpoint: Weights for ``config``.
        weights: The name of a network that ships.
        network: A module.
        device: Device on which the network will run.

    Returns:
        The requested or the default weights; None with a config or a module.

    Raises:
        ValueError: Several networks are requested, weights without a network, or the reverse.
    """
    given = [
        name
        for name, value in (("config", config), ("weights", weights), ("network", network))
        if value is not None
    ]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} exclude each other; give only one of them")
    if checkpoint is not None and config is None:
        raise ValueError(
            f"checkpoint {checkpoint} needs the config that it was trained with; add it (--config)"
        )
    if config is not None and checkpoint is None:
        raise ValueError(
            f"{config} without a checkpoint has random weights; add the checkpoint that was "
            f"trained with it (--checkpoint K), or use one of {offers()}"
        )
    if given:
        return weights
    shipped = list_shipped()
    if not shipped:
        raise ValueError(
            "no network was chosen; give a config and its checkpoint (--config C --checkpoint K), "
            f"or one of {offers()}"
        )
    wanted = DEFAULTS.get(device.type, DEFAULT_ELSEWHERE)
    return wanted if wanted in shipped else next(iter(shipped))


def default_note(name: str, device: torch.device) -> str:
    """Return the note for the user about default weights."""
    return (
        f"no network was chosen: the weights {name} are used, which suit a "
        f"{'CPU' if device.type == 'cpu' else 'GPU'}; you can choose {offers()}, or any config "
        "with its checkpoint (--config C --checkpoint K)"
    )
