"""Options that say which network upscales a video."""

import argparse

from fca2_plugin.apps.preset_list import list_presets

__all__ = ["add_fca2", "add_network"]


def add_fca2(group: argparse._ArgumentGroup) -> None:
    """Add the option that puts FCA² around a trained network."""
    group.add_argument(
        "--fca2",
        nargs="?",
        const="fast",
        metavar="PRESET",
        help="put FCA² around the network of --config, which saves about half of its work; it "
        "needs no training: fast (the default here) or tiny_fast",
    )


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add config, checkpoint, preset, device and precision, and below all the presets."""
    group = parser.add_argument_group("the network (by default the one that ships)")
    group.add_argument("--config", metavar="FILE", help="MMagic's .py or BasicSR's .yml")
    group.add_argument("--checkpoint", metavar="FILE", help="the weights for --config")
    group.add_argument(
        "--weights",
        "--preset",
        dest="preset",
        metavar="NAME",
        help="a network that ships: see below",
    )
    group.add_argument(
        "--phase",
        help="where LQ pixels lay in the training of --checkpoint: centred in their blocks, or "
        "first (default: what checkpoint and config say)",
    )
    add_fca2(group)
    group.add_argument("--device", help="where it runs (default: a GPU if there is one)")
    group.add_argument(
        "--precision", default="fp32", help="fp32, bf16 or fp16 (default: %(default)s)"
    )
    presets = [f"  {name:16} {about}" for name, about in list_presets().items()]
    parser.epilog = "\n".join(["presets, x1 is enhancement at the same size:", *presets])
    parser.formatter_class = argparse.RawDescriptionHelpFormatter  # keeps these lines
