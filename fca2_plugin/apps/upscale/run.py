"""From a video file to a larger one: ``upscale``."""

import errno
import gc
import os
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import torch
from torch import nn

from fca2_plugin._malloc import release_free_memory
from fca2_plugin._torch import is_out_of_memory
from fca2_plugin.apps.upscale.job import Job, check_paths, prepare, try_encoder
from fca2_plugin.apps.upscale.look import look
from fca2_plugin.apps.upscale.options import UpscaleOptions
from fca2_plugin.apps.upscale.pictures import PictureUpscaler, source_pictures
from fca2_plugin.apps.upscale.plan import windows
from fca2_plugin.apps.upscale.processes import Group
from fca2_plugin.apps.upscale.pulse import Pulse
from fca2_plugin.apps.upscale.result import Progress, ProgressCallback, UpscaleResult
from fca2_plugin.apps.upscale.threads import ahead
from fca2_plugin.apps.upscale.work import WorkFolder
from fca2_plugin.codec.picture import Picture
from fca2_plugin.codec.remux import Span, VideoTrack, join
from fca2_plugin.codec.segment import write_segment
from fca2_plugin.inference.load import load_runner
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.sizes import Sizes
from fca2_plugin.inference.windows import Window

__all__ = ["plan_upscale", "upscale"]

DECODED_AHEAD = ENCODED_BEHIND = 8  # pictures that wait on either side of the network
FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def upscale(
    source: str | os.PathLike,
    out: str | os.PathLike,
    *,
    config: str | os.PathLike | None = None,
    checkpoint: str | os.PathLike | None = None,
    weights: str | None = None,
    network: nn.Module | ClipRunner | None = None,
    options: UpscaleOptions | None = None,
    progress: ProgressCallback | None = None,
    alone: bool = False,
) -> UpscaleResult:
    """Upscale the pictures of a video with a network, and copy everything else.

    ``out`` appears when it is complete. An interrupted job leaves its finished parts in a hidden
    folder beside ``out``, and ``options.resume`` continues it. Under ``torchrun`` the processes
    share the work.

    Args:
        source: The video.
        out: The result; its ending chooses the container.
        config: MMagic's .py or BasicSR's .yml, with ``checkpoint``.
        checkpoint: Weights for ``config``.
        weights: A network that ships, instead of ``config``: see ``list_weights``. By default one
            that suits the device.
        network: A module instead of ``config``: a ``ClipRunner``, or (1, t, c, h, w) to
            (1, t, c, s*h, s*w).
        options: Settings; the defaults suit most videos.
        progress: Called with the progress from time to time.
        alone: Do not share the work with the processes that ``torchrun`` started.

    Returns:
        The result: file, size, time and notes.

    Raises:
        FileNotFoundError: A file is not there.
        ModuleNotFoundError: The config's host, PyAV or PySceneDetect is not installed.
        OSError: The disk is full.
        ValueError: The source, the result's name, the network or an option is wrong; the message
            says what to do.

    Example:
        >>> options = UpscaleOptions(device="cpu")
        >>> result = upscale("in.mp4", "out.mp4", weights="bicubic", options=options)
        >>> result.num_frames, result.height, result.width
        (4, 128, 160)
    """
    source, out = Path(source), Path(out)
    options = options or UpscaleOptions()
    tell = progress or (lambda state: None)
    begun = time.perf_counter()
    with Group(alone) as group, _alone(source, out, options, group) as work:
        if out.exists() and options.resume and not work.replaces():
            if group.is_first:
                work.remove()  # perhaps it was stopped after its last step
            group.wait()
            note = f"{out} is complete, so there is nothing to do; --overwrite makes it again"
            return UpscaleResult(out, notes=(note,))
        goes_on = _goes_on(work, options)
        runner = load_runner(config, checkpoint, weights, network, **options.network)
        if not group.is_first:
            group.wait()  # for the first one's look
        is_known = goes_on or not group.is_first
        found = look(source, options, tell, known=work.get_scan() if is_known else None)
        job = prepare(found, out, runner, options, work.get_sizes(0) if is_known else None)
        if group.is_first:
            _begin(job, work, goes_on)
            group.wait()
        resumed = _finished_frames(job, work)
        _make_segments(job, work, group.share(len(job.segments)), tell)
        group.wait()
        if group.is_first:
            _join(job, work, tell)
        group.wait()
    height, width = job.size
    seconds = time.perf_counter() - begun
    return UpscaleResult(out, job.last - job.first, height, width, seconds, resumed, job.notes)


def plan_upscale(
    source: str | os.PathLike,
    out: str | os.PathLike,
    *,
    config: str | os.PathLike | None = None,
    checkpoint: str | os.PathLike | None = None,
    weights: str | None = None,
    network: nn.Module | ClipRunner | None = None,
    options: UpscaleOptions | None = None,
    progress: ProgressCallback | None = None,
) -> Job:
    """Plan what ``upscale`` would do, and write nothing. Arguments and errors are the same.

    Example:
        >>> options = UpscaleOptions(device="cpu")
        >>> job = plan_upscale("in.mp4", "out.mp4", weights="bicubic", options=options)
        >>> job.runner.scale
        4
    """
    source, out = Path(source), Path(out)
    options = options or UpscaleOptions()
    check_paths(source, out, replace(options, resume=False, overwrite=True), make=False)
    runner = load_runner(config, checkpoint, weights, network, **options.network)
    found = look(source, options, progress or (lambda state: None))
    return prepare(found, out, runner, options)


def _goes_on(work: WorkFolder, options: UpscaleOptions) -> bool:
    """Whether there is a stopped job to go on with."""
    if not work.exists() or options.overwrite:
        return False
    if not options.resume:
        raise ValueError(
            f"an interrupted job for this result is in {work.path}; continue it with --resume, or "
            "start again with --overwrite"
        )
    return True


def _begin(job: Job, work: WorkFolder, goes_on: bool) -> None:
    """Keep what was decided, or see that it is as the stopped job had it."""
    if goes_on:
        work.check(job.settings())
        return
    with _full_disk_said(work, job.out):
        work.begin(job.settings(), job.look.scan, job.sizes, job.out.exists())
        try:
            try_encoder(job, work.trial)
        except BaseException:
            work.remove()
            raise


def _make_segments(job: Job, work: WorkFolder, mine: range, tell: ProgressCallback) -> None:
    """Write the segments ``mine`` that are missing, with less at once when memory runs out."""

    def wanting() -> list[int]:
        return [n for n in mine if not work.segment(n).is_file()]

    total = sum(job.segments[n].stop - job.segments[n].start for n in wanting())
    with Pulse(job.look.source, job.runner, total, tell) as pulse:
        while missing := wanting():
            try:
                _write_segments(job, work, missing, pulse)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                _use_less(job, work, wanting()[0], error)


def _write_segments(job: Job, work: WorkFolder, numbers: Sequence[int], pulse: Pulse) -> None:
    """Write these segments; decoder, network and encoder each have a thread."""
    given = job.look.scan
    with ahead(_results(job, work, numbers, pulse), ENCODED_BEHIND) as results:
        with pulse.stops_on_error(), _full_disk_said(work, job.out):
            for number, group in groupby(results, key=itemgetter(0)):
                pictures = pulse.encoded(picture for _, picture in group)
                path = work.segment(number)
                write_segment(path, pictures, job.output, job.output_tags, given.rate, given.aspect)
                gc.collect()  # PyAV's files and coders hold each other, megabytes each
                release_free_memory()  # of threads that have ended


def _results(
    job: Job, work: WorkFolder, numbers: Sequence[int], pulse: Pulse
) -> Generator[tuple[int, Picture], None, None]:
    """Yield the pictures of segments, each with its segment's number."""
    upscaler = PictureUpscaler(job)
    with ahead(_decoded(job, work, numbers, pulse), DECODED_AHEAD) as source:
        for number in numbers:
            sizes, seen = _seen(job, work, number)
            followed = pulse.follow(seen, job.geometry.given, sizes)
            for picture in upscaler.run(source, seen[0].start, followed, sizes):
                yield number, picture


def _decoded(
    job: Job, work: WorkFolder, numbers: Sequence[int], pulse: Pulse
) -> Generator[Picture, None, None]:
    """Yield what the network sees of the source for these segments, one after the other."""
    for number in numbers:
        _, seen = _seen(job, work, number)
        with closing(source_pictures(job, seen[0].start, seen[-1].stop, pulse.check)) as pictures:
            yield from pictures


def _seen(job: Job, work: WorkFolder, number: int) -> tuple[Sizes, list[Window]]:
    """How a segment's frames go through the network."""
    sizes = work.get_sizes(number)
    return sizes, list(windows(job.segments[number], sizes, job.runner.align))


def _use_less(job: Job, work: WorkFolder, number: int, error: BaseException) -> None:
    """Halve what the network sees at once, from this segment on."""
    sizes = work.get_sizes(number)
    smaller = sizes.halved(max(job.geometry.given), job.runner.align)
    if smaller is None:
        raise ValueError(
            f"{job.runner.name} does not fit into memory even with {sizes}; close other "
            "programs, or use another device or a smaller network"
        ) from error
    work.put_sizes(number, smaller)
    error.__traceback__ = None  # it contains the tensors that did not fit
    if job.runner.device.type == "cuda":
        torch.cuda.empty_cache()


def _finished_frames(job: Job, work: WorkFolder) -> int:
    done = [s for n, s in enumerate(job.segments) if work.segment(n).is_file()]
    return sum(segment.stop - segment.start for segment in done)


def _join(job: Job, work: WorkFolder, tell: ProgressCallback) -> None:
    """Put the result together; it appears when it is whole."""
    found, total = job.look, job.last - job.first
    given = found.scan
    tell(Progress(found.source, "join", 0, total))
    last_ticks = given.last_ticks
    if job.last < len(given):
        last_ticks = int(given.times[job.last] - given.times[job.last - 1])
    begin = int(given.times[job.first]) if job.first else 0
    times = given.times[job.first : job.last] - begin
    video = VideoTrack(
        segments=[work.segment(number) for number in range(len(job.segments))],
        times=times,
        time_base=given.time_base,
        last_ticks=last_ticks,
        index=found.layout.stream,
    )
    span = Span()
    if (job.first, job.last) != (0, len(given)):
        stop = (begin + int(times[-1]) + last_ticks) * given.time_base
        span = Span(begin * given.time_base if job.first else None, stop)
    with _full_disk_said(work, job.out):
        join(work.joined, found.source, video, [t.index for t in job.copied], span)
        os.replace(work.joined, job.out)
    work.remove()
    tell(Progress(found.source, "join", total, total))


@contextmanager
def _alone(source: Path, out: Path, options: UpscaleOptions, group: Group) -> Iterator[WorkFolder]:
    """Keep other processes out, and leave no folder behind in which nothing is finished."""
    if group.is_first:
        check_paths(source, out, options)
    work = WorkFolder(out)
    with work.locked() if group.is_first else nullcontext():
        try:
            yield work
        except BaseException as error:
            kept = work.has_segments()
            if group.is_first and not kept:
                work.remove()
            if isinstance(error, KeyboardInterrupt):
                left = "no part was finished yet"
                if kept:
                    left = "the finished parts are kept, and --resume continues with the rest"
                raise KeyboardInterrupt(f"{out}: {left}") from error
            raise


@contextmanager
def _full_disk_said(work: WorkFolder, out: Path) -> Iterator[None]:
    """Say what to do when the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL_DISK:
            raise
        kept = ""
        if work.has_segments():
            kept = f", then continue with --resume; the finished parts are kept in {work.path}"
        raise OSError(
            error.errno,
            f"there is no space for {out}: {os.strerror(error.errno)}; free some space{kept}",
        ) from error
