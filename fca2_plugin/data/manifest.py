"""The manifest of a data set: how it was made, and whether it would be made the same way again."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fca2_plugin._files import expecting, write_json

__all__ = ["MANIFEST", "as_json", "as_manifest", "check_same", "read_manifest", "write_manifest"]

MANIFEST = "manifest.json"  # in the folder of every data set that is made here


def check_same(root: Path, what: str, before: dict, now: dict) -> None:
    """Refuse to resume a data set that was begun with other arguments.

    Raises:
        ValueError: ``before`` and ``now`` differ; the message names the first key that does.
    """
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) != now.get(key):
            raise ValueError(
                f"{root} was built with other {what} ({key} was {before.get(key)!r}, now "
                f"{now.get(key)!r}); choose another folder, or remove that one"
            )


def as_json(value: Mapping) -> dict[str, Any]:
    """Return the value as it reads back from JSON, so that the two compare equal."""
    return json.loads(json.dumps(value, default=str))


def read_manifest(path: Path) -> dict[str, Any] | None:
    """Return the content of a manifest or journal; ``None`` if it does not exist.

    Raises:
        ValueError: The file is damaged, or is not a manifest.
    """
    if not path.is_file():
        return None
    with as_manifest(path):
        content = json.loads(path.read_text(encoding="utf-8"))
        return {**content, "arguments": {**content["arguments"]}}


def as_manifest(path: Path) -> contextlib.AbstractContextManager[None]:
    """If reading a manifest fails, raise an error that says it is not a manifest."""
    way_out = "make the data set again in another folder, or remove this one first"
    return expecting(path, "a manifest of `fca2 encode` or `fca2 mfqe`", way_out)


def write_manifest(path: Path, value: dict) -> None:
    """Write it with little space: it may list many thousand clips."""
    write_json(path, value, indent=1)
