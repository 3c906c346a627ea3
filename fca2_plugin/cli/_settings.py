"""Options that every command has which runs a network, and how they are read."""

import argparse
from typing import Any

from fca2_plugin.inference.settings import InferenceSettings

__all__ = ["add_device", "add_settings", "add_switch", "add_value", "parse_size", "read_settings"]


def add_value(
    group: Any, flag: str, metavar: str | None, kind: Any, about: str, **more: Any
) -> None:
    """Add an option with a value, which ``kind`` makes of its text."""
    group.add_argument(flag, metavar=metavar, type=kind, help=about, **more)


def add_switch(group: Any, flag: str, about: str) -> None:
    """Add an option without a value."""
    group.add_argument(flag, action="store_true", help=about)


def add_device(group: argparse._ArgumentGroup) -> None:
    """Add device and precision."""
    add_value(
        group, "--device", None, str, "cpu, cuda, cuda:1, ... (default: a GPU if there is one)"
    )
    about = "float32, bfloat16 (bf16) or float16 (fp16); flow and warping stay in float32"
    add_value(group, "--dtype", None, str, f"{about} (default: %(default)s)", default="float32")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add device, precision and what makes networks faster."""
    group = parser.add_argument_group("how the network runs")
    add_device(group)
    add_switch(group, "--channels-last", "keep features in the channels-last memory layout")
    about = "compile the network with torch.compile, which takes minutes"
    add_switch(group, "--compile", about)
    about = "record a pass as a CUDA graph and replay it; for clips of one shape"
    add_switch(group, "--cuda-graphs", about)


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
