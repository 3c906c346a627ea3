"""Results that are not a video: numbered images, and one frame before and after."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from fca2_plugin._files import check_writable, file_at_once
from fca2_plugin.apps.upscale.color import to_rgb
from fca2_plugin.apps.upscale.job import prepare
from fca2_plugin.apps.upscale.look import look
from fca2_plugin.apps.upscale.options import UpscaleOptions
from fca2_plugin.apps.upscale.pictures import PictureUpscaler, source_pictures
from fca2_plugin.apps.upscale.plan import windows
from fca2_plugin.apps.upscale.result import ProgressCallback, UpscaleResult
from fca2_plugin.codec import read_video
from fca2_plugin.inference.load import load_runner

__all__ = ["is_numbered", "lossless", "write_images", "write_still"]

STILLS = (".png", ".jpg", ".jpeg", ".webp")
_ONE_FRAME = 1e-6  # seconds

_NUMBER = re.compile(r"%0?\d*d")


def is_numbered(out: Path) -> bool:
    """Whether a name stands for many images: ``frames/%05d.png``.

    Raises:
        ValueError: It ends as an image does and has no number.
    """
    if out.suffix.lower() != ".png":
        return False
    if len(_NUMBER.findall(out.name)) != 1:
        raise ValueError(
            f"{out} is the name of a single image; use numbered names such as "
            f"{out.with_name('%06d.png')}, or write one frame with --still"
        )
    return True


def lossless(out: Path, options: UpscaleOptions, make: bool = True) -> tuple[Path, UpscaleOptions]:
    """The video that the images are made of, and the options that lose nothing of it.

    Args:
        out: The images' name.
        options: The user's.
        make: Whether to make their folder.

    Raises:
        ValueError: The first image is there already.
    """
    if Path(str(out) % 1).exists() and not (options.overwrite or options.resume):
        raise ValueError(f"{Path(str(out) % 1)} already exists; replace it with --overwrite")
    check_writable(out, make)
    options = replace(
        options,
        codec="ffv1",
        pix_fmt="gbrp10le",  # FFV1 has no planes of 8 bits
        crf=None,
        encoder_preset=None,
        encoder_options={},
        drop_unsupported=True,
    )
    return out.with_name(f".{out.name.replace('%', '')}.mkv"), options


def write_images(video: Path, out: Path) -> int:
    """Write a video's frames, the first as number 1, and return how many there are."""
    count = 0
    for count, frame in enumerate(read_video(video), start=1):
        with file_at_once(Path(str(out) % count)) as part:
            Image.fromarray(frame).save(part, format="PNG")
    video.unlink()
    return count


def write_still(
    source: Path,
    out: Path,
    seconds: float,
    *,
    options: UpscaleOptions,
    progress: ProgressCallback,
    **network: Any,
) -> UpscaleResult:
    """Write one frame: the bicubic picture on the left, the network's on the right.

    Args:
        source: The video.
        out: The picture; a folder, or the name of a video, gets a PNG in its place.
        seconds: When the frame is shown.
        options: The user's.
        progress: Told of the first pass.
        network: As ``load_runner`` takes it.

    Raises:
        FileNotFoundError: There is no source.
        ValueError: The source or an option is wrong, or the picture is there already.
    """
    if seconds < 0:
        raise ValueError(f"still must be at least 0, got {seconds:g}")
    if options.preview_seconds is not None or options.part != (0, None):
        raise ValueError("a still is the frame of one second; leave out start, end and preview")
    if out.is_dir():
        out = out / f"{source.stem}.png"
    elif out.suffix.lower() not in STILLS:
        out = out.with_suffix(".png")
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
    runner = load_runner(**network, **options.network)
    # nothing is encoded, so that any container does
    job = prepare(look(source, options, progress), out.with_suffix(".mkv"), runner, options)
    seen = list(windows(job.segments[0], job.sizes, runner.align))
    given = source_pictures(job, seen[0].start, seen[-1].stop)
    picture = next(PictureUpscaler(job).run(given, seen[0].start, seen, job.sizes))
    both = to_rgb(picture, job.tags, torch.device("cpu")).chunk(2, dim=-1)
    upright = [torch.rot90(half, job.look.scan.rotation // 90, (-2, -1)) for half in both]
    rgb = torch.cat(upright, dim=-1).permute(1, 2, 0)
    image = Image.fromarray((rgb * 255).round().byte().numpy())
    with file_at_once(out) as part:
        image.save(part, format=Image.registered_extensions()[out.suffix.lower()])
    return UpscaleResult(out, 1, image.height, image.width, notes=job.notes)
