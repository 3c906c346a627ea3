"""Clips wherever they lie: folders of images, or one LMDB in BasicSR's layout.

X.lmdb/data.mdb         <clip>/<frame> -> the bytes of a PNG file
X.lmdb/meta_info.txt    <clip>/<frame>.png (h,w,3) <PNG level>, a line a frame
"""

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from fca2_plugin._files import folder_at_once
from fca2_plugin._optional import require
from fca2_plugin._suggest import check_choice, did_you_mean
from fca2_plugin.codec.frames import checked_frames
from fca2_plugin.data.clips import (
    PNG_LEVEL,
    Clip,
    decode_image,
    encode_png,
    find_clip,
    find_clips,
    numeric_key,
    read_frames,
)
from fca2_plugin.data.images import check_images, size_differs
from fca2_plugin.data.numbering import Numbering, check_numbering, find_numbering

__all__ = ["BACKENDS", "ClipStore", "open_clips", "write_lmdb"]

BACKENDS = ("disk", "lmdb")
META_INFO = "meta_info.txt"
MAX_KEY_BYTES = 511  # LMDB's
FIRST_MAP_BYTES = 1 << 26  # grows when it is full

_LINE = re.compile(r"(?P<key>\S.*)\.\w+ \((?P<h>\d+), ?(?P<w>\d+), ?\d+\)( \d+)?")


class ClipStore(Protocol):
    """Clips by name. Cheap to pickle, and safe to use in a forked process.

    Attributes:
        root: Their folder or LMDB.
        names: The clips, in order.

    Example:
        >>> from fca2_plugin.data import write_frames
        >>> write_frames("clips/one", [np.zeros((8, 8, 3), np.uint8)] * 2)
        2
        >>> open_clips("clips").num_frames("one")
        2
    """

    root: Path
    names: tuple[str, ...]

    def num_frames(self, name: str) -> int:
        """Return the number of a clip's frames."""

    def numbering(self, name: str) -> Numbering | None:
        """Return how a clip's frames are numbered; None where they are not."""

    def frame_names(self, name: str) -> list[str]:
        """Return the names of a clip's frames, without folder and suffix."""

    def size(self, name: str, every_frame: bool = True) -> tuple[int, int]:
        """Return a clip's (height, width): that of all its frames, or of the first alone."""

    def read(self, name: str, indices: Iterable[int] | None = None) -> list[np.ndarray]:
        """Return frames of a clip as ``uint8`` RGB: those at ``indices``, or all."""


def open_clips(
    root: str | os.PathLike, backend: str | None = None, names: Sequence[str] | None = None
) -> ClipStore:
    """Open the clips of a folder or an LMDB. No frame is read.

    Args:
        root: A folder of clips, or an ``.lmdb``.
        backend: ``disk`` or ``lmdb``; by default found from ``root``.
        names: The clips to open, in this order; all by default.

    Raises:
        FileNotFoundError: ``root`` or one of ``names`` is not there.
        ValueError: There are no clips, a clip has no frames or lacks some by their numbers, or the
            LMDB lacks frames or is damaged.

    Example:
        >>> from fca2_plugin.data import write_frames
        >>> write_frames("clips/one", [np.zeros((8, 8, 3), np.uint8)] * 2)
        2
        >>> open_clips("clips").names
        ('one',)
    """
    root = Path(root)
    if backend is None:
        backend = "lmdb" if root.suffix == ".lmdb" or (root / "data.mdb").is_file() else "disk"
    check_choice("backend", backend, BACKENDS)
    return (_LmdbStore if backend == "lmdb" else _DiskStore)(root, names)


def _chosen(frames: Sequence[Any], name: str, indices: Iterable[int] | None) -> list[Any]:
    """Return the entries at ``indices``."""
    if indices is None:
        return list(frames)
    indices = list(indices)
    for index in indices:
        if not 0 <= index < len(frames):
            raise ValueError(
                f"clip {name} has {len(frames)} frames, so frame {index} cannot be read"
            )
    return [frames[index] for index in indices]


class _DiskStore:
    """Folders of images. Files are listed again at each read: millions of paths are large."""

    def __init__(self, root: Path, names: Sequence[str] | None) -> None:
        if not root.is_dir():
            raise FileNotFoundError(f"there is no folder {root} to find clips in")
        clips = find_clips(root) if names is None else (find_clip(root, name) for name in names)
        self.root = root
        self._known = {clip.name: (len(clip), check_numbering(clip.frames)) for clip in clips}
        self.names = tuple(self._known)

    def num_frames(self, name: str) -> int:
        return self._known[name][0]

    def numbering(self, name: str) -> Numbering | None:
        return self._known[name][1]

    def frame_names(self, name: str) -> list[str]:
        return [path.stem for path in find_clip(self.root, name).frames]

    def size(self, name: str, every_frame: bool = True) -> tuple[int, int]:
        return check_images(find_clip(self.root, name).frames[: None if every_frame else 1])

    def read(self, name: str, indices: Iterable[int] | None = None) -> list[np.ndarray]:
        clip = find_clip(self.root, name)
        return read_frames(Clip(name, tuple(_chosen(clip.frames, name, indices))))


_environments: dict[tuple[int, str], Any] = {}  # LMDB wants one for each process and path


def _environment(root: Path) -> Any:
    """Open an LMDB once a process: an environment must not cross a fork."""
    key = (os.getpid(), os.fspath(root.resolve()))
    for other in [other for other in _environments if other[0] != key[0]]:
        del _environments[other]  # the parent's, which LMDB takes for an open one of this process
    if key not in _environments:
        lmdb = require("lmdb", "lmdb")
        try:
            environment = lmdb.open(
                key[1], readonly=True, lock=False, readahead=False, create=False
            )
        except lmdb.Error as error:
            raise ValueError(f"{root} cannot be opened as an LMDB ({error})") from error
        try:
            _check_length(root, environment)
        except ValueError:
            environment.close()
            raise
        _environments[key] = environment
    return _environments[key]


def _check_length(root: Path, environment: Any) -> None:
    """Compare the file with what it says of itself: a page beyond its end would end the process."""
    pages, size = environment.info()["last_pgno"] + 1, (root / "data.mdb").stat().st_size
    if size < pages * environment.stat()["psize"]:
        raise ValueError(
            f"{root / 'data.mdb'} is cut off: it has {size} bytes of "
            f"{pages * environment.stat()['psize']}; copy or make the LMDB again"
        )


@contextlib.contextmanager
def _transaction(root: Path, **options: bool) -> Iterator[Any]:
    """Read, and call what LMDB finds damaged by its name."""
    lmdb = require("lmdb", "lmdb")
    try:
        with _environment(root).begin(**options) as transaction:
            yield transaction
    except lmdb.Error as error:
        raise ValueError(f"{root} is damaged ({error}); copy or make the LMDB again") from error


class _LmdbStore:
    """One LMDB. Its list of frames is read when it is opened, the frames in the using process."""

    def __init__(self, root: Path, names: Sequence[str] | None) -> None:
        for file in ("data.mdb", META_INFO):
            if not (root / file).is_file():
                raise FileNotFoundError(
                    f"{root / file} does not exist; give an LMDB in BasicSR's layout, "
                    f"with data.mdb and {META_INFO}"
                )
        self.root = root
        clips = _read_meta_info(root / META_INFO)
        for name in names or ():
            if name not in clips:
                raise FileNotFoundError(
                    f"{root} contains no clip {name}{did_you_mean(name, clips)}"
                )
        self._clips = clips if names is None else {name: clips[name] for name in names}
        self.names = tuple(self._clips)
        self._numberings = {
            name: find_numbering(
                [frame for frame, _ in frames], [f"{name}/{frame} of {root}" for frame, _ in frames]
            )
            for name, frames in self._clips.items()
        }
        self._check_keys()

    def _check_keys(self) -> None:
        with _transaction(self.root) as transaction:
            cursor = transaction.cursor()
            for name, frames in self._clips.items():
                for frame, _ in frames:
                    if not cursor.set_key(f"{name}/{frame}".encode()):
                        raise ValueError(_missing_key(self.root, name, frame))

    def num_frames(self, name: str) -> int:
        return len(self._clips[name])

    def numbering(self, name: str) -> Numbering | None:
        return self._numberings[name]

    def frame_names(self, name: str) -> list[str]:
        return [frame for frame, _ in self._clips[name]]

    def size(self, name: str, every_frame: bool = True) -> tuple[int, int]:
        (first, size), *others = self._clips[name]
        for frame, other in others if every_frame else ():
            if other != size:
                where = f"{self.root}: {name}/{frame}"
                raise ValueError(size_differs(where, other, first, size))
        return size

    def read(self, name: str, indices: Iterable[int] | None = None) -> list[np.ndarray]:
        images = (
            decode_image(data, f"{name}/{frame} of {self.root}")
            for frame, data in self.files(name, indices)
        )
        return list(checked_frames(images))

    def files(
        self, name: str, indices: Iterable[int] | None = None
    ) -> Iterator[tuple[str, memoryview]]:
        """Yield the names of frames, and the bytes of their files until the next one."""
        with _transaction(self.root, buffers=True) as transaction:
            for frame, _ in _chosen(self._clips[name], name, indices):
                data = transaction.get(f"{name}/{frame}".encode())
                if data is None:
                    raise ValueError(_missing_key(self.root, name, frame))
                yield frame, data


def lmdb_images(root: Path, name: str) -> Iterator[tuple[str, memoryview]]:
    """Yield the name and the bytes of each image of a clip in an LMDB.

    Raises:
        FileNotFoundError: There is no such LMDB, or no such clip in it.
        ValueError: A frame is missing.
    """
    for frame, data in _LmdbStore(root, [name]).files(name):
        yield f"{frame}.png", data


def _missing_key(root: Path, name: str, frame: str) -> str:
    return (
        f"{root} does not contain the key {name}/{frame}, which its {META_INFO} lists; make the "
        "LMDB again or correct the list"
    )


def _read_meta_info(path: Path) -> dict[str, list[tuple[str, tuple[int, int]]]]:
    """Return clip -> (frame, (height, width)) in numeric order."""
    clips: dict[str, list[tuple[str, tuple[int, int]]]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        clip, _, frame = match["key"].rpartition("/") if match else ("", "", "")
        if match is None or not clip:
            raise ValueError(
                f"line {number} of {path} is {line.strip()!r}; expected "
                "'<clip>/<frame>.png (height,width,3) level'"
            )
        clips.setdefault(clip, []).append((frame, (int(match["h"]), int(match["w"]))))
    if not clips:
        raise ValueError(f"{path} lists no frames; make the LMDB again")
    for frames in clips.values():
        frames.sort(key=lambda entry: numeric_key(entry[0]))
    return clips


def write_lmdb(
    path: str | os.PathLike,
    clips: Iterable[tuple[str, Iterable[np.ndarray]]],
    frame_name: Callable[[int], str] = "{:08d}".format,
) -> int:
    """Write clips as an LMDB that BasicSR also reads, and return the number of frames.

    It appears under its name only when it is complete.

    Args:
        path: A new folder, ``<name>.lmdb``.
        clips: Gives (clip name, frames).
        frame_name: Names frame 0, 1, ...; BasicSR's Vimeo-90K set wants ``im1`` to ``im7``.

    Raises:
        TypeError: A frame is not a ``uint8`` array.
        ValueError: ``path`` exists or has another suffix, there are no clips, a name comes twice
            or is too long, or a clip has no frames or mixed sizes.

    Example:
        >>> frames = [np.zeros((8, 8, 3), np.uint8)] * 2
        >>> write_lmdb("clips.lmdb", [("one", frames)])
        2
        >>> open_clips("clips.lmdb").names
        ('one',)
    """
    lmdb = require("lmdb", "lmdb")
    path = Path(path)
    if path.suffix != ".lmdb":
        raise ValueError(f"{path} must end with .lmdb, or BasicSR will not open it")
    if path.exists():
        raise ValueError(f"{path} already exists; remove it or choose another name")
    lines: list[str] = []
    seen: set[str] = set()
    with folder_at_once(path) as temporary:
        with lmdb.open(os.fspath(temporary), map_size=FIRST_MAP_BYTES, lock=False) as environment:
            for name, frames in clips:
                if name in seen:
                    raise ValueError(f"the clip {name} appears twice; names must differ")
                seen.add(name)
                items = []
                for index, frame in enumerate(checked_frames(frames)):
                    key = f"{name}/{frame_name(index)}"
                    items.append((_checked_key(key), encode_png(frame)))
                    lines.append(f"{key}.png ({frame.shape[0]},{frame.shape[1]},3) {PNG_LEVEL}\n")
                if not items:
                    raise ValueError(f"the clip {name} has no frames; leave it out")
                _put(environment, items)
        if not seen:
            raise ValueError(f"there are no clips to write to {path}")
        (temporary / META_INFO).write_text("".join(lines), encoding="utf-8")
    return len(lines)


def _checked_key(key: str) -> bytes:
    data = key.encode()
    if len(data) > MAX_KEY_BYTES:
        raise ValueError(
            f"{key!r} is too long for a key: LMDB takes {MAX_KEY_BYTES} bytes, got {len(data)}"
        )
    return data


def _put(environment: Any, items: Sequence[tuple[bytes, bytes]]) -> None:
    """Store a clip in one transaction, doubling the map until it fits."""
    lmdb = require("lmdb", "lmdb")
    while True:
        try:
            with environment.begin(write=True) as transaction:
                for key, value in items:
                    transaction.put(key, value)
            return
        except lmdb.MapFullError:
            environment.set_mapsize(2 * environment.info()["map_size"])
