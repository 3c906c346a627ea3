"""One frame as a picture: the bicubic one on the left, the network's on the right."""

from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image

from fca2_plugin._files import check_writable, file_at_once
from fca2_plugin.apps.upscale.color import to_rgb
from fca2_plugin.apps.upscale.frames import upscale_segment
from fca2_plugin.apps.upscale.job import look, prepare
from fca2_plugin.apps.upscale.options import UpscaleOptions
from fca2_plugin.apps.upscale.plan import windows
from fca2_plugin.apps.upscale.result import ProgressCallback, UpscaleResult
from fca2_plugin.apps.upscale.source import picture_upscaler, source_pictures
from fca2_plugin.inference.runner import ClipRunner

__all__ = ["still_name", "write_still"]

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_ONE_FRAME = 1e-6  # seconds


def still_name(source: Path, out: Path) -> Path:
    """Where the picture is written: ``out``, or a PNG beside it where that is named for a video."""
    if out.is_dir():
        return out / f"{source.stem}.png"
    return out if out.suffix.lower() in SUFFIXES else out.with_suffix(".png")


def write_still(
    source: Path,
    out: Path,
    seconds: float,
    runner: ClipRunner,
    options: UpscaleOptions,
    progress: ProgressCallback,
) -> UpscaleResult:
    """Write one frame before and after.

    Args:
        source: The video.
        out: As ``still_name`` takes it.
        seconds: When the frame is shown.
        runner: The network.
        options: The user's.
        progress: Told of the first pass.

    Raises:
        FileNotFoundError: There is no source.
        ValueError: The source or an option is wrong, or the picture is there already.
    """
    if seconds < 0:
        raise ValueError(f"still must be at least 0, got {seconds:g}")
    if options.preview_seconds is not None or options.part != (0, None):
        raise ValueError("a still is the frame of one second; leave out start, end and preview")
    out = still_name(source, out)
    if not source.is_file():
        raise FileNotFoundError(f"there is no video file {source}")
    if out.exists() and not options.overwrite:
        raise ValueError(
            f"{out} already exists; choose another name, or replace it with --overwrite"
        )
    check_writable(out)
    options = replace(
        options,
        preview_seconds=_ONE_FRAME,
        preview_start=seconds,
        codec="libx264",
        pix_fmt="yuv444p",
        crf=None,
        encoder_options={},
        drop_unsupported=True,
    )
    job = prepare(
        look(source, options, progress), out.with_suffix(".mkv"), runner, options
    )  # nothing is encoded, so that any container does
    seen = list(windows(job.segments[0], job.sizes, runner.align))
    first, last = seen[0].start, max(window.stop for window in seen)
    given = source_pictures(job, first, last)
    picture = next(upscale_segment(picture_upscaler(job), given, first, job.segments[0], job.sizes))
    image = _image(to_rgb(picture, job.tags, torch.device("cpu")), job.look.scan.rotation)
    with file_at_once(out) as part:
        image.save(part, format=Image.registered_extensions()[out.suffix.lower()])
    return UpscaleResult(out, 1, image.height, image.width, notes=job.notes)


def _image(both: torch.Tensor, rotation: int) -> Image.Image:
    """(3, h, 2w), the pictures side by side, each turned upright."""
    halves = [torch.rot90(half, rotation // 90, (-2, -1)) for half in both.chunk(2, dim=-1)]
    rgb = torch.cat(halves, dim=-1).permute(1, 2, 0)
    return Image.fromarray((rgb * 255).round().byte().numpy())
