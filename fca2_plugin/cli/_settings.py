"""Options that every command has which runs a network, and how they are read."""

import argparse

from fca2_plugin.inference.settings import InferenceSettings

__all__ = ["add_device", "add_settings", "parse_size", "read_settings"]


def add_device(group: argparse._ArgumentGroup) -> None:
    """Add device and precision."""
    group.add_argument("--device", help="cpu, cuda, cuda:1, ... (default: a GPU if there is one)")
    group.add_argument(
        "--dtype",
        default="float32",
        help="float32, bfloat16 (bf16) or float16 (fp16); flow and warping stay in float32 "
        "(default: %(default)s)",
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add device, precision and what makes networks faster."""
    group = parser.add_argument_group("how the network runs")
    add_device(group)
    group.add_argument(
        "--channels-last",
        action="store_true",
        help="keep features in the channels-last memory layout",
    )
    group.add_argument(
        "--compile",
        action="store_true",
        help="compile the network with torch.compile, which takes minutes",
    )
    group.add_argument(
        "--cuda-graphs",
        action="store_true",
        help="record a pass as a CUDA graph and replay it; for clips of one shape",
    )


def read_settings(args: argparse.Namespace) -> InferenceSettings:
    """What the options say.

    Raises:
        ValueError: An unknown type, or options that do not go together.
    """
    return InferenceSettings(
        args.device, args.dtype, args.channels_last, args.compile, args.cuda_graphs
    )


def parse_size(text: str) -> tuple[int, int]:
    """Width and height from ``180x144``.

    Raises:
        ValueError: It is no such text.
    """
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdecimal() and int(part) for part in parts):
        raise ValueError(f"size {text!r} is not WIDTHxHEIGHT of the LQ frames, such as 180x144")
    return int(parts[0]), int(parts[1])
