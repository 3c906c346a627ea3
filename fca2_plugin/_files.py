"""Files that appear whole or not at all."""

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = [
    "Busy",
    "check_writable",
    "expecting",
    "file_at_once",
    "file_sha256",
    "folder_at_once",
    "locked",
    "only_writer",
    "read_json",
    "write_json",
    "write_text",
]


def write_text(path: Path, text: str) -> None:
    """Write ``text``; until it is all there, what was at ``path`` stays."""
    with file_at_once(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def file_at_once(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; rename it on success, remove it on an error."""
    temporary = path.with_name(f".{path.name}.part")
    if temporary.is_symlink():  # put there by somebody: it would be written through
        temporary.unlink()
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


def write_json(path: Path, content: object, indent: int = 2) -> None:
    """Write ``content`` as JSON, as ``write_text`` does."""
    write_text(path, json.dumps(content, indent=indent) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        FileNotFoundError: It is not there.
        ValueError: It is not JSON.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # UnicodeDecodeError is one, too
        raise ValueError(f"{path} is not a JSON file: {error}") from error


#: What readers raise over a damaged file.
_DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    ZeroDivisionError,
    zipfile.BadZipFile,
)


@contextlib.contextmanager
def expecting(path: Path, what: str, way_out: str) -> Iterator[None]:
    """Say in one sentence that a file is not what it should be, where reading it fails.

    Args:
        path: The file.
        what: What it should be.
        way_out: What to do.

    Raises:
        ValueError: Its content has another form.
    """
    try:
        yield
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:100]
        raise ValueError(
            f"{path} is not {what} ({type(error).__name__}: {reason}); {way_out}"
        ) from error


def check_writable(path: Path, make: bool = True) -> None:
    """Make the folder of ``path`` and see that files can appear there, before long work.

    Args:
        path: The file.
        make: Whether to make the folder; else only what is there already is looked at.

    Raises:
        ValueError: ``path`` is a folder, its folder is a file or may not be written to.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; expected the name of a file to write")
    folder = path.parent
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = next(parent for parent in path.parents if parent.exists())
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"{path} cannot be written ({error.strerror}); choose a folder where you have write "
            "permission"
        ) from error


_HAS_LOCKS = importlib.util.find_spec("fcntl") is not None  # not on Windows


class Busy(ValueError):
    """Another process has what is asked for."""


@contextlib.contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file, which is gone at the end.

    The system frees it when its owner ends in whatever way, so that others can take it over; on
    file systems that several machines share, too.

    Args:
        path: The lock file.
        what: What it stands for, for the error.

    Raises:
        Busy: Another process holds it.
    """
    if not _HAS_LOCKS:
        yield
        return
    while True:
        handle = _lock(path, os.O_RDWR | os.O_CREAT, what)
        # who held it before may have taken the file away before it was locked
        if _is_at(handle, path):
            break
        os.close(handle)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _lock(path: Path, flags: int, what: str) -> int:
    """Open a file or folder and lock it without waiting; return its descriptor."""
    fcntl = importlib.import_module("fcntl")
    handle = os.open(path, flags, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise Busy(f"another process is writing to {what}; wait until it has finished") from error
    return handle


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Keep other processes that ask, too, out of a folder; the system forgets it at any end.

    Raises:
        Busy: Another process has it.
    """
    if not _HAS_LOCKS:
        yield
        return
    handle = _lock(folder, os.O_RDONLY, str(folder))
    try:
        yield
    finally:
        os.close(handle)
