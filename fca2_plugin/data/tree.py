"""A compressed data set on disk, while it is being written and afterwards.

::

    root/<split>/gt/<clip>/00000000.png     one folder for each kind: gt, lq, lq_crf15, ...
    root/manifest.json                      arguments, versions, checksums; written last
    root/.building.jsonl                    the same, line by line, until then

Without splits, ``<split>`` is left out. Every folder is written atomically, and completed folders
are listed in the journal; a resumed build makes only the others.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from fca2_plugin._files import only_writer, write_text
from fca2_plugin.data.manifest import (
    MANIFEST,
    as_json,
    as_manifest,
    check_same,
    read_manifest,
    write_manifest,
)

__all__ = [
    "JOURNAL",
    "Key",
    "Part",
    "Tree",
    "check_clip_name",
    "folder_sha256",
    "frames_sha256",
    "manifest_parts",
]

JOURNAL = ".building.jsonl"
_SAFE_NAME = re.compile(r"[\w\-+=,@ ][\w\-+=,@ .]*(/[\w\-+=,@ ][\w\-+=,@ .]*)?")

Key = tuple[str, str, str]  # split, clip, kind
Rates = Mapping[str, Fraction | float]  # frames per second of each coded kind


@dataclass(frozen=True)
class Part:
    """One clip of one kind, finished.

    Args:
        split: Its split, or nothing.
        name: The clip.
        kind: ``gt``, ``lq``, ``lq_crf25``, ...
        num_frames: The frames of the clip.
        size: Height and width of a frame.
        sha256: Of the names and bytes of all its images.
        num_bytes: What the encoder made of it; None for frames that were not coded.
        types: How each frame was coded, one letter each: ``I``, ``P``, ``B``, or ``?``; None for
            frames that were not coded.
    """

    split: str
    name: str
    kind: str
    num_frames: int
    size: tuple[int, int]
    sha256: str
    num_bytes: int | None = None
    types: str | None = None

    @property
    def key(self) -> Key:
        return self.split, self.name, self.kind


class Tree:
    """A data set and its finished parts.

    Args:
        root: A new or empty folder, or one that was begun with the same arguments.
        arguments: Everything that decides what is written, but the versions.
        frames_in: The folder below ``root`` in which the kinds lie; ``root`` itself by default.
    """

    def __init__(
        self, root: str | os.PathLike, arguments: Mapping[str, object], frames_in: str = ""
    ) -> None:
        self.root = Path(root)
        self.arguments = as_json(arguments)
        self.frames_in = frames_in
        self.parts: dict[Key, Part] = {}
        self._versions: dict = {}

    def folder(self, split: str, name: str, kind: str) -> Path:
        return self.root / self.frames_in / split / kind / name

    def finished_manifest(self) -> dict | None:
        """Return the manifest, if there is one.

        Raises:
            ValueError: It was built with other arguments.
        """
        manifest = read_manifest(self.root / MANIFEST)
        if manifest is not None:
            check_same(self.root, "arguments", manifest["arguments"], self.arguments)
        return manifest

    def has_all(self, manifest: Mapping) -> bool:
        """Return whether every folder of its manifest is there."""
        parts = manifest_parts(self.root, manifest)
        return all(self.folder(*part.key).is_dir() for part in parts)

    @contextlib.contextmanager
    def writing(self, versions: Mapping[str, str]) -> Iterator[None]:
        """Keep the folder to this process, find its finished parts, and keep those at an error.

        Raises:
            ValueError: It contains something else, was begun with other arguments or versions, or
                another process has it.
        """
        if self.root.is_file():
            raise ValueError(self._not_empty())
        self.root.mkdir(parents=True, exist_ok=True)
        with only_writer(self.root):
            self._begin(dict(versions))
            try:
                yield
            except BaseException:
                if not self.parts:
                    (self.root / JOURNAL).unlink(missing_ok=True)
                raise

    def _begin(self, versions: dict[str, str]) -> None:
        self._versions = versions
        manifest, parts = self.finished_manifest(), []
        if manifest is not None:
            parts = manifest_parts(self.root, manifest)
        else:
            with as_manifest(self.root / JOURNAL):
                manifest, parts = _read_journal(self.root / JOURNAL)
        if manifest is not None:
            check_same(self.root, "arguments", manifest["arguments"], self.arguments)
            check_same(self.root, "versions", manifest["versions"], versions)
            for leftover in self.root.rglob(".*.tmp"):
                shutil.rmtree(leftover, ignore_errors=True)
        elif any(p.name[0] != "." for p in self.root.iterdir()):
            raise ValueError(self._not_empty())
        self.parts = {part.key: part for part in parts if self.folder(*part.key).is_dir()}
        self._write_journal()  # again: its last line may be cut off

    def _not_empty(self) -> str:
        return f"{self.root} is not empty and has no {MANIFEST}; choose another folder"

    def _write_journal(self) -> None:
        header = {"arguments": self.arguments, "versions": self._versions}
        lines = [header, *map(asdict, self.parts.values())]
        write_text(self.root / JOURNAL, "".join(json.dumps(line) + "\n" for line in lines))

    def note(self, part: Part) -> None:
        """Remember that a folder is finished."""
        if part.key in self.parts:
            return
        self.parts[part.key] = part
        with (self.root / JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(asdict(part)) + "\n")

    def make_room(self, key: Key) -> Path:
        """Return the folder to write, without what an unfinished build left there."""
        folder = self.folder(*key)
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def finished(self, key: Key) -> Part | None:
        """Return the part if its folder is finished.

        Raises:
            ValueError: Images are missing in it.
        """
        part = self.parts.get(key)
        if part is None:
            return None
        folder = self.folder(*key)
        found = sum(1 for _ in folder.glob("*.png"))
        if found != part.num_frames:
            raise ValueError(
                f"{folder} contains {found} frames instead of {part.num_frames}; remove that "
                "folder and run again"
            )
        return part

    def finish(self, clips: Sequence[tuple[str, str]], kinds: Sequence[str], fps: Rates) -> dict:
        """Write the manifest of the clips (split, name), in that order, and return it.

        Args:
            clips: The clips.
            kinds: What there is of each.
            fps: The frame rate of each coded kind.

        Raises:
            ValueError: The kinds of a clip differ in their number of frames.
        """
        entries = []
        for split, name in clips:
            parts = {kind: self.parts[split, name, kind] for kind in kinds}
            if len({part.num_frames for part in parts.values()}) > 1:
                counts = ", ".join(f"{kind} {part.num_frames}" for kind, part in parts.items())
                raise ValueError(f"the numbers of frames of the clip {name} differ ({counts})")
            entries.append(_entry(split, name, parts, fps))
        manifest = {
            "arguments": self.arguments,
            "versions": self._versions,
            "num_clips": _count_by_split([split for split, _ in clips]),
            "clips": entries,
        }
        write_manifest(self.root / MANIFEST, manifest)
        self.tidy()
        return manifest

    def tidy(self) -> None:
        """Remove files that only an unfinished data set needs."""
        (self.root / JOURNAL).unlink(missing_ok=True)
        if self.frames_in:
            shutil.rmtree(self.root / self.frames_in, ignore_errors=True)


def _count_by_split(splits: Sequence[str]) -> dict[str, int] | int:
    if not any(splits):
        return len(splits)
    return {split: splits.count(split) for split in dict.fromkeys(splits)}


def check_clip_name(split: str, name: str, seen: Iterable[tuple[str, str]]) -> None:
    """Check the name of a clip.

    Raises:
        ValueError: It cannot name a folder, or another clip has it.
    """
    for what, text in (("split", split), ("clip", name)):
        if not _SAFE_NAME.fullmatch(text) or (what == "split" and "/" in text):
            raise ValueError(
                f"{text!r} cannot be the name of a {what} folder; use letters, digits, - and _"
            )
    if (split, name) in seen:
        raise ValueError(f"the source has the clip {split}/{name} twice; names must differ")


def _entry(split: str, name: str, parts: Mapping[str, Part], fps: Rates) -> dict:
    """Return a clip of the manifest."""
    count = next(iter(parts.values())).num_frames
    entry: dict[str, Any] = {"split": split, "name": name, "num_frames": count}
    for kind in ("gt", "lq"):
        if kind in parts:
            entry[f"{kind}_size"] = list(parts[kind].size)
    entry["sha256"] = {kind: part.sha256 for kind, part in parts.items()}
    coded = {k: p.num_bytes for k, p in parts.items() if p.num_bytes is not None}
    entry["num_bytes"] = coded
    entry["kbps"] = {k: round(float(8e-3 * n * fps[k] / count), 2) for k, n in coded.items()}
    entry["types"] = {kind: part.types for kind, part in parts.items() if part.types is not None}
    return entry


def manifest_parts(root: Path, manifest: Mapping) -> list[Part]:
    """Return the finished folders that the manifest of ``root`` lists: ``_entry`` backwards.

    Raises:
        ValueError: The manifest is damaged.
    """
    with as_manifest(root / MANIFEST):
        return [
            Part(
                clip["split"],
                clip["name"],
                kind,
                clip["num_frames"],
                tuple(clip["gt_size" if kind == "gt" else "lq_size"]),
                sha256,
                clip["num_bytes"].get(kind),
                clip.get("types", {}).get(kind),
            )
            for clip in manifest["clips"]
            for kind, sha256 in clip["sha256"].items()
        ]


def _read_journal(path: Path) -> tuple[dict | None, list[Part]]:
    """Return its first line, and the folders in the others; a line that was cut off is left out."""
    if not path.is_file():
        return None, []
    first, *others = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines = [json.loads(line) for line in others if line.endswith("\n")]
    return json.loads(first), [Part(**{**line, "size": tuple(line["size"])}) for line in lines]


def frames_sha256(images: Iterable[tuple[str, bytes | memoryview]]) -> str:
    """Hash the names and bytes of images."""
    digest = hashlib.sha256()
    for name, data in images:
        digest.update(name.encode())
        digest.update(data)
    return digest.hexdigest()


def folder_sha256(folder: Path) -> str:
    """Hash the names and bytes of a folder's images."""
    return frames_sha256((path.name, path.read_bytes()) for path in sorted(folder.glob("*.png")))
