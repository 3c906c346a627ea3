"""Several videos at once: each has its line, and a bad one does not end the others."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fca2_plugin._errors import USER_ERRORS, one_sentence
from fca2_plugin._files import Busy
from fca2_plugin.apps.upscale.images import is_numbered, lossless, write_images
from fca2_plugin.apps.upscale.job import check_paths
from fca2_plugin.apps.upscale.options import UpscaleOptions
from fca2_plugin.apps.upscale.pairs import pair_files
from fca2_plugin.apps.upscale.run import plan_upscale, upscale
from fca2_plugin.apps.upscale.show import Quiet
from fca2_plugin.apps.upscale.spool import STDIN, is_image_folder, spooled
from fca2_plugin.apps.upscale.still import write_still
from fca2_plugin.apps.upscale.work import WorkFolder
from fca2_plugin.inference.choose import load_runner

__all__ = ["upscale_files"]


DEFAULT_FPS = Fraction(25)
WAIT_SECONDS = 2.0  # before somebody else's video is asked for again


def upscale_files(
    sources: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    *,
    config: str | os.PathLike | None,
    checkpoint: str | os.PathLike | None,
    weights: str | None,
    options: UpscaleOptions,
    report: Quiet,
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
        sources: See ``pair_files``.
        out: See ``pair_files``.
        config: See ``upscale``.
        checkpoint: See ``upscale``.
        weights: See ``upscale``.
        options: See ``upscale``.
        report: What shows it.
        dry_run: Only show the plans.
        still: Only write the frame of this second.
        pattern: As ``pair_files``.
        recursive: As ``pair_files``.
        fps: Images a second, of a folder of images.

    Returns:
        0, or 1 where some of several videos failed.

    Raises:
        As ``pair_files``, and for a single video as ``upscale``.
    """
    first = Path(sources[0])
    if len(sources) == 1 and (str(first) == STDIN or is_image_folder(first)):
        out = Path(out)
        if out.is_dir() or not out.suffix:
            raise ValueError(
                f"{out} is not a name for a video; name the result of {first}, for example out.mp4"
            )
        with ExitStack() as stack:
            beside = out
            if dry_run:  # which makes nothing there
                beside = Path(stack.enter_context(TemporaryDirectory())) / out.name
            file = stack.enter_context(spooled(first, beside, fps or DEFAULT_FPS, options))
            return upscale_files(
                [file],
                out,
                config=config,
                checkpoint=checkpoint,
                weights=weights,
                options=options,
                report=report,
                dry_run=dry_run,
                still=still,
            )
    if fps is not None:
        raise ValueError(
            "fps is for a folder of images; the frames of a video have their own times"
        )
    pairs = pair_files(sources, out, pattern, recursive)
    is_batch = len(sources) > 1 or Path(sources[0]).is_dir()
    as_images = not is_batch and still is None and is_numbered(pairs[0][1])
    if still is not None and dry_run:
        raise ValueError("a dry run shows the plan of a video; leave it out for a still")
    if not (is_batch or dry_run or as_images) and still is None:
        check_paths(*pairs[0], options)
    network = load_runner(config, checkpoint, weights, **options.network)

    def run_one(source: Path, result: Path) -> None:
        if still is not None:
            made = write_still(source, result, still, network, options, report.progress)
            report.result(source, made)
            return
        video, chosen = result, options
        if as_images:
            video, chosen = lossless(result, options, make=not dry_run)
        settings: dict[str, Any] = {"network": network, "options": chosen}
        settings["progress"] = report.progress
        if dry_run:
            report.plan(plan_upscale(source, video, **settings))
            return
        if is_batch:
            # processes of torchrun share the files, not each file
            settings |= {"options": _what_is_left(result, options), "alone": True}
        made = upscale(source, video, **settings)
        if as_images:
            made = replace(made, out=result, num_frames=write_images(video, result))
        report.result(source, made)

    if is_batch:
        return _run_all(pairs, run_one, report)
    run_one(*pairs[0])
    return 0


def _run_all(
    pairs: Sequence[tuple[Path, Path]], run_one: Callable[[Path, Path], None], report: Quiet
) -> int:
    """Run all, those last that another process has: it may end before it is done."""
    failures: dict[Path, str] = {}
    said: set[Path] = set()
    left = list(pairs)
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
            said.update(source for source, _ in busy)
            time.sleep(WAIT_SECONDS)
        left = busy
    report.summary(len(pairs), failures)
    return 1 if failures else 0


def _what_is_left(result: Path, options: UpscaleOptions) -> UpscaleOptions:
    """Of several videos, those that are done stay, and a stopped one goes on."""
    if options.overwrite or not (result.exists() or WorkFolder(result).exists()):
        return options
    return replace(options, resume=True)
