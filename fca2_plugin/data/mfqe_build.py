"""Build the stand-in for MFQE 2.0's coded videos with x265; see ``codec.lowdelay`` for its limits.

    root/<split>/raw/Name_WxH_N.yuv
    root/<split>/x265_LDP/QP37/Name_WxH_N.yuv    decoded, and Name_WxH_N.265, the stream
    root/<split>/x265_LDP/QP37/manifest.json     settings, versions and checksums; written last

Every file is written atomically, so an interrupted build can be resumed.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from fca2_plugin._files import file_at_once, file_sha256
from fca2_plugin.codec import (
    LowDelay,
    YuvFile,
    encode_lowdelay,
    library_versions,
    video_planes,
    write_yuv,
)
from fca2_plugin.codec.lowdelay import FIXED_OPTIONS
from fca2_plugin.data.clips import visible_entries
from fca2_plugin.data.lists import pick_clips
from fca2_plugin.data.manifest import (
    MANIFEST,
    as_json,
    as_manifest,
    check_same,
    read_manifest,
    write_manifest,
)
from fca2_plugin.data.media import RAW_SUFFIX, STREAM_SUFFIXES, VIDEO_SUFFIXES
from fca2_plugin.data.mfqe import RAW, raw_videos

__all__ = ["STAND_IN", "build_mfqe"]

STAND_IN = "x265_LDP"
PUBLISHED_QPS = (22, 27, 32, 37, 42)
JOURNAL = ".building.json"  # the manifest so far, while the build is unfinished
SOURCE_SUFFIXES = (RAW_SUFFIX, *STREAM_SUFFIXES, *VIDEO_SUFFIXES)

Progress = Callable[[int, int, str], None]


def build_mfqe(
    source: str | os.PathLike,
    root: str | os.PathLike,
    *,
    split: str = "test",
    qps: Sequence[int] = PUBLISHED_QPS,
    max_frames: int | None = None,
    preset: str = LowDelay.preset,
    clips: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the raw and the coded videos of one split, or finish that, and return its folder.

    ``source`` may be ``root/<split>/raw`` itself; then only the coded videos are added. Running
    again does nothing; a raw video that is newer than the manifest is looked at again.

    Args:
        source: A folder of raw videos or of any others, or one such file.
        root: The tree.
        split: The folder below it, ``train_108`` and ``test_18`` in the published tree.
        qps: The QPs to code at.
        max_frames: Use at most this many frames of each video.
        preset: x265's speed preset.
        clips: Only the videos of these names.
        progress: Called after each video with (done, total, text).

    Raises:
        FileNotFoundError: The source does not exist.
        ValueError: ``split`` leads out of ``root``; the source contains no videos, two of one name,
            none of a name in ``clips``, or one that cannot be coded; or what is there was coded
            from other videos, with other settings or library versions.

    Example:
        >>> folder = build_mfqe("in.mp4", "mfqe", qps=[37])
        >>> sorted(path.name for path in folder.iterdir())
        ['raw', 'x265_LDP']
    """
    settings = [LowDelay(qp, preset=preset) for qp in qps]
    if not settings:
        raise ValueError("qps is empty; give at least one")
    if not split or Path(split).is_absolute() or ".." in Path(split).parts:
        raise ValueError(
            f"the split {split!r} is not a folder below {root}; give the name of a folder"
        )
    if max_frames is not None and max_frames < 1:
        raise ValueError(f"max_frames must be at least 1, got {max_frames}")
    found = _source_videos(Path(source))
    paths = list(found.values()) if clips is None else pick_clips(found, clips, Path(source))
    folder = Path(root) / split
    _prepare(folder / RAW)
    total, done = len(paths) * (1 + len(settings)), 0

    def report(text: str) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total, text)

    raw = []
    for path in paths:
        raw.append(_raw_video(path, folder / RAW, max_frames))
        report(f"raw {raw[-1].name}")
    for one in settings:
        _code_all(raw, folder / STAND_IN / f"QP{one.qp}", one, report)
    return folder


def _prepare(folder: Path) -> None:
    """Make a folder, or clear it of what a killed build has left half-written."""
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob(".*.part"):
        leftover.unlink()


def _source_videos(source: Path) -> dict[str, Path]:
    """The videos that there are, by the clip's name."""
    if source.is_file():
        return {_clip_name(source): source}
    if not source.is_dir():
        raise FileNotFoundError(f"there is no folder or video {source}")
    paths = [p for p in visible_entries(source) if p.suffix.lower() in SOURCE_SUFFIXES]
    if not paths:
        raise ValueError(f"{source} contains no videos ({', '.join(SOURCE_SUFFIXES)})")
    names: dict[str, Path] = {}
    for path in paths:
        other = names.setdefault(_clip_name(path), path)
        if other is not path:
            raise ValueError(
                f"{other} and {path.name} would both be the clip {_clip_name(path)}; rename one"
            )
    return names


def _clip_name(path: Path) -> str:
    return YuvFile(path).name if path.suffix.lower() == RAW_SUFFIX else path.stem


def _raw_video(path: Path, folder: Path, max_frames: int | None) -> YuvFile:
    """Return the raw video of a source file, made where it is not there or the source is newer."""
    name, is_raw = _clip_name(path), path.suffix.lower() == RAW_SUFFIX
    there = raw_videos(folder).get(name)
    if there is not None and path.stat().st_mtime <= there.path.stat().st_mtime:
        wanted = len(YuvFile(path)) if is_raw else len(there)
        wanted = min(wanted, max_frames or wanted)
        if len(there) != wanted:
            raise ValueError(
                f"{there.path} has {len(there)} frames, but {path.name} needs {wanted}; remove it "
                "or choose another folder"
            )
        return there
    if not is_raw:
        made = write_yuv(folder, name, video_planes(path, max_frames))
    elif max_frames is None or len(YuvFile(path)) <= max_frames:
        with file_at_once(folder / path.name) as temporary:
            shutil.copyfile(path, temporary)
        made = YuvFile(folder / path.name)
    else:
        made = write_yuv(folder, name, map(YuvFile(path).frame, range(max_frames)))
    if there is not None and there.path != made.path:
        there.path.unlink()
    return made


def _code_all(
    raw: Sequence[YuvFile], folder: Path, settings: LowDelay, report: Callable[[str], None]
) -> None:
    """Code the videos at one QP; those that the manifest or the journal has are done."""
    arguments = as_json(
        {
            "stand_in_for": "HM 16.5, encoder_lowdelay_P_main.cfg",
            **asdict(settings),
            "x265": FIXED_OPTIONS,
        }
    )
    _prepare(folder)
    manifest_path, journal_path = folder / MANIFEST, folder / JOURNAL
    kept_in = journal_path if journal_path.is_file() else manifest_path
    before = read_manifest(kept_in)
    entries: dict[str, dict] = {}
    if before is not None:
        check_same(folder, "arguments", before["arguments"], arguments)
        with as_manifest(kept_in):
            entries = {entry["file"]: entry for entry in before["clips"]}
    todo = [video for video in raw if not _is_done(folder, entries, video, kept_in)]
    if todo:
        versions = library_versions("libx265")
        if before is not None:
            check_same(folder, "versions", before["versions"], versions)
    for video in raw:
        if video in todo:
            entries[video.path.name] = _code(video, folder, settings)
            clips = [entries[file] for file in sorted(entries)]
            manifest = {"arguments": arguments, "versions": versions, "clips": clips}
            write_manifest(journal_path, manifest)
        report(f"{folder.name} {video.name}")
    if journal_path.is_file():
        os.replace(journal_path, manifest_path)


def _is_done(folder: Path, entries: Mapping[str, dict], video: YuvFile, record: Path) -> bool:
    """Return whether a video's files are there, and of these pixels."""
    coded = folder / video.path.name
    entry = entries.get(coded.name)
    if entry is None or not coded.is_file() or not coded.with_suffix(".265").is_file():
        return False
    unchanged = video.path.stat().st_mtime <= record.stat().st_mtime
    return unchanged or file_sha256(video.path) == entry["sha256"][RAW]


def _code(video: YuvFile, folder: Path, settings: LowDelay) -> dict:
    """Code and decode one video, and return its entry in the manifest."""
    stream = (folder / video.path.name).with_suffix(".265")
    encode_lowdelay(video, stream, settings)
    coded = write_yuv(folder, video.name, video_planes(stream))
    if coded.path.name != video.path.name:
        raise RuntimeError(
            f"x265 made {coded.path.name} of {video.path.name}; please report this with its version"
        )
    return {
        "file": video.path.name,
        "num_frames": len(video),
        "size": [video.height, video.width],
        "stream_bytes": stream.stat().st_size,
        "sha256": {
            RAW: file_sha256(video.path),
            "stream": file_sha256(stream),
            "coded": file_sha256(coded.path),
        },
    }
