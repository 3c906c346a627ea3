"""Which videos are meant, and the name of each one's result."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fca2_plugin.codec.layout import CONTAINERS
from fca2_plugin.data.clips import IMAGE_SUFFIXES
from fca2_plugin.data.media import VIDEO_SUFFIXES

__all__ = ["pair_files"]


def pair_files(
    sources: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    pattern: str | None = None,
    recursive: bool = False,
) -> list[tuple[Path, Path]]:
    """Name a result for every video.

    One video gets the name ``out``, or its own name in the folder ``out``. Several, or those of a
    folder, get their own names there, in subfolders like theirs; the folder is made. A container
    that cannot be written with every frame's time becomes Matroska.

    Args:
        sources: Videos, or folders of videos.
        out: The result, or a folder for them.
        pattern: Which files of a folder, as ``*.mkv``; all videos where None.
        recursive: Whether folders in folders count.

    Raises:
        FileNotFoundError: A source is not there.
        ValueError: A folder contains no video, or two results have one name.
    """
    given, out = [Path(source) for source in sources], Path(out)
    several = len(given) > 1 or given[0].is_dir()
    if (pattern or recursive) and not any(source.is_dir() for source in given):
        raise ValueError(
            f"pattern and recursive are for folders, and {given[0]} is none; leave them out"
        )
    files = [found for source in given for found in _videos(source, out, pattern, recursive)]
    if not (several or out.is_dir()):
        return [(files[0][0], out)]
    if out.suffix.lower() in (*VIDEO_SUFFIXES, *IMAGE_SUFFIXES) and not out.is_dir():
        raise ValueError(f"{out} is the name of one file; give a folder for {len(files)}")
    names = [_result_name(inner) for _, inner in files]
    counts = Counter(names)
    # a.avi and a.mkv both become a.mkv: then the whole name of the first stays in its result's
    names = [
        name if counts[name] == 1 or name == inner else inner.with_name(f"{inner.name}.mkv")
        for name, (_, inner) in zip(names, files, strict=True)
    ]
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"two videos have the name {name}; upscale them one by one")
    return [(file, out / name) for (file, _), name in zip(files, names, strict=True)]


def _result_name(inner: Path) -> Path:
    return inner if inner.suffix.lower() in CONTAINERS else inner.with_suffix(".mkv")


def _videos(
    source: Path, out: Path, pattern: str | None, recursive: bool
) -> list[tuple[Path, Path]]:
    """Each video, and its name within the folder that it was found in."""
    if not source.is_dir():
        if "://" in str(source) or re.match(r"\w{2,}:/[^/]", str(source)):
            raise ValueError(f"{source} is a web address; download the video first")
        if source.exists() and not source.is_file():
            raise ValueError(
                f"{source} is not a regular file; pass it as standard input: - < {source}"
            )
        if not source.is_file():
            raise FileNotFoundError(f"there is no video file {source}")
        return [(source, Path(source.name))]
    wanted = pattern or "*"
    files = sorted(source.rglob(wanted) if recursive else source.glob(wanted))
    found = []
    for file in files:
        inner = file.relative_to(source)
        is_hidden = any(part.startswith(".") for part in inner.parts)
        is_result = out in file.parents and out != source
        is_video = pattern is not None or file.suffix.lower() in VIDEO_SUFFIXES
        if file.is_file() and is_video and not is_hidden and not is_result:
            found.append((file, inner))
    if not found:
        what = f"no file like {pattern}" if pattern else f"no video ({', '.join(VIDEO_SUFFIXES)})"
        raise ValueError(f"{source} contains {what}")
    return found
