"""Sources that are not files: standard input and folders of images, as a file beside the result."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from fca2_plugin._files import check_writable, file_at_once
from fca2_plugin._optional import require
from fca2_plugin.apps.upscale.options import UpscaleOptions
from fca2_plugin.apps.upscale.work import WorkFolder
from fca2_plugin.codec.container import copy_stream, file_url
from fca2_plugin.data.clips import images_of, visible_entries
from fca2_plugin.data.media import VIDEO_SUFFIXES

__all__ = ["STDIN", "is_image_folder", "spooled"]

STDIN = "-"


def is_image_folder(source: Path) -> bool:
    """Whether a folder contains the images of a video, and no videos."""
    if not source.is_dir():
        return False
    entries = visible_entries(source)
    has_videos = any(path.suffix.lower() in VIDEO_SUFFIXES for path in entries)
    return bool(images_of(entries)) and not has_videos


@contextmanager
def spooled(source: Path, out: Path, fps: Fraction, options: UpscaleOptions) -> Iterator[Path]:
    """Yield the file that stands for ``source``; it stays while a stopped job may need it.

    Args:
        source: ``-`` for standard input, or a folder of images.
        out: The result.
        fps: Images a second.
        options: The user's; with ``resume`` the file of the stopped job is taken.

    Raises:
        ValueError: Nothing came, or the images are of several kinds.
    """
    check_writable(out)
    file = out.with_name(f".{out.name}.{'stdin' if str(source) == STDIN else 'images.mkv'}")
    if not (options.resume and file.exists()):
        with file_at_once(file) as part:
            if str(source) == STDIN:
                _keep_stdin(part)
            else:
                _pack(source, part, fps)
    try:
        yield file
    finally:
        if not WorkFolder(out).exists():
            file.unlink(missing_ok=True)


def _keep_stdin(part: Path) -> None:
    with part.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    if not part.stat().st_size:
        raise ValueError("standard input was empty; send a video, as in `... | fca2 ...`")


def _pack(folder: Path, part: Path, fps: Fraction) -> None:
    """Put a folder's images into Matroska as they are, nothing decoded."""
    av = require("av", "video")
    images = images_of(visible_entries(folder))
    kinds = {path.suffix.lower().replace(".jpeg", ".jpg") for path in images}
    if len(kinds) > 1:
        raise ValueError(f"{folder} contains images of several kinds ({', '.join(sorted(kinds))})")
    with (
        av.open(file_url(images[0])) as first,
        av.open(file_url(part), "w", format="matroska") as made,
    ):
        stream = copy_stream(made, first.streams.video[0])
        stream.codec_context.framerate = fps
        stream.time_base = Fraction(1, 1000)
        for number, image in enumerate(images):
            packet = av.Packet(image.read_bytes())
            packet.time_base = Fraction(1, 1000)
            packet.pts = packet.dts = round(1000 * number / fps)
            packet.duration = round(1000 * (number + 1) / fps) - packet.pts
            packet.is_keyframe, packet.stream = True, stream
            made.mux_one(packet)
