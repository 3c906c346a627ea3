"""A network from a config of either host, with the weights of a checkpoint or without."""

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from fca2_plugin._configs import find_config
from fca2_plugin.apps.phase import KnownPhase, find_phase
from fca2_plugin.apps.wrap import check_wraps, wrap
from fca2_plugin.checkpoints import saved_phase
from fca2_plugin.nets.spec import NetSpec, find_spec

__all__ = [
    "LoadedNetwork",
    "find_host_spec",
    "load_network",
    "load_with_phase",
]

CONFIG_SUFFIXES = (".py", ".yml", ".yaml")


@dataclass(frozen=True)
class LoadedNetwork:
    """A network and what its config and checkpoint say of it.

    Args:
        module: In evaluation mode.
        phase: On which phase it was trained.
    """

    module: nn.Module
    phase: KnownPhase


def load_with_phase(
    config: str | Path,
    checkpoint: str | Path | None,
    phase: str | None = None,
    fca2: str | None = None,
) -> LoadedNetwork:
    """Load a network as ``load_network`` does, and find out where its LQ pixels lay in training.

    Args:
        config: MMagic's .py or BasicSR's .yml.
        checkpoint: The network's weights.
        phase: What the user says of it, over everything else.
        fca2: Put FCA² of this preset around it, untrained (``apps.wrap``).

    Raises:
        FileNotFoundError: One of the files is not there.
        ModuleNotFoundError: The host is not installed.
        ValueError: The config is of neither host or cannot be read, the weights are another
            network's, the phase is unknown, or FCA² of this preset cannot go around the network.
    """
    if fca2 is not None:
        check_wraps(fca2)  # better said before the work
    config = find_config(config)
    suffix = config.suffix.lower()
    if suffix == ".py":
        from fca2_plugin.mmagic.runner import load_config, load_generator
    elif suffix in CONFIG_SUFFIXES:
        from fca2_plugin.basicsr.runner import load_config, load_generator
    else:
        raise ValueError(
            f"{config} is no config; expected MMagic's .py or BasicSR's .yml, by its suffix"
        )
    cfg = load_config(config)
    module = load_generator(cfg, checkpoint)
    saved = None if checkpoint is None else saved_phase(checkpoint)
    known = find_phase(module, phase, saved, cfg)
    if fca2 is not None:
        module = wrap(module, fca2, phase=known.phase, config=config)
    return LoadedNetwork(module, known)


def load_network(config: str | Path, checkpoint: str | Path | None) -> nn.Module:
    """Load a network through the host that its config is for: MMagic's .py, BasicSR's .yml.

    All weights are the checkpoint's: what the config names to start training from is not fetched.
    Without a checkpoint they are random, which is enough to time the network.

    Raises:
        FileNotFoundError: One of the files is not there.
        ModuleNotFoundError: The host is not installed.
        ValueError: The config is of neither host or cannot be read, or the weights are another
            network's.
    """
    return load_with_phase(config, checkpoint).module


def find_host_spec(config: str | Path, network: nn.Module) -> NetSpec | None:
    """What a network of ``load_network`` asks of its input; None where nobody knows."""
    if Path(config).suffix.lower() == ".py":
        from fca2_plugin.mmagic.host_nets import HOST_SPECS
    else:
        from fca2_plugin.basicsr.host_nets import HOST_SPECS
    return find_spec(network, HOST_SPECS)
