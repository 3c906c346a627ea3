"""Old options: whoever gives one is told what took its place."""

import argparse
from collections.abc import Mapping
from typing import Any

__all__ = ["add_moved", "add_renamed"]


def add_renamed(parser: argparse.ArgumentParser, names: Mapping[str, str]) -> None:
    """Refuse old options with a sentence that names the new ones.

    Args:
        parser: Of the verb.
        names: The new spelling by the old one: ``{"--precision": "--dtype"}``.
    """
    for old, new in names.items():
        _refuse(parser, old, f"{old} is called {new} now; use that name")


def add_moved(parser: argparse.ArgumentParser, scripts: Mapping[str, str]) -> None:
    """Refuse options that a script replaces, by the command that starts it."""
    for old, script in scripts.items():
        _refuse(parser, old, f"{old} has become a script: {script}")


def _refuse(parser: argparse.ArgumentParser, option: str, sentence: str) -> None:
    parser.add_argument(
        option, action=_Refused, sentence=sentence, nargs="*", help=argparse.SUPPRESS
    )


class _Refused(argparse.Action):
    def __init__(self, *args: Any, sentence: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.sentence = sentence

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        parser.error(self.sentence)
