"""Everything that is decided before the first frame goes through the network."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from fca2_plugin._files import check_writable
from fca2_plugin.apps.upscale.geometry import OutputGeometry, choose_geometry
from fca2_plugin.apps.upscale.look import Look
from fca2_plugin.apps.upscale.notes import source_notes
from fca2_plugin.apps.upscale.options import AUTO, UpscaleOptions
from fca2_plugin.apps.upscale.plan import Segment, make_segments
from fca2_plugin.apps.upscale.work import source_stamp
from fca2_plugin.codec import library_versions
from fca2_plugin.codec.colors import FULL, MATRICES, RANGES, RGB, ColorTags, luma_shares
from fca2_plugin.codec.layout import (
    Layout,
    Track,
    can_hold,
    check_container,
    converted,
    unsupported,
)
from fca2_plugin.codec.picture import (
    Picture,
    PixelFormat,
    planar_format,
)
from fca2_plugin.codec.scan import Scan
from fca2_plugin.codec.segment import OutputSettings, choose_output, write_segment
from fca2_plugin.codec.side_data import keeps_views
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.sizes import Sizes, bytes_per_pixel, choose_sizes, free_bytes

__all__ = ["Job", "check_paths", "prepare", "try_encoder"]

ENDINGS = (".mkv", ".mp4", ".mov")  # of containers that are suggested
PLANNED = 32  # segments for which the sizes are chosen
MICROSECONDS = 1_000_000  # of a second, to which people's seconds are taken


@dataclass(frozen=True)
class Job:
    """One file to upscale, all decided.

    Args:
        look: The source.
        out: The result.
        runner: The network.
        options: The user's.
        output: How it is encoded.
        tags: What the colours mean, nothing left open.
        first: The first frame that is wanted.
        last: The one after the last.
        segments: Of these frames.
        copied: Streams of the source that are copied.
        sizes: What the network sees at once.
        cost: Bytes that the network needs for each pixel of each frame; 0 if nobody asked.
        budget: Bytes there are.
        geometry: What is kept of a frame, and how large it becomes.
        notes: What there is to know, a sentence each.
    """

    look: Look
    out: Path
    runner: ClipRunner
    options: UpscaleOptions
    output: OutputSettings
    tags: ColorTags
    first: int
    last: int
    segments: tuple[Segment, ...]
    copied: tuple[Track, ...]
    sizes: Sizes
    cost: float
    budget: float
    geometry: OutputGeometry
    notes: tuple[str, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the result's frames, two pictures wide where it compares."""
        return _framed(self.geometry.size, self.options)

    @property
    def deinterlaced(self) -> bool:
        """Whether interlaced frames are made whole."""
        given = self.look.scan
        return self.options.deinterlace == AUTO and (given.interlaced or bool(given.film))

    @property
    def output_tags(self) -> ColorTags:
        """What the result's colours mean: as the source's, unless it is written as RGB."""
        if not self.pixels.is_rgb:
            return self.tags
        return replace(self.tags, matrix=RGB, range=FULL)

    @property
    def pixels(self) -> PixelFormat:
        """Of the result."""
        return PixelFormat.of(self.output.pix_fmt)

    def settings(self) -> dict[str, object]:
        """All that decides the result's bits, in JSON types."""
        options = self.options
        names = (
            "chunk context tile tile_overlap segment dtype keep_going cuts cut_threshold "
            "preview_seconds preview_start start end strength deinterlace stream"
        )
        return {
            "source": str(self.look.source.resolve()),
            **{f"source {key}": value for key, value in source_stamp(self.look.source).items()},
            "network": self.runner.fingerprint(),
            "device": self.runner.device.type,
            "encoder": self.output.codec,
            "encoder options": self.output.all_options(),
            "encoder threads": self.output.threads,
            "pix_fmt": self.output.pix_fmt,
            "crop": list(self.geometry.box),
            "size": list(self.geometry.size),
            "matrix and range": [self.tags.matrix, self.tags.range],
            "copied streams": [track.index for track in self.copied],
            "av": library_versions()["av"],
            **({"moved": self.runner.move} if self.runner.move else {}),
            **{name: getattr(options, name) for name in names.split()},
        }


def check_paths(source: Path, out: Path, options: UpscaleOptions, make: bool = True) -> None:
    """Refuse what cannot end well, before any work, and ``make`` the result's folder.

    Raises:
        FileNotFoundError: There is no source.
        ValueError: OUT is the source, is there already, or cannot be written.
    """
    if not source.is_file():
        raise FileNotFoundError(f"there is no video file {source}")
    if out.exists() and out.samefile(source):
        raise ValueError(f"{out} is the source itself; choose another name for the result")
    if out.exists() and not (options.overwrite or options.resume) and not out.is_dir():
        raise ValueError(
            f"{out} already exists; choose another name, or replace it with --overwrite"
        )
    if not out.is_dir():
        check_container(out)
    check_writable(out, make)


def prepare(
    found: Look,
    out: Path,
    runner: ClipRunner,
    options: UpscaleOptions,
    sizes: Sizes | None = None,
) -> Job:
    """Decide everything else.

    Args:
        found: The source.
        out: The result.
        runner: The network.
        options: The user's.
        sizes: What an earlier run of the same job chose.

    Raises:
        ValueError: An option does not fit the source, the network or the container.
    """
    given, layout = found.scan, found.layout
    notes = [*runner.notes, *source_notes(given, layout, options)]
    source_format = planar_format(given.pix_fmt)
    tags = _tags(given, options)
    luma_shares(tags)  # refuses a matrix that is not known
    geometry = choose_geometry(given, source_format, runner.scale, options)
    notes += geometry.notes
    size = _framed(geometry.size, options)
    output = choose_output(out, size, source_format, options.output)
    _check_codec(out, output.codec)
    if not PixelFormat.of(output.pix_fmt).step_x and source_format.step_x:
        notes.append(f"{output.pix_fmt} has no colour, so the result is grey")
    first, last = _range(given, options)
    copied, dropped = _choose_streams(layout, out, options)
    if dropped:
        notes.append(f"{out.suffix} cannot hold {', '.join(map(str, dropped))}: left out")
    if not keeps_views(out, given.stereo):
        notes.append(
            f"{out.suffix} cannot say how the two views of stereo 3D share a picture: that is left "
            "out; .mkv can"
        )
    for index, form in converted(layout, out).items():
        notes.append(f"{layout.tracks[index]} becomes {form}, the form that {out.suffix} stores")
    segments = tuple(make_segments(first, last, given.cuts, options.segment))
    cost, budget = 0.0, free_bytes(runner.device, options.memory_budget_gib)
    if sizes is None:
        if options.chunk is None or options.tile is None:
            cost = bytes_per_pixel(runner)
        sizes = choose_sizes(
            runner,
            geometry.given,
            [part for segment in segments[:PLANNED] for part in segment.parts()],
            cost,
            budget,
            options.chunk,
            options.context,
            options.tile,
            options.tile_overlap,
        )
    return Job(
        look=found,
        out=out,
        runner=runner,
        options=options,
        output=output,
        tags=tags,
        first=first,
        last=last,
        segments=segments,
        copied=tuple(copied),
        sizes=sizes,
        cost=cost,
        budget=budget,
        geometry=geometry,
        notes=tuple(notes),
    )


def try_encoder(job: Job, path: Path) -> None:
    """Encode one grey picture, so that wrong settings show before the work.

    Raises:
        ValueError: The encoder refuses its settings.
    """
    height, width = job.size
    pixels = job.pixels
    grey = 2 ** (pixels.bits - 1)
    dtype = np.uint8 if pixels.bits == 8 else np.uint16
    shapes = [(height, width)] + [pixels.chroma_size(height, width)] * (2 if pixels.step_x else 0)
    picture = Picture(tuple(np.full(shape, grey, dtype) for shape in shapes), pixels)
    given = job.look.scan
    write_segment(path, [picture], job.output, job.output_tags, given.rate, given.aspect)
    path.unlink()


def _framed(size: tuple[int, int], options: UpscaleOptions) -> tuple[int, int]:
    sides = 1 if options.preview_seconds is None else 2
    return size[0], sides * size[1]


def _check_codec(out: Path, codec: str) -> None:
    """Refuse a container that does not take what an encoder writes."""
    if not can_hold(out, codec):
        others = [ending for ending in ENDINGS if can_hold(f"other{ending}", codec)]
        raise ValueError(
            f"{out.suffix} files cannot contain video coded by {codec}; name the result "
            f"{' or '.join(others)}, or choose another encoder with --codec"
        )


def _choose_streams(
    layout: Layout, out: Path, options: UpscaleOptions
) -> tuple[list[Track], list[Track]]:
    """The streams to copy, and those that the container cannot hold and nobody would miss."""
    lost = unsupported(layout, out)
    missed = [track for track in lost if track.is_essential]
    if missed and not options.drop_unsupported:
        others = [
            ending
            for ending in ENDINGS
            if not any(track.is_essential for track in unsupported(layout, f"other{ending}"))
        ]
        way_out = f"name the result {' or '.join(others)}, or " if others else ""
        raise ValueError(
            f"{out.suffix} cannot hold {', '.join(map(str, missed))}; {way_out}leave them out with "
            "--drop-unsupported"
        )
    return [track for track in layout.others if track not in lost], lost


def _tags(given: Scan, options: UpscaleOptions) -> ColorTags:
    said = {
        "matrix": MATRICES.get(options.source_matrix or ""),
        "range": RANGES.get(options.source_range or ""),
    }
    known = {name: number for name, number in said.items() if number is not None}
    return replace(given.tags, **known).resolved(given.height)


def _range(given: Scan, options: UpscaleOptions) -> tuple[int, int]:
    """The frames that are shown from the first moment of the part on, and before its end."""
    start, end = options.part
    first, last = _frame_at(given, start), len(given)
    if end is not None:
        last = _frame_at(given, end)
    if first >= len(given):
        raise ValueError(
            f"there is no frame from second {start:g} on; the video lasts {given.seconds:.2f} "
            "seconds"
        )
    return first, max(last, first + 1)


def _frame_at(given: Scan, seconds: float) -> int:
    """The first frame that is not shown before ``seconds`` of the video."""
    ticks = Fraction(seconds).limit_denominator(MICROSECONDS) / given.time_base
    return int(np.searchsorted(given.times - given.times[0], math.ceil(ticks)))
