"""Which videos are meant, and one after the other: a bad one does not end the others."""

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fca2_plugin._errors import USER_ERRORS, one_sentence
from fca2_plugin._files import Busy
from fca2_plugin.apps.upscale.images import is_numbered, lossless, write_images, write_still
from fca2_plugin.apps.upscale.options import UpscaleOptions
from fca2_plugin.apps.upscale.run import plan_upscale, upscale
from fca2_plugin.apps.upscale.show import Show
from fca2_plugin.apps.upscale.spool import STDIN, is_image_folder, spooled
from fca2_plugin.apps.upscale.work import WorkFolder
from fca2_plugin.codec.layout import CONTAINERS
from fca2_plugin.data.clips import IMAGE_SUFFIXES
from fca2_plugin.data.media import VIDEO_SUFFIXES
from fca2_plugin.inference.load import load_runner

__all__ = ["pair_files", "upscale_files"]

DEFAULT_FPS = Fraction(25)
WAIT_SECONDS = 2.0  # before somebody else's video is asked for again

Pairs = list[tuple[Path, Path]]


def upscale_files(
    sources: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    *,
    network: Mapping[str, Any],
    options: UpscaleOptions,
    report: Show,
    dry_run: bool = False,
    still: float | None = None,
    pattern: str | None = None,
    recursive: bool = False,
    fps: Fraction | None = None,
) -> int:
    """Upscale one video or several, one after the other, with one network.

    Of several, a bad one does not end the others, and what an earlier run left undone is done now.
    Several processes may share them: each video has a lock beside its result.

    Args:
        sources: See ``pair_files``; or ``-`` for standard input, or a folder of images.
        out: See ``pair_files``.
        network: Config, checkpoint and weights, as ``upscale`` takes them.
        options: See ``upscale``.
        report: What shows it.
        dry_run: Only show the plans.
        still: Only write the frame of this second.
        pattern: See ``pair_files``.
        recursive: See ``pair_files``.
        fps: Images a second, of a folder of images.

    Returns:
        0, or 1 where some of several videos failed.

    Raises:
        As ``pair_files``, and for a single video as ``upscale``.
    """
    first, out = Path(sources[0]), Path(out)
    if still is not None and dry_run:
        raise ValueError("a dry run shows the plan of a video; leave it out for a still")
    with ExitStack() as stack:
        if len(sources) == 1 and (str(first) == STDIN or is_image_folder(first)):
            if out.is_dir() or not out.suffix:
                raise ValueError(
                    f"{out} is not a name for a video; name the result of {first}, for example "
                    "out.mp4"
                )
            is_batch, beside = False, out
            if dry_run:  # which makes nothing there
                beside = Path(stack.enter_context(TemporaryDirectory())) / out.name
            file = stack.enter_context(spooled(first, beside, fps or DEFAULT_FPS, options))
            pairs = [(file, out)]
        else:
            if fps is not None:
                raise ValueError(
                    "fps is for a folder of images; the frames of a video have their own times"
                )
            is_batch = len(sources) > 1 or first.is_dir()
            pairs = pair_files(sources, out, pattern, recursive)
        if is_batch:
            network = {"network": load_runner(**network, **options.network)}
        settings = {**network, "progress": report.progress}

        def run_one(source: Path, result: Path) -> None:
            if still is not None:
                made = write_still(source, result, still, options=options, **settings)
            elif not is_batch and is_numbered(result):
                video, chosen = lossless(result, options, make=not dry_run)
                if dry_run:
                    report.plan(plan_upscale(source, video, options=chosen, **settings))
                    return
                made = upscale(source, video, options=chosen, **settings)
                made = replace(made, out=result, num_frames=write_images(video, result))
            elif dry_run:
                report.plan(plan_upscale(source, result, options=options, **settings))
                return
            else:
                # processes of torchrun share the files, not each file
                chosen = _what_is_left(result, options) if is_batch else options
                made = upscale(source, result, options=chosen, alone=is_batch, **settings)
            report.result(source, made)

        if is_batch:
            return _run_all(pairs, run_one, report)
        run_one(*pairs[0])
        return 0


def _run_all(pairs: Pairs, run_one: Callable[[Path, Path], None], report: Show) -> int:
    """Run all, those last that another process has: it may end before it is done."""
    failures: dict[Path, str] = {}
    said: set[Path] = set()
    left = pairs
    while left:
        busy = []
        for source, result in left:
            try:
                run_one(source, result)
            except Busy:
                busy.append((source, result))
            except USER_ERRORS as error:
                failures[source] = one_sentence(error)
                report.failure(source, failures[source])
        if len(busy) == len(left):  # nothing but waiting is left
            for source, _ in busy:
                if source not in said:
                    report.waiting(source)
                    said.add(source)
            time.sleep(WAIT_SECONDS)
        left = busy
    report.summary(len(pairs), failures)
    return 1 if failures else 0


def _what_is_left(result: Path, options: UpscaleOptions) -> UpscaleOptions:
    """Of several videos, those that are done stay, and a stopped one goes on."""
    if options.overwrite or not (result.exists() or WorkFolder(result).exists()):
        return options
    return replace(options, resume=True)


def pair_files(
    sources: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    pattern: str | None = None,
    recursive: bool = False,
) -> Pairs:
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


def _videos(source: Path, out: Path, pattern: str | None, recursive: bool) -> Pairs:
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
