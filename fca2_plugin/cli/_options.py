"""Options as tables in the words of the help, and those that several commands have."""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Any

from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.inference.weights_list import list_weights

__all__ = [
    "CONFIG",
    "FCA2",
    "NETWORK",
    "OLD_NETWORK",
    "SETTINGS",
    "WEIGHTS",
    "add_old",
    "add_options",
    "given",
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


def _size(text: str) -> tuple[int, int]:
    """Read width and height: 180x144."""
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdecimal() and int(part) for part in parts):
        raise argparse.ArgumentTypeError(
            f"expected WIDTHxHEIGHT of the LQ frames, such as 180x144, got {text!r}"
        )
    return int(parts[0]), int(parts[1])


#: What makes a value of a text, by the name of the value; others stay texts.
KINDS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("N", "QP", "CRF", "LINES", "PIXELS"), int),
    **dict.fromkeys(("X", "GIB", "BPP"), float),
    **dict.fromkeys(("TIME", "SECONDS"), _seconds),
    "RATE": _rate,
    "WxH": _size,
}
#: The network by its config.
CONFIG = {
    "--config FILE": "MMagic's .py or BasicSR's .yml",
    "--checkpoint FILE": "weights for --config",
}
FCA2 = {
    "--fca2 [fast]": "put FCA² around the network of --config, which saves about half of its work "
    "and needs no training: fast (default) or tiny_fast",
}
DEVICE = {
    "--device DEVICE": "cpu, cuda, cuda:1, ... (default: a GPU if there is one)",
    "--dtype DTYPE": "float32, bfloat16 (bf16) or float16 (fp16); flow and warping stay in float32 "
    "(default: float32)",
}
#: How it runs, and what makes it faster: what ``read_settings`` reads.
SETTINGS = {
    **DEVICE,
    "--channels-last": "keep features in the channels-last memory layout",
    "--compile": "compile the network with torch.compile, which takes minutes",
    "--cuda-graphs": "record a pass as a CUDA graph and replay it; for clips of one shape",
}
#: The network that upscales a video.
NETWORK = {
    **CONFIG,
    "--weights NAME": "a network that ships; the list is below",
    "--phase PHASE": "position of LQ pixels in the training of --checkpoint: centred in their "
    "blocks, or first (default: from checkpoint and config)",
    **FCA2,
    **DEVICE,
}
OLD_NETWORK = {"--preset": "--weights", "--precision": "--dtype"}
#: What ``NETWORK`` says is below.
WEIGHTS = "\n".join(
    [
        "weights that ship (x1: enhancement at the same size):",
        *(f"  {name:16} {about}" for name, about in list_weights().items()),
    ]
)


def add_options(
    group: argparse._ActionsContainer, table: Mapping[str, str], required: Sequence[str] = ()
) -> None:
    """Add arguments as the help shows them.

    ``--chunk N`` takes a value, of which ``KINDS`` says what it is, ``--clips NAME ...`` one or
    more, ``--to basicsr|mmagic`` one of these, and ``--quiet`` none. ``--fca2 [fast]`` stands for
    ``--fca2 fast``, too. ``source IN ...`` has no dashes, and becomes ``source``.

    Args:
        group: A parser, or a group of its options.
        table: What each argument does.
        required: The options that must be given.
    """
    for argument, about in table.items():
        flag, *words = argument.split()
        how: dict[str, Any] = {"nargs": "+"} if "..." in words else {}
        value = " ".join(words).removesuffix(" ...")
        if "|" in value:
            how["choices"] = value.split("|")
        elif value.startswith("["):
            how |= {"nargs": "?", "metavar": value[1:-1], "const": value[1:-1]}
        elif value:
            how |= {"metavar": value, "type": KINDS.get(value)}
        elif flag.startswith("--"):
            how["action"] = "store_true"
        if flag in required:
            how["required"] = True
        group.add_argument(flag, help=about, **how)


def given(args: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """The options of these names that were given; for others, whoever takes them has a default."""
    options = {name: getattr(args, name) for name in names}
    return {name: value for name, value in options.items() if value is not None}


def read_settings(args: argparse.Namespace) -> InferenceSettings:
    """What the options of ``SETTINGS`` say.

    Raises:
        ValueError: An unknown type, or options that do not go together.
    """
    return InferenceSettings(**given(args, (one.name for one in fields(InferenceSettings))))


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
