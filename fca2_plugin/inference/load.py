"""The one loader: a config with its checkpoint, weights that ship, or a module, ready to run."""

import os
from typing import NamedTuple

import torch
from torch import nn

from fca2_plugin._configs import find_config
from fca2_plugin._files import file_sha256
from fca2_plugin._suggest import check_choice
from fca2_plugin.checkpoints import read_checkpoint
from fca2_plugin.geometry import CENTRED
from fca2_plugin.inference.bicubic import Bicubic
from fca2_plugin.inference.facts import fingerprint
from fca2_plugin.inference.phase import KnownPhase, find_phase
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.inference.shipped import load_shipped
from fca2_plugin.inference.weights_list import BICUBIC, list_shipped, list_weights, offers
from fca2_plugin.inference.wrap import check_wraps, wrap
from fca2_plugin.nets.spec import NetSpec, find_spec

__all__ = ["choose_weights", "load_network", "load_runner"]

CONFIG_SUFFIXES = (".py", ".yml", ".yaml")
#: What is used where nothing is asked for, by the kind of device: ``large`` costs eight times
#: ``small``, which a GPU does not feel and a CPU does.
DEFAULTS = {"cpu": "small"}
DEFAULT_ELSEWHERE = "large"


class Loaded(NamedTuple):
    """A network in evaluation mode, and what is known of it: see ``ClipRunner``."""

    network: nn.Module
    name: str
    phase: KnownPhase
    sha256: str | None = None
    spec: NetSpec | None = None


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
    """Load the requested network, or the default one that ships, ready to run.

    Args:
        config: MMagic's .py or BasicSR's .yml.
        checkpoint: The weights for ``config``.
        weights: The name of a network that ships.
        network: A module; a ``ClipRunner`` is returned as it is.
        settings: See ``ClipRunner``.
        phase: Position of LQ pixels in its training; overrides checkpoint and config.
        fca2: Put FCA² of this preset around the network of ``config``, untrained.
        data_phase: See ``ClipRunner``.

    Raises:
        FileNotFoundError: One of the files does not exist.
        ModuleNotFoundError: The config's host is not installed.
        ValueError: Several networks are requested, the weights belong to another network, FCA² is
            requested around something other than a config's network, or as ``ClipRunner``.

    Example:
        >>> runner = load_runner(weights="bicubic", settings=InferenceSettings("cpu"))
        >>> runner.scale
        4
    """
    if isinstance(network, ClipRunner):
        return network
    settings = settings or InferenceSettings()
    device = settings.find_device()
    chosen = choose_weights(config, checkpoint, weights, network, device)
    if fca2 is not None and config is None:
        raise ValueError(
            "--fca2 needs a config and its checkpoint (--config C --checkpoint K --fca2); add "
            "them or leave --fca2 out, or in Python pass network=fca2_plugin.wrap(network)"
        )
    notes: tuple[str, ...] = ()
    if config is not None:
        loaded = load_config_network(config, checkpoint, phase, fca2)
    elif network is not None:
        name = type(network).__name__
        loaded = Loaded(network, name, find_phase(network, phase), fingerprint(network))
    else:
        assert chosen is not None  # nothing else makes a choice needless
        loaded = _load_named(chosen, phase)
        notes = () if weights else (_default_note(chosen, device),)
    return ClipRunner(**loaded._asdict(), settings=settings, data_phase=data_phase, notes=notes)


def load_network(config: str | os.PathLike, checkpoint: str | os.PathLike | None) -> nn.Module:
    """Load only the module of a config; without a checkpoint it has random weights."""
    return load_config_network(config, checkpoint).network


def load_config_network(
    config: str | os.PathLike,
    checkpoint: str | os.PathLike | None,
    phase: str | None = None,
    fca2: str | None = None,
) -> Loaded:
    """Load a network with its config's host: MMagic's .py, BasicSR's .yml.

    All weights come from the checkpoint; the first weights that the config names for training are
    not downloaded. Without a checkpoint the weights are random, which is enough to time a network.
    """
    if fca2 is not None:
        check_wraps(fca2)  # fail before the work
    config = find_config(os.fspath(config))
    suffix = config.suffix.lower()
    if suffix == ".py":
        from fca2_plugin.mmagic.host_nets import HOST_SPECS
        from fca2_plugin.mmagic.runner import load_config, load_generator
    elif suffix in CONFIG_SUFFIXES:
        from fca2_plugin.basicsr.host_nets import HOST_SPECS
        from fca2_plugin.basicsr.runner import load_config, load_generator
    else:
        raise ValueError(
            f"{config} is not a config; expected a file that ends in .py (MMagic) or .yml (BasicSR)"
        )
    cfg = load_config(config)
    read = None if checkpoint is None else read_checkpoint(os.fspath(checkpoint))
    module = load_generator(cfg, read)
    known = find_phase(module, phase, None if read is None else read.phase, cfg)
    name, sha256 = config.stem, None if read is None else file_sha256(read.path)
    if fca2 is not None:
        module = wrap(module, fca2, phase=known.phase, config=config)
        name = f"{name} in FCA² {fca2}"
    return Loaded(module, name, known, sha256, find_spec(module, HOST_SPECS))


def _load_named(name: str, phase: str | None) -> Loaded:
    """Load a network that ships; ``bicubic`` is the one without weights."""
    check_choice("weights", name, list_weights())
    if name == BICUBIC:
        network: nn.Module = Bicubic()
        return Loaded(network, name, find_phase(network, phase))
    network = load_shipped(name)
    return Loaded(network, name, find_phase(network, phase), list_shipped()[name].sha256)


def choose_weights(
    config: str | os.PathLike | None,
    checkpoint: str | os.PathLike | None,
    weights: str | None,
    network: nn.Module | None,
    device: torch.device,
) -> str | None:
    """Return the requested weights or the default ones; None with a config or a module.

    Raises:
        ValueError: Several networks are requested, weights without a network, or the reverse.
    """
    networks = {"config": config, "weights": weights, "network": network}
    given = [name for name, value in networks.items() if value is not None]
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


def _default_note(name: str, device: torch.device) -> str:
    return (
        f"no network was chosen: the weights {name} are used, which suit a "
        f"{'CPU' if device.type == 'cpu' else 'GPU'}; you can choose {offers()}, or any config "
        "with its checkpoint (--config C --checkpoint K)"
    )
