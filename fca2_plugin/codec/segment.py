"""A part of the result: frames encoded on their own, so that parts can be made in any order.

Each begins with a key frame and refers to nothing outside. Its packets carry the numbers of their
frames instead of times; ``remux.join`` knows the times.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from fca2_plugin._files import file_at_once
from fca2_plugin._optional import require
from fca2_plugin._suggest import did_you_mean
from fca2_plugin.codec.colors import ColorTags
from fca2_plugin.codec.container import file_url
from fca2_plugin.codec.encoders import MIN_SIDE, find_encoder, silence
from fca2_plugin.codec.memory import cleared_memory
from fca2_plugin.codec.picture import Picture, PixelFormat, from_picture
from fca2_plugin.codec.remux import SEGMENT_TIME_BASE

__all__ = ["OutputSettings", "choose_output", "write_segment"]

DEFAULT_ENCODER = {".webm": "libvpx-vp9"}
QUALITY = {  # encoder -> its option of constant quality, and a value that is hard to tell from more
    "libx264": ("crf", 18),
    "libx265": ("crf", 20),
    "libvpx-vp9": ("crf", 24),
    "libsvtav1": ("crf", 24),
    "h264_nvenc": ("cq", 19),
    "hevc_nvenc": ("cq", 21),
    "av1_nvenc": ("cq", 24),
}
SPEED = {"libvpx-vp9": ("cpu-used", "2")}
X265_FRAME_THREADS = 2  # the bits depend on it, and by default it depends on the machine
NEEDS_WHOLE_CHROMA = ("libx264", "libx265", "h264_nvenc", "hevc_nvenc")
MAX_BITS = 10


@dataclass(frozen=True)
class OutputSettings:
    """How pictures are encoded.

    Args:
        codec: FFmpeg's name of an encoder; without one ``choose_output`` finds it.
        pix_fmt: FFmpeg's name of a planar format; likewise.
        crf: Constant quality, on the encoder's own scale; None leaves it to ``options``.
        preset: The encoder's speed; None is its own default.
        options: More options, by FFmpeg's names.
        threads: Of the encoder. A fixed number gives the same bits on every machine.
    """

    codec: str = ""
    pix_fmt: str = ""
    crf: int | None = None
    preset: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    threads: int = 4

    def all_options(self) -> dict[str, str]:
        """Return what the encoder is told, by FFmpeg's names."""
        options = {}
        name, _ = QUALITY.get(self.codec, ("crf", None))
        if self.crf is not None:
            options[name] = str(self.crf)
            if self.codec.startswith("libvpx"):
                options["b"] = "0"  # else CRF is only a bound
        speed, default = SPEED.get(self.codec, ("preset", ""))
        if self.preset or default:
            options[speed] = self.preset or default
        if self.codec == "libx265":
            options["x265-params"] = f"log-level=none:frame-threads={X265_FRAME_THREADS}"
        return {**options, **self.options}


def choose_output(
    name: str | os.PathLike,
    size: tuple[int, int],
    source: PixelFormat,
    wanted: OutputSettings,
) -> OutputSettings:
    """Fill in what was not asked for.

    The codec follows from the container and the depth. The pixel format is the source's, at most
    10 bits, or the nearest that the encoder takes; pictures of an odd size get full chroma, where
    half of it would not cover the last row or column.

    Args:
        name: Of the result; its ending chooses the container.
        size: Height and width of the result.
        source: The format of the source's pictures.
        wanted: What was asked for.

    Raises:
        ValueError: There is no such encoder, or it does not take the format or size.
    """
    codec = wanted.codec or _default_encoder(name, size, source, wanted.pix_fmt)
    found = find_encoder(codec)
    if found is None:
        every = map(find_encoder, require("av", "video").codecs_available)
        known = [one.name for one in every if one is not None and one.type == "video"]
        raise ValueError(f"this PyAV has no encoder {codec}{did_you_mean(codec, known)}")
    if found.type != "video":
        raise ValueError(f"{codec} encodes {found.type}, not video; expected libx264, libx265, ...")
    taken = [f.name for f in found.video_formats or []]
    pix_fmt = wanted.pix_fmt or _nearest(source, size, taken, codec)
    if pix_fmt not in taken:
        raise ValueError(f"{codec} does not take pix_fmt {pix_fmt}{did_you_mean(pix_fmt, taken)}")
    pixels = PixelFormat.of(pix_fmt)
    if not pixels.accepts(*size) and codec in NEEDS_WHOLE_CHROMA:
        raise ValueError(
            f"{codec} cannot write {size[1]}x{size[0]} pixels as {pix_fmt}, which needs even "
            "sides; use yuv444p, or another encoder such as libvpx-vp9"
        )
    if min(size) < MIN_SIDE.get(codec, 1):
        raise ValueError(
            f"{codec} needs at least {MIN_SIDE[codec]} pixels a side, got {size[1]}x{size[0]}; "
            "use libx264"
        )
    crf = wanted.crf
    if crf is None and not wanted.options and codec in QUALITY:
        crf = QUALITY[codec][1]
    return replace(wanted, codec=codec, pix_fmt=pix_fmt, crf=crf)


def _default_encoder(
    name: str | os.PathLike, size: tuple[int, int], source: PixelFormat, pix_fmt: str
) -> str:
    """By the container; HEVC for more than 8 bits, which few players take as H.264."""
    by_container = DEFAULT_ENCODER.get(Path(name).suffix.lower())
    if by_container is not None:
        return by_container
    bits = PixelFormat.of(pix_fmt).bits if pix_fmt else source.bits
    return "libx265" if bits > 8 and min(size) >= MIN_SIDE["libx265"] else "libx264"


def _nearest(source: PixelFormat, size: tuple[int, int], taken: Sequence[str], codec: str) -> str:
    """The format that loses the least of the source's pictures."""
    planar = [name for name in taken if _is_plain_yuv(name)]
    if not planar:
        raise ValueError(
            f"{codec} takes none of the planar YUV formats "
            f"({', '.join(taken) or 'it lists none'}); use libx264, libx265, libvpx-vp9, libsvtav1 "
            "or ffv1"
        )
    if codec in NEEDS_WHOLE_CHROMA:
        planar = [name for name in planar if PixelFormat.of(name).accepts(*size)] or planar
    bits = min(source.bits, MAX_BITS)
    planar = [name for name in planar if PixelFormat.of(name).bits >= bits] or planar
    # FFmpeg may choose 4:2:0 where 4:2:2 loses less
    coarser = {name: _coarser(PixelFormat.of(name), source) for name in planar}
    planar = [name for name in planar if coarser[name] == min(coarser.values())]
    given = source.name.replace(f"{source.bits}le", f"{bits}le")
    given = given.replace("gray", "yuv420p")  # what is grey gets the least chroma
    best, _ = require("av", "video").codec.find_best_pix_fmt_of_list(planar, given)
    return best.name


def _coarser(pixels: PixelFormat, source: PixelFormat) -> int:
    """How many more pixels a chroma sample stands for than in the source, over both axes."""
    across = pixels.step_x - (source.step_x or 2)
    down = pixels.step_y - (source.step_y or 2)
    return max(0, across) + max(0, down)


def _is_plain_yuv(name: str) -> bool:
    """yuv420p and the like: no alpha, no colour range in the name, whole planes."""
    return re.fullmatch(r"yuv4\d\dp(\d+le)?", name) is not None


def write_segment(
    path: Path,
    pictures: Iterable[Picture],
    settings: OutputSettings,
    tags: ColorTags,
    rate: Fraction,
    aspect: Fraction = Fraction(1),
) -> None:
    """Encode pictures into a file that appears when it is whole.

    Args:
        path: The file.
        pictures: Of one size, at least one, in ``settings.pix_fmt``.
        settings: The encoder's.
        tags: What the colours mean.
        rate: Frames per second, which the encoder plans for.
        aspect: Width of a pixel over its height.

    Raises:
        OSError: The system refuses, as when the disk is full.
        ValueError: The encoder refuses its settings.
    """
    av = require("av", "video")
    count = written = 0
    with file_at_once(path) as part, av.open(file_url(part), "w", format="matroska") as container:
        stream = None
        for picture in pictures:
            if stream is None:
                stream = _add_stream(container, picture.size, settings, tags, rate, aspect)
            frame = from_picture(picture)
            frame.pts, frame.time_base = count, stream.codec_context.time_base
            count += 1
            written += _write(container, stream, frame)
        written += _write(container, stream, None)
        if written != count:
            raise RuntimeError(f"{settings.codec} returned {written} frames for {count}")


def _add_stream(
    container: Any,
    size: tuple[int, int],
    settings: OutputSettings,
    tags: ColorTags,
    rate: Fraction,
    aspect: Fraction,
) -> Any:
    av = require("av", "video")
    silence(settings.codec)
    stream = container.add_stream(settings.codec, rate=rate)
    stream.time_base = SEGMENT_TIME_BASE
    context = stream.codec_context
    context.height, context.width = size
    context.pix_fmt = settings.pix_fmt
    context.framerate, context.time_base = rate, 1 / rate
    context.sample_aspect_ratio = aspect
    context.thread_count = settings.threads
    context.colorspace, context.color_range = tags.matrix, tags.range
    context.color_primaries, context.color_trc = tags.primaries, tags.transfer
    context.options = settings.all_options()
    try:
        with cleared_memory():
            context.open(strict=False)
    except av.error.FFmpegError as error:
        raise ValueError(
            f"{settings.codec} does not accept the settings {settings.all_options()} "
            f"({error.strerror}); correct the preset, CRF or options"
        ) from error
    for name in context.options:  # what was not taken
        found = getattr(context, "supported_options", None)  # of PyAV 18
        known = [option.name for option in (*found.generic, *found.private)] if found else []
        raise ValueError(f"{settings.codec} has no option {name!r}{did_you_mean(name, known)}")
    return stream


def _write(container: Any, stream: Any, frame: Any) -> int:
    """Encode a frame, write the packets that are ready, and return their number."""
    with cleared_memory():
        packets = stream.encode(frame)
    for packet in packets:
        packet.time_base = SEGMENT_TIME_BASE  # from here on a frame's number is a tick
        container.mux(packet)
    return len(packets)
