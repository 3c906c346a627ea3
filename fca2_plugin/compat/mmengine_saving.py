"""MMEngine's checkpoints appear whole or not at all, and the old one goes after the new one came.

Breaks: a run that is killed while it saves leaves half a file, and with ``max_keep_ckpts=1``
nothing else: the folder can never be resumed.
Why: MMEngine writes a checkpoint in place, after it removed the one that it replaces.
Here: local files are written beside their place and renamed; what the checkpoint hook removes is
removed when it has saved.
"""

import functools
import os
from collections.abc import Callable
from pathlib import Path

from mmengine.fileio.backends import LocalBackend
from mmengine.hooks import CheckpointHook

from fca2_plugin._files import file_at_once

__all__ = ["apply"]

_SAVING = ("_save_checkpoint_with_step", "_save_best_checkpoint")


def apply() -> str | None:
    LocalBackend.put = _put
    for name in _SAVING:
        method = getattr(CheckpointHook, name, None)  # the first is not in old releases
        if method is not None:
            setattr(CheckpointHook, name, _remove_afterwards(method))
    return "MMEngine removes the old checkpoint before it has written the new one"


def _put(self: LocalBackend, obj: bytes, filepath: str | Path) -> None:
    path = Path(filepath)
    path.parent.mkdir(parents=True, exist_ok=True)
    with file_at_once(path) as temporary:
        temporary.write_bytes(obj)


def _remove_afterwards(method: Callable) -> Callable:
    @functools.wraps(method)
    def save(self: CheckpointHook, *args: object, **kwargs: object) -> None:
        backend = self.file_backend
        if not isinstance(backend, LocalBackend):  # or it is held back already
            return method(self, *args, **kwargs)
        self.file_backend = later = _Later(backend)
        try:
            method(self, *args, **kwargs)
        finally:
            self.file_backend = backend
        for remove, path, file in later.removals:
            if os.path.lexists(path) and os.stat(path).st_ino == file:  # not saved again meanwhile
                remove(path)

    return save


class _Later:
    """A file backend that notes what to remove."""

    def __init__(self, backend: LocalBackend) -> None:
        self.backend = backend
        self.removals: list[tuple[Callable, str, int]] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.backend, name)

    def remove(self, path: str) -> None:
        self.removals.append((self.backend.remove, path, os.stat(path).st_ino))

    def rmtree(self, path: str) -> None:
        self.removals.append((self.backend.rmtree, path, os.stat(path).st_ino))
