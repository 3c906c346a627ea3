"""Which clips are compared with which: by name, in folders or in a tree that ``fca2 encode`` wrote.

A tree has one or more *conditions*: ``lq`` is called ``raw`` and ``lq_crf25`` ``crf25``. Plain
folders are one condition without a name.
"""

import functools
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fca2_plugin._suggest import check_choice, did_you_mean
from fca2_plugin.data import Media, find_media, media_shape
from fca2_plugin.data.clips import visible_entries
from fca2_plugin.data.manifest import MANIFEST, as_manifest, read_manifest
from fca2_plugin.data.media import media_names
from fca2_plugin.data.numbering import check_same_frames

__all__ = ["OpenedTree", "ClipPair", "check_pairs", "find_pairs", "open_tree", "size_message"]

DEFAULT_SPLIT = "test"


@dataclass(frozen=True)
class ClipPair:
    """One clip under one condition.

    Args:
        name: The ground truth's name.
        gt: The ground truth.
        lq: The low-resolution clip, where there is one.
        sr: The finished result, where there is one.
        condition: The condition's name, empty where there is only one.
        num_frames: Frames of the clip; 0 until ``check_pairs`` has counted them.
        types: How each frame of the LQ was coded, one letter each, where that is known.
    """

    name: str
    gt: Media
    lq: Media | None = None
    sr: Media | None = None
    condition: str = ""
    num_frames: int = 0
    types: str | None = None

    @property
    def label(self) -> str:
        """The clip in a message."""
        return f"{self.condition} {self.name}".strip()

    def need(self, side: str) -> Media:
        """``lq`` or ``sr``, where nothing can be measured without.

        Raises:
            ValueError: There is none.
        """
        media: Media | None = getattr(self, side)
        if media is None:
            raise ValueError(f"{self.label} has no {side} clip, and this needs one; give --{side}")
        return media


@dataclass(frozen=True)
class OpenedTree:
    """A data set on disk, one split of it.

    Args:
        gt: The folder of the ground truth.
        lq: The folder of each condition, in the order of the names.
        scale: How many times smaller the LQ is.
        degradation: How it was made.
        types: Of the frames of each clip, by condition and name, where they are known.
    """

    gt: Path
    lq: Mapping[str, Path]
    scale: int
    degradation: str
    types: Mapping[tuple[str, str], str] = field(default_factory=dict)


def open_tree(root: str | os.PathLike, split: str | None = None) -> OpenedTree:
    """Read what ``fca2 encode`` wrote.

    Args:
        root: The folder with the manifest.
        split: Which part; by default the only one, or ``test``.

    Raises:
        FileNotFoundError: The folder does not exist, or no manifest.
        ValueError: The manifest cannot be read, or the split or the LQ is not there.
    """
    root = Path(root)
    path = root / MANIFEST
    manifest = read_manifest(path)
    if manifest is None:
        raise FileNotFoundError(
            f"{path} does not exist; give a folder that `fca2 encode` has finished, or --lq and "
            "--gt"
        )
    arguments = manifest["arguments"]
    with as_manifest(path):
        scale = int(arguments["scale"])
        degradation = str(arguments.get("degradation") or arguments["downsampling"])
    part = _split(root, split)
    folder = root / part
    kinds = {kind.name.removesuffix(".lmdb"): kind for kind in visible_entries(folder)}
    lq = {_condition(name): kind for name, kind in kinds.items() if re.match("lq(_|$)", name)}
    if not lq:
        raise ValueError(f"{folder} contains no LQ; expected folders lq, lq_crf15, ...")
    types = {
        (_condition(kind), clip["name"]): found
        for clip in manifest.get("clips", ())
        if clip["split"] == part
        for kind, found in clip.get("types", {}).items()
    }
    return OpenedTree(_member(folder, "gt"), lq, scale, degradation, types)


def _condition(kind: str) -> str:
    """What a folder's condition is called."""
    return kind.removeprefix("lq").removeprefix("_") or "raw"


def _member(folder: Path, kind: str) -> Path:
    """``kind`` as a folder of clips or as an LMDB."""
    database = folder / f"{kind}.lmdb"
    return database if database.is_dir() else folder / kind


def _split(root: Path, split: str | None) -> str:
    """Return the folder of a split below the root: empty where there are no splits."""
    if _member(root, "gt").is_dir():
        if split is not None:
            raise ValueError(f"{root} has no splits; leave out split={split!r}")
        return ""
    splits = sorted(p.name for p in root.iterdir() if p.is_dir() and _member(p, "gt").is_dir())
    if not splits:
        raise ValueError(
            f"{root} contains no ground truth; expected {root}/gt or {root}/<split>/gt"
        )
    if split is None:
        split = splits[0] if len(splits) == 1 else DEFAULT_SPLIT
    return check_choice(f"split of {root}", split, splits)


def find_pairs(
    gt: str | os.PathLike,
    *,
    lq: str | os.PathLike | None = None,
    sr: str | os.PathLike | None = None,
    condition: str = "",
) -> list[ClipPair]:
    """ClipPair clips by name; a single one on both sides pairs whatever its name.

    Raises:
        FileNotFoundError: A folder or video is not there.
        ValueError: A clip of one side is missing on another; the message suggests the nearest.
    """
    truths = find_media(gt)
    others: dict[str, Any] = {
        kind: _by_name(find_media(path), path, truths, gt)
        for kind, path in (("lq", lq), ("sr", sr))
        if path is not None
    }
    return [
        ClipPair(clip.name, clip, condition=condition, **{k: v[i] for k, v in others.items()})
        for i, clip in enumerate(truths)
    ]


def _by_name(found: Sequence[Media], path, truths: Sequence[Media], gt) -> list[Media]:
    """The clips of ``path`` in the order of the ground truth."""
    if len(found) == len(truths) == 1:
        return list(found)
    clips = {clip.name: clip for clip in found}
    names = {clip.name: clip for clip in truths}
    for place, has, other, wanted in ((path, clips, gt, names), (gt, names, path, clips)):
        for name in wanted:
            if name not in has:
                raise ValueError(
                    f"{place} contains no clip {name}, but {other} does{did_you_mean(name, has)}"
                )
    return [clips[clip.name] for clip in truths]


def check_pairs(pairs: Sequence[ClipPair], scale: int | None = None) -> list[ClipPair]:
    """Count frames and compare sizes before anything is computed, from headers where possible.

    Args:
        pairs: What ``find_pairs`` returned.
        scale: How many times larger than the LQ the ground truth must be; None checks no LQ size.

    Raises:
        FileNotFoundError: A file is gone.
        ValueError: Frames, their numbers or sizes of a pair do not fit.
    """
    shape = functools.cache(media_shape)  # the ground truth stands in the pairs of all conditions
    checked = []
    for pair in pairs:
        frames, *size = shape(pair.gt)
        for kind, media in (("SR", pair.sr), ("LQ", pair.lq)):
            if media is None:
                continue
            got, *own = shape(media)
            names, others = media_names(pair.gt), media_names(media)
            if names is not None and others is not None:
                check_same_frames(pair.label, names, others, "the ground truth", f"the {kind}")
            if got != frames:
                raise ValueError(
                    f"{pair.label} has {got} {kind} frames, but {frames} frames of ground truth; "
                    "remove the extra ones, or add the missing ones"
                )
            factor = 1 if kind == "SR" else scale
            if factor is not None and [factor * side for side in own] != size:
                raise ValueError(size_message(pair.label, kind, own, size, factor))
        checked.append(replace(pair, num_frames=frames))
    return checked


def size_message(
    label: str, kind: str, own: Sequence[int], size: Sequence[int], factor: int = 1
) -> str:
    """Say by how much two sizes (height, width) differ, and what to do."""
    expected = [factor * side for side in own]
    higher, wider = (a - b for a, b in zip(size, expected, strict=True))
    way_out = (
        "cut the ground truth at the right and at the bottom, as `fca2 encode` does"
        if min(higher, wider) >= 0 and max(higher, wider) < 16
        else "give results and ground truth of one size"
    )
    times = f", times {factor} {expected[1]}x{expected[0]}," if factor != 1 else ""
    return (
        f"{label}: the {kind} is {own[1]}x{own[0]}{times} and the ground truth {size[1]}x{size[0]} "
        f"({wider:+d} in width, {higher:+d} in height); {way_out}"
    )
