"""Options that have another name now: whoever gives the old one is told the new one."""

import argparse
from collections.abc import Mapping
from typing import Any

__all__ = ["add_renamed"]


def add_renamed(parser: argparse.ArgumentParser, names: Mapping[str, str]) -> None:
    """Refuse old options with a sentence that names the new ones.

    Args:
        parser: Of the verb.
        names: The new spelling by the old one: ``{"--precision": "--dtype"}``.
    """
    for old, new in names.items():
        parser.add_argument(old, action=_Renamed, new=new, nargs="*", help=argparse.SUPPRESS)


class _Renamed(argparse.Action):
    def __init__(self, *args: Any, new: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.new = new

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        parser.error(f"{self.option_strings[0]} is called {self.new} now; use that name")
