"""The manifest of a data set: how it was made, and whether it would be made the same way again."""

import json
from pathlib import Path

from fca2_plugin._files import write_text

__all__ = ["as_json", "check_same", "read_json", "write_json"]


def check_same(root: Path, what: str, before: dict, now: dict) -> None:
    """Refuse to go on with a data set that was begun differently.

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


def read_json(path: Path) -> dict | None:
    """Return what a JSON file holds; ``None`` where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def write_json(path: Path, value: dict) -> None:
    """Write JSON; until it is all there, what was at ``path`` stays."""
    write_text(path, json.dumps(value, indent=1) + "\n")
