"""The manifest of a data set: how it was made, and whether it would be made the same way again."""

import json
from pathlib import Path

from fca2_plugin._files import read_json, write_json

__all__ = ["MANIFEST", "as_json", "check_same", "read_manifest", "write_manifest"]

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
                f"{now.get(key)!r}); choose another folder or remove that one"
            )


def as_json(value: dict) -> dict:
    """Return the value as it reads back from JSON, so that the two compare equal."""
    return json.loads(json.dumps(value, default=str))


def read_manifest(path: Path) -> dict | None:
    """Return what a manifest or journal holds; ``None`` where there is none."""
    return read_json(path) if path.is_file() else None


def write_manifest(path: Path, value: dict) -> None:
    """Write it with little space: it may list many thousand clips."""
    write_json(path, value, indent=1)
