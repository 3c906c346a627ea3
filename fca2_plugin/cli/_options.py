"""Options as tables in the words of the help, and those that several commands have."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any

from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.inference.weights_list import list_weights

__all__ = [
    "add_config",
    "add_fca2",
    "add_network",
    "add_old",
    "add_options",
    "add_settings",
    "parse_size",
    "read_settings",
]


def _seconds(text: str) -> float:
    """Read 90, 1:30 or 0:01:30.5."""
    parts = text.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if not 1 <= len(numbers) <= 3:
        raise argparse.ArgumentTypeError(f"expected seconds or H:M:S, got {text!r}")
    return sum(number * 60**place for place, number in enumerate(reversed(numbers)))


def _rate(text: str) -> Fraction:
    """Read 25, 23.976 or 30000/1001."""
    try:
        found = Fraction(text)
    except (ValueError, ZeroDivisionError):
        found = Fraction(0)
    if found <= 0:
        raise argparse.ArgumentTypeError(
            f"expected a number of images a second such as 25, got {text!r}"
        )
    return found


#: What makes a value of a text, by the name of the value; others stay texts.
KINDS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("N", "QP", "CRF", "LINES", "PIXELS"), int),
    **dict.fromkeys(("X", "GIB", "BPP"), float),
    **dict.fromkeys(("TIME", "SECONDS"), _seconds),
    "RATE": _rate,
}
DEVICE = {
    "--device DEVICE": "cpu, cuda, cuda:1, ... (default: a GPU if there is one)",
    "--dtype DTYPE": "float32, bfloat16 (bf16) or float16 (fp16); flow and warping stay in float32 "
    "(default: %(default)s)",
}
SPEED = {
    "--channels-last": "keep features in the channels-last memory layout",
    "--compile": "compile the network with torch.compile, which takes minutes",
    "--cuda-graphs": "record a pass as a CUDA graph and replay it; for clips of one shape",
}


def add_options(
    group: argparse._ActionsContainer, table: Mapping[str, str], **defaults: object
) -> None:
    """Add options as the help shows them.

    Args:
        group: A parser, or a group of its options.
        table: What each option does. ``--chunk N`` takes a value, of which ``KINDS`` says what it
            is, ``--clips NAME ...`` one or more, and ``--quiet`` none.
        defaults: Values of options that are not given, other than None.
    """
    for option, about in table.items():
        flag, *value = option.split()
        how: dict[str, Any] = {"action": "store_true"}
        if value:
            name = value[0]
            how = {"metavar": name, "type": KINDS.get(name)}
            how |= {"default": defaults.pop(flag.strip("-").replace("-", "_"), None)}
            how |= {"nargs": "+"} if value[1:] else {}
        group.add_argument(flag, help=about, **how)
    assert not defaults, f"no option is called {', '.join(defaults)}"


def add_config(group: argparse._ActionsContainer, checkpoint: str = "weights for --config") -> None:
    """Add the options that name a network by its config."""
    config = {"--config FILE": "MMagic's .py or BasicSR's .yml", "--checkpoint FILE": checkpoint}
    add_options(group, config)


def add_fca2(group: argparse._ActionsContainer) -> None:
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
    add_options(
        group,
        {
            "--weights NAME": "a network that ships; the list is below",
            "--phase PHASE": "position of LQ pixels in the training of --checkpoint: centred in "
            "their blocks, or first (default: from checkpoint and config)",
        },
    )
    add_fca2(group)
    add_options(group, DEVICE, dtype="float32")
    add_old(parser, {"--preset": "--weights", "--precision": "--dtype"})
    ships = [f"  {name:16} {about}" for name, about in list_weights().items()]
    parser.epilog = "\n".join(["weights that ship (x1: enhancement at the same size):", *ships])


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add device, precision and what makes networks faster."""
    group = parser.add_argument_group("how the network runs")
    add_options(group, DEVICE | SPEED, dtype="float32")


def read_settings(args: argparse.Namespace) -> InferenceSettings:
    """What the options of ``add_settings`` say.

    Raises:
        ValueError: An unknown type, or options that do not go together.
    """
    return InferenceSettings(
        **{one.name: getattr(args, one.name) for one in fields(InferenceSettings)}
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


def add_old(parser: argparse.ArgumentParser, names: Mapping[str, str]) -> None:
    """Refuse old options with a sentence that names what took their place.

    Args:
        parser: Of the verb.
        names: The new option, or the command that starts a script, by the old option.
    """
    for old, new in names.items():
        said = f"is called {new} now; use that name"
        said = said if new.startswith("--") else f"has become a script: {new}"
        parser.add_argument(
            old, action=_Refused, const=f"{old} {said}", nargs="*", help=argparse.SUPPRESS
        )


class _Refused(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        parser.error(self.const)
