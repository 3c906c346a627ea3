"""Options that say which network upscales a video."""

import argparse

from fca2_plugin.cli._renamed import add_renamed
from fca2_plugin.cli._settings import add_device, add_value
from fca2_plugin.inference.weights_list import list_weights

__all__ = ["add_config", "add_fca2", "add_network"]


def add_config(group: argparse._ActionsContainer, checkpoint: str = "weights for --config") -> None:
    """Add the options that name a network by its config."""
    add_value(group, "--config", "FILE", str, "MMagic's .py or BasicSR's .yml")
    add_value(group, "--checkpoint", "FILE", str, checkpoint)


def add_fca2(group: argparse._ArgumentGroup) -> None:
    """Add the option that puts FCA² around a trained network."""
    group.add_argument(
        "--fca2",
        nargs="?",
        const="fast",
        metavar="PRESET",
        help="put FCA² around the network of --config, which saves about half of its work and "
        "needs no training: fast (default) or tiny_fast",
    )


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add config, checkpoint, weights and how they run, and below what ships."""
    group = parser.add_argument_group("the network (default: one that ships)")
    add_config(group, "the weights for --config")
    add_value(group, "--weights", "NAME", str, "a network that ships; the list is below")
    about = (
        "position of LQ pixels in the training of --checkpoint: centred in their blocks, or first"
    )
    add_value(group, "--phase", None, str, f"{about} (default: from checkpoint and config)")
    add_fca2(group)
    add_device(group)
    add_renamed(parser, {"--preset": "--weights", "--precision": "--dtype"})
    ships = [f"  {name:16} {about}" for name, about in list_weights().items()]
    parser.epilog = "\n".join(["weights that ship (x1: enhancement at the same size):", *ships])
    parser.formatter_class = argparse.RawDescriptionHelpFormatter  # keeps these lines
