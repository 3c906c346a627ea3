"""A network from a config of either host, or from what ships."""

import os
from dataclasses import dataclass, replace

from torch import nn

from fca2_plugin._configs import find_config
from fca2_plugin._files import file_sha256
from fca2_plugin._suggest import check_choice
from fca2_plugin.checkpoints import find_checkpoint, saved_phase
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
    """A network and what is known of it.

    Args:
        module: In evaluation mode.
        name: What it is called.
        phase: On which phase it was trained.
        sha256: Of its checkpoint, or of structure and weights where there is none.
        spec: What it asks of its input, where the network does not say so itself.
        notes: What there is to know, a sentence each.
    """

    module: nn.Module
    name: str
    phase: KnownPhase
    sha256: str | None = None
    spec: NetSpec | None = None
    notes: tuple[str, ...] = ()

    def with_note(self, note: str) -> "LoadedNetwork":
        """The same, with one more thing to know."""
        return replace(self, notes=(*self.notes, note))


def load_config_network(
    config: str | os.PathLike,
    checkpoint: str | os.PathLike | None,
    phase: str | None = None,
    fca2: str | None = None,
) -> LoadedNetwork:
    """Load a network through the host that its config is for: MMagic's .py, BasicSR's .yml.

    All weights are the checkpoint's: what the config names to start training from is not fetched.
    Without a checkpoint they are random, which is enough to time the network.

    Args:
        config: MMagic's .py or BasicSR's .yml.
        checkpoint: The network's weights.
        phase: Where LQ pixels lay in its training, over what checkpoint and config say.
        fca2: Put FCA² of this preset around it, untrained (``wrap``).

    Raises:
        FileNotFoundError: One of the files is not there.
        ModuleNotFoundError: The host is not installed.
        ValueError: The config is of neither host or cannot be read, the weights are another
            network's, the phase is unknown, or FCA² of this preset cannot go around the network.
    """
    if fca2 is not None:
        check_wraps(fca2)  # better said before the work
    config = find_config(os.fspath(config))
    checkpoint = None if checkpoint is None else os.fspath(checkpoint)
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
    module = load_generator(cfg, checkpoint)
    saved = sha256 = None
    if checkpoint is not None:
        saved, sha256 = saved_phase(checkpoint), file_sha256(find_checkpoint(checkpoint))
    known = find_phase(module, phase, saved, cfg)
    name = config.stem
    if fca2 is not None:
        module = wrap(module, fca2, phase=known.phase, config=config)
        name = f"{name} in FCA² {fca2}"
    return LoadedNetwork(module, name, known, sha256, find_spec(module, HOST_SPECS))


def load_named(name: str, phase: str | None = None) -> LoadedNetwork:
    """Load what ships, by its name; ``bicubic`` is the one without weights.

    Raises:
        ValueError: There is none of the name.
    """
    check_choice("weights", name, list_weights())
    ships = name != BICUBIC
    module = load_shipped(name) if ships else Bicubic()
    sha256 = list_shipped()[name].sha256 if ships else None
    return LoadedNetwork(module, name, find_phase(module, phase), sha256)


def load_network(config: str | os.PathLike, checkpoint: str | os.PathLike | None) -> nn.Module:
    """Load the module of ``load_config_network`` alone."""
    return load_config_network(config, checkpoint).module
