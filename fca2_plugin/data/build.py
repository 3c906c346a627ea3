"""Build a compressed data set: ground truth, raw LQ, and LQ at each CRF, as folders of PNG.

    root/<split>/gt/<clip>/00000000.png     cut to a multiple of the scale
    root/<split>/lq/<clip>/                 Gaussian blur, every scale-th pixel (Sec. IV-A)
    root/<split>/lq_crf15/<clip>/           the same through a real encoder, one folder a CRF
    root/manifest.json                      settings, versions and checksums; written last

Every folder appears whole or not at all, so a killed run goes on where it stopped.
"""

import hashlib
import itertools
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np

from fca2_plugin._files import file_sha256
from fca2_plugin.codec import (
    CodecSettings,
    count_frames,
    encode_decode,
    library_versions,
    probe,
    read_video,
)
from fca2_plugin.data.clips import Clip, find_clips, read_frames, write_frames
from fca2_plugin.data.degrade import crop_to_multiple, downsample
from fca2_plugin.data.manifest import as_json, check_same, read_json, write_json
from fca2_plugin.data.mix import CrfMix
from fca2_plugin.data.source import ClipSource, SourceClip

__all__ = ["build_clips", "video_clips"]

MANIFEST = "manifest.json"
JOURNAL = ".building.json"  # the same arguments and versions, while the build is unfinished
DOWNSAMPLING = "comisr"
_SAFE_NAME = re.compile(r"[\w\-+=,@ ][\w\-+=,@ .]*(/[\w\-+=,@ ][\w\-+=,@ .]*)?")

Progress = Callable[[int, int | None, str], None]


def build_clips(
    source: Iterable[SourceClip],
    root: str | os.PathLike,
    *,
    scale: int = 4,
    crfs: Sequence[int] = (15, 25, 35),
    settings: CodecSettings | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a data set, or finish one that was interrupted, and return ``root``.

    With a ``ClipSource`` (``demo_clips``, ``video_clips``) a second call returns at once; with any
    other iterable the clips on disk are compared with it.

    Args:
        source: Gives (split, clip name, frames).
        root: A new or empty folder, or one that this function has written.
        scale: Downsampling factor.
        crfs: The CRFs to compress to.
        settings: Encoder settings without ``crf`` and ``qp``; x264, YUV 4:4:4 by default.
        progress: Called after each clip with (done, total or ``None``, text).

    Raises:
        TypeError: ``source`` is a path; wrap it in ``video_clips``.
        ValueError: The folder holds something else, was built with other arguments or library
            versions, or a clip is bad.
    """
    settings = settings or CodecSettings()
    if isinstance(source, str | os.PathLike):
        raise TypeError(f"build_clips needs clips, not a path; give it video_clips({source!r}, 7)")
    if settings.crf is not None or settings.qp is not None:
        raise ValueError("build_clips takes its CRFs from crfs; leave settings.crf and .qp out")
    crfs = CrfMix(tuple(crfs), raw_prob=1).crfs  # its checks
    root = Path(root)
    recipe = getattr(source, "recipe", None)
    arguments = as_json(
        {
            "scale": scale,
            "downsampling": DOWNSAMPLING,
            "crfs": crfs,
            "codec": {k: v for k, v in asdict(settings).items() if k not in ("crf", "qp")},
            "source": recipe,
        }
    )
    if recipe is not None and _is_finished(root, arguments):
        return root
    clips = iter(source)
    first = next(clips, None)
    if first is None:
        raise ValueError(f"the source gives no clips, so {root} was not written")
    versions = library_versions(settings.codec) | {"opencv": cv2.__version__}
    _begin(root, arguments, versions)

    total = len(source) if hasattr(source, "__len__") else None
    entries: dict[tuple[str, str], dict] = {}
    for done, (split, name, frames) in enumerate(itertools.chain([first], clips), start=1):
        _check_names(split, name, entries)
        entries[split, name] = _build_clip(root, split, name, frames, scale, crfs, settings)
        if progress is not None:
            progress(done, total, f"{split}/{name}")
    _check_no_strangers(root, entries)
    write_json(
        root / MANIFEST,
        {
            "arguments": arguments,
            "versions": versions,
            "num_clips": _count_by_split(entries),
            "clips": list(entries.values()),
        },
    )
    (root / JOURNAL).unlink(missing_ok=True)
    return root


def _build_clip(
    root: Path,
    split: str,
    name: str,
    frames: Iterable[np.ndarray],
    scale: int,
    crfs: Sequence[int],
    settings: CodecSettings,
) -> dict:
    """Write whichever folders of one clip are missing, and return its manifest entry."""
    gt = [crop_to_multiple(frame, scale) for frame in frames]
    gt_folder = root / split / "gt" / name
    if gt_folder.exists():
        _check_kept(gt_folder, gt)
    else:
        write_frames(gt_folder, gt)
    lq = [downsample(frame, scale, DOWNSAMPLING) for frame in gt]
    folders = {"gt": gt_folder}
    for crf in (None, *crfs):
        kind = "lq" if crf is None else f"lq_crf{crf}"
        folders[kind] = root / split / kind / name
        if not folders[kind].exists():
            coded = lq if crf is None else encode_decode(lq, replace(settings, crf=crf))
            write_frames(folders[kind], coded)
        found = len(list(folders[kind].glob("*.png")))
        if found != len(gt):
            raise ValueError(
                f"{folders[kind]} holds {found} frames instead of {len(gt)}; "
                "remove that folder and run again"
            )
    height, width = gt[0].shape[:2]
    return {
        "split": split,
        "name": name,
        "num_frames": len(gt),
        "gt_size": [height, width],
        "lq_size": [height // scale, width // scale],
        "sha256": {kind: _folder_sha256(folder) for kind, folder in folders.items()},
    }


def _check_kept(folder: Path, frames: Sequence[np.ndarray]) -> None:
    """Refuse a finished folder that holds other frames than the source gives."""
    kept = Clip(folder.name, tuple(sorted(folder.glob("*.png"))))
    same = len(kept) == len(frames) and all(map(np.array_equal, read_frames(kept), frames))
    if not same:
        raise ValueError(
            f"{folder} holds other frames than the source gives; "
            "remove that data set or choose another folder"
        )


def _check_names(split: str, name: str, entries: Mapping[tuple[str, str], dict]) -> None:
    for what, text in (("split", split), ("clip", name)):
        if not _SAFE_NAME.fullmatch(text) or (what == "split" and "/" in text):
            raise ValueError(
                f"{text!r} cannot be the name of a {what} folder; use letters, digits, - and _"
            )
    if (split, name) in entries:
        raise ValueError(f"the source gives the clip {split}/{name} twice; names must differ")


def _check_no_strangers(root: Path, entries: Mapping[tuple[str, str], dict]) -> None:
    for split in {split for split, _ in entries}:
        for clip in find_clips(root / split / "gt"):
            if (split, clip.name) not in entries:
                raise ValueError(
                    f"{root} also holds the clip {split}/{clip.name}, which the source does not "
                    "give; remove that data set or choose another folder"
                )


def _is_finished(root: Path, arguments: dict) -> bool:
    """Return whether ``root`` is complete; raise where it was built with other arguments."""
    manifest = read_json(root / MANIFEST)
    if manifest is None:
        return False
    check_same(root, "arguments", manifest["arguments"], arguments)
    return all(
        (root / clip["split"] / kind / clip["name"]).is_dir()
        for clip in manifest["clips"]
        for kind in clip["sha256"]
    )


def _begin(root: Path, arguments: dict, versions: dict) -> None:
    """Make ``root`` ready: new, or begun with the same arguments and versions."""
    started = read_json(root / MANIFEST) or read_json(root / JOURNAL)
    if started is not None:
        check_same(root, "arguments", started["arguments"], arguments)
        check_same(root, "versions", started["versions"], versions)
        for leftover in root.rglob(".*.tmp"):
            shutil.rmtree(leftover, ignore_errors=True)
        return
    if root.exists() and (not root.is_dir() or any(p.name[0] != "." for p in root.iterdir())):
        raise ValueError(
            f"{root} is not an empty folder and holds no {MANIFEST}; choose another folder"
        )
    root.mkdir(parents=True, exist_ok=True)
    write_json(root / JOURNAL, {"arguments": arguments, "versions": versions})


def _count_by_split(entries: Iterable[tuple[str, str]]) -> dict[str, int]:
    splits = [split for split, _ in entries]
    return {split: splits.count(split) for split in dict.fromkeys(splits)}


def _folder_sha256(folder: Path) -> str:
    """Hash the names and bytes of a folder's images."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.png")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def video_clips(
    path: str | os.PathLike,
    num_frames: int,
    train_fraction: float = 0.8,
    max_clips: int | None = None,
) -> ClipSource:
    """Cut a video into clips: training from its front, test from its end.

    One clip between the two is left out, so no test frame is next to a training frame. A scene
    cut may fall inside a clip.

    Args:
        path: The video file.
        num_frames: Frames of a clip.
        train_fraction: The share of the clips for training; at least one goes to each part.
        max_clips: Use no more than so many, counted from the start of the video.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a video, is too short for three clips, or an argument is out of range.
    """
    path = Path(path)
    if num_frames < 1 or (max_clips is not None and max_clips < 2) or not 0 < train_fraction < 1:
        raise ValueError(
            "video_clips needs num_frames of at least 1, max_clips of at least 2 and "
            f"train_fraction between 0 and 1, got {num_frames}, {max_clips} and {train_fraction}"
        )
    probe(path)  # before anything is written: is it a video at all?
    least = count_frames(path, 3 * num_frames)
    if least < 3 * num_frames:
        raise ValueError(
            f"{path} has {least} frames, too few for a training clip, a gap and a test clip of "
            f"{num_frames} each; give a longer video"
        )

    def num_slots() -> int:
        """Count the clips, the gap included."""
        at_most = None if max_clips is None else (max_clips + 1) * num_frames
        return count_frames(path, at_most) // num_frames

    def make() -> Iterator[tuple[str, str, list[np.ndarray]]]:
        slots = num_slots()
        num_train = min(max(round(train_fraction * (slots - 1)), 1), slots - 2)
        frames = read_video(path, slots * num_frames)
        for slot in range(slots):
            clip = list(itertools.islice(frames, num_frames))
            if slot != num_train:
                yield ("train" if slot < num_train else "test"), f"{slot:05d}", clip

    recipe = {
        "kind": "video",
        "file": path.name,
        "sha256": file_sha256(path),
        "num_frames": num_frames,
        "train_fraction": train_fraction,
        "max_clips": max_clips,
    }
    return ClipSource(recipe, make, lambda: num_slots() - 1)
