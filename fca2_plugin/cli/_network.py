"""Options that say which network upscales a video."""

import argparse

__all__ = ["add_network"]


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add config, checkpoint, preset, device and precision."""
    group = parser.add_argument_group("the network (by default the one that ships)")
    group.add_argument("--config", metavar="FILE", help="MMagic's .py or BasicSR's .yml")
    group.add_argument("--checkpoint", metavar="FILE", help="the weights for --config")
    group.add_argument("--preset", metavar="NAME", help="a network that is here, as bicubic")
    group.add_argument("--device", help="where it runs (default: a GPU if there is one)")
    group.add_argument(
        "--precision", default="fp32", help="fp32, bf16 or fp16 (default: %(default)s)"
    )
