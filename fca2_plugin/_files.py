"""Files that appear whole or not at all."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

__all__ = ["file_at_once", "file_sha256", "folder_at_once", "write_text"]


def write_text(path: Path, text: str) -> None:
    """Write ``text``; until it is all there, what was at ``path`` stays."""
    with file_at_once(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def file_at_once(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; rename it on success, remove it on an error."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def folder_at_once(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``folder``; rename it on success, remove it on an error."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
