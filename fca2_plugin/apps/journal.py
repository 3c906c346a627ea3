"""Finished clips of a run that may be killed, in a file beside its result."""

import contextlib
import hashlib
import json
from pathlib import Path

from fca2_plugin._files import write_text
from fca2_plugin.apps.pairs import ClipPair
from fca2_plugin.data.manifest import as_json
from fca2_plugin.data.media import media_files

__all__ = ["Journal"]


class Journal:
    """Clips by name, kept until the run is finished.

    An entry counts only for the same run (its ``settings``) on the same files (name, size and time
    of change).

    Args:
        result: The file that the run will write; None keeps nothing.
        settings: All that decides the numbers, in JSON types.
    """

    def __init__(self, result: Path | None, settings: dict) -> None:
        self.path = result and result.with_name(f".{result.name}.partial")
        self.settings = as_json(settings)
        self.clips: dict[str, dict] = {}
        self.was_begun = False
        if self.path is not None and self.path.is_file():
            with contextlib.suppress(ValueError, KeyError, TypeError):  # damaged: measure again
                kept = json.loads(self.path.read_text(encoding="utf-8"))
                if kept["settings"] == self.settings:
                    self.clips = dict(kept["clips"])
                    self.was_begun = True

    def begin(self) -> None:
        """Say that this run has begun, before it writes anything else."""
        if not self.was_begun:
            self._write()

    def get(self, pair: ClipPair) -> dict | None:
        """Return what was measured on a clip, or None."""
        entry = self.clips.get(pair.label)
        return entry["result"] if entry and entry["files"] == _stamp(pair) else None

    def put(self, pair: ClipPair, result: dict) -> None:
        """Keep a clip."""
        self.clips[pair.label] = {"files": _stamp(pair), "result": result}
        self._write()

    def _write(self) -> None:
        if self.path is not None:
            write_text(self.path, json.dumps({"settings": self.settings, "clips": self.clips}))

    def remove(self) -> None:
        """The run is finished."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _stamp(pair: ClipPair) -> str:
    digest = hashlib.sha256()
    for media in (pair.gt, pair.lq, pair.sr):
        for path in media_files(media) if media else ():
            state = path.stat()
            digest.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
