"""A network from a config of either host, or from what ships."""

import os
from dataclasses import dataclass, replace

from torch import nn

from fca2_plugin._configs import find_config
from fca2_plugin._files import file_sha256
from fca2_plugin._suggest import check_choice
from fca2_plugin.checkpoints import read_checkpoint
from fca2_plugin.inference.bicubic import Bicubic
from fca2_plugin.inference.phase import KnownPhase, find_phase
from fca2_plugin.inference.shipped import load_shipped
from fca2_plugin.inference.weights_list import BICUBIC, list_shipped, list_weights
from fca2_plugin.inference.wrap import check_wraps, wrap
from fca2_plugin.nets.spec import NetSpec, find_spec

__all__ = ["LoadedNetwork", "load_config_network", "load_named", "load_network"]

CONFIG_SUFFIXES = (".py", ".yml", ".yaml")


@dataclass(frozen=True)
class LoadedNetwork:
    """A network with information about it.

    Args:
        module: The network, in evaluation mode.
        name: Its name.
        phase: The phase that it was trained on.
        sha256: Checksum of its checkpoint, or of structure and weights without a checkpoint.
        spec: Requirements on its input, if the network does not have a ``spec``.
        notes: Notes for the user, one sentence each.
    """

    module: nn.Module
    name: str
    phase: KnownPhase
    sha256: str | None = None
    spec: NetSpec | None = None
    notes: tuple[str, ...] = ()

    def with_note(self, note: str) -> "LoadedNetwork":
        """Return a copy with an additional note."""
        return replace(self, notes=(*self.notes, note))


def load_config_network(
    config: str | os.PathLike,
    checkpoint: str | os.PathLike | None,
    phase: str | None = None,
    fca2: str | None = None,
) -> LoadedNetwork:
    """Load a network with its config's host: MMagic's .py, BasicSR's .yml.

    All weights come from the checkpoint; the first weights that the config names for training are
    not downloaded. Without a checkpoint the weights are random, which is enough to time a network.

    Args:
        config: MMagic's .py or BasicSR's .yml.
        checkpoint: The network's weights.
        phase: Position of LQ pixels in its training; overrides checkpoint and config.
        fca2: Put FCA² of this preset around it, untrained (``wrap``).

    Raises:
        FileNotFoundError: One of the files does not exist.
        ModuleNotFoundError: The host is not installed.
        ValueError: The config is of neither host or cannot be read, the weights belong to another
            network, the phase is unknown, or FCA² of this preset cannot wrap the network.
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
    return LoadedNetwork(module, name, known, sha256, find_spec(module, HOST_SPECS))


def load_named(name: str, phase: str | None = None) -> LoadedNetwork:
    """Load a shipped network by its name; ``bicubic`` is the one without weights.

    Raises:
        ValueError: The name is unknown.
    """
    check_choice("weights", name, list_weights())
    ships = name != BICUBIC
    module = load_shipped(name) if ships else Bicubic()
    sha256 = list_shipped()[name].sha256 if ships else None
    return LoadedNetwork(module, name, find_phase(module, phase), sha256)


def load_network(config: str | os.PathLike, checkpoint: str | os.PathLike | None) -> nn.Module:
    """Load only the module of ``load_config_network``."""
    return load_config_network(config, checkpoint).module
