"""One file's new pictures and another's everything else, put together without encoding anything.

::

    segments: packets with frame numbers -+- timed by the source's frames -+
                                                                           +- by time - out
    source: sound, subtitles, covers, ... ---------------------------------+

Chapters, metadata, languages, dispositions, attachments, rotation and HDR side data come from the
source. Nothing is held but the packets that the container needs to put them in order.
"""

import heapq
import math
import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from fca2_plugin._optional import require
from fca2_plugin.codec.container import copy_stream, open_media, open_result, readable
from fca2_plugin.codec.jumps import joiner_for
from fca2_plugin.codec.layout import Layout, converted, keeps_as_attachment, read_layout
from fca2_plugin.codec.side_data import described, read_side_data
from fca2_plugin.codec.subtitles import TextConverter

__all__ = ["SEGMENT_TIME_BASE", "Span", "VideoTrack", "join"]

SEGMENT_TIME_BASE = Fraction(1, 1000)  # Matroska's; a tick stands for a frame
MOV_SUFFIXES = (".mp4", ".mov", ".m4v")
LEAST_MOVIE_TICKS, MOST_MOVIE_TICKS = 1000, 10_000_000
COVERS = {"png": ("cover.png", "image/png"), "mjpeg": ("cover.jpg", "image/jpeg")}
STALE = (  # what another encoder or muxer said of the stream
    "encoder",
    "vendor_id",
    "duration",
    "number_of_frames",
    "number_of_bytes",
    "bps",
)
ALPHA = ("alpha_mode",)  # of WebM, whose transparency is in another layer
OF_THE_CONTAINER = ("encoder", "major_brand", "minor_version", "compatible_brands")


@dataclass(frozen=True)
class VideoTrack:
    """The new pictures.

    Args:
        segments: Files of ``write_segment``, in order.
        times: Each frame's time in the source, in ``time_base``, increasing.
        time_base: Seconds of one tick.
        last_ticks: How long the last frame is shown.
        index: The source's stream that the frames are of.
    """

    segments: Sequence[Path]
    times: np.ndarray
    time_base: Fraction
    last_ticks: int
    index: int

    def decoded_at(self, place: int, reorder: int) -> int:
        """When the packet at this place is decoded, if frames wait ``reorder`` places."""
        if place >= reorder:
            return int(self.times[place - reorder])
        step = self.times[1] - self.times[0] if len(self.times) > 1 else self.last_ticks
        return int(self.times[0] - (reorder - place) * max(step, 1))

    def shown_for(self, frame: int) -> int:
        """How long a frame is shown."""
        if frame + 1 == len(self.times):
            return self.last_ticks
        return int(self.times[frame + 1] - self.times[frame])


@dataclass(frozen=True)
class Span:
    """A part of the source.

    Args:
        start: Seconds on the source's clock that become 0; None leaves its clock as it is.
        stop: Seconds on the source's clock at which it ends; None is the source's end.
    """

    start: Fraction | None = None
    stop: Fraction | None = None

    def place(self, packet: Any) -> bool:
        """Move a packet to where it belongs; False where it lies outside."""
        ticks, base = packet.pts if packet.pts is not None else packet.dts, packet.time_base
        if ticks is None or base is None:
            return True
        if self.stop is not None and ticks * base >= self.stop:
            return False
        if self.start is None:
            return True
        if ticks * base < self.start:
            begun = packet.duration and (ticks + packet.duration) * base > self.start
            if packet.stream.type != "subtitle" or not begun:
                return False
            # what is on the screen when the part begins
            late = math.ceil(self.start / base) - ticks
            packet.duration -= late
            packet.pts = packet.dts = ticks + late
        shift = round(self.start / base)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        return True

    def chapters(self, given: Iterable[dict]) -> list[dict]:
        """The chapters that reach into the part, cut to it."""
        kept = []
        for chapter in given:
            base = chapter["time_base"]
            first, last = chapter["start"], chapter["end"]
            if self.stop is not None:
                last = min(last, round(self.stop / base))
            if self.start is not None:
                shift = round(self.start / base)
                first, last = max(0, first - shift), last - shift
            if last > first or (self.start is None and self.stop is None):
                kept.append(chapter | {"start": first, "end": last})
        return kept


def join(
    out: Path,
    source: str | os.PathLike,
    video: VideoTrack,
    keep: Iterable[int],
    span: Span | None = None,
) -> None:
    """Write a file with the pictures of ``video`` and the streams ``keep`` of ``source``.

    Args:
        out: The file to write; its ending chooses the container.
        source: Where all but the pictures comes from.
        video: The pictures.
        keep: Numbers of the source's streams.
        span: The part of the source that the pictures are of.

    Raises:
        OSError: The system refuses, as when the disk is full.
        ValueError: The container does not take a stream.
    """
    av = require("av", "video")
    span = span or Span()
    layout = read_layout(source)
    tracks, forms = layout.tracks, converted(layout, out)
    wanted = sorted({*keep, video.index})  # streams stand in the order that they have in the source
    with (
        open_media(source) as given,
        open_result(out, _options(out, layout, [given.streams[i] for i in wanted])) as made,
    ):
        given.flags &= ~av.container.Flags.gen_pts.value  # times as they are
        streams, converters = {}, {}
        for index in wanted:
            stream = given.streams[index]
            if index == video.index:
                streams[index] = _add_pictures(made, stream, video, source)
            elif tracks[index].is_cover and keeps_as_attachment(out, tracks[index]):
                _attach(made, stream, source)  # in the header already: none of its packets
            elif index in forms:
                converters[index] = TextConverter(made, stream, forms[index])
                streams[index] = converters[index].stream
            else:
                streams[index] = copy_stream(made, stream)
        for stream in made.streams:
            _drop(stream.metadata, STALE)
        made.metadata.update(layout.metadata)
        _drop(made.metadata, OF_THE_CONTAINER)
        chapters = [c | {"metadata": readable(c["metadata"])} for c in given.chapters()]
        made.set_chapters(span.chapters(chapters))
        pictures = _pictures(video, streams.pop(video.index))
        covers = {track.index for track in tracks if track.is_cover}
        others = _others(given, streams, converters, span, covers)
        try:
            for packet in heapq.merge(pictures, others, key=_seconds):
                made.mux_one(packet)
        except av.error.FFmpegError as error:
            if isinstance(error, OSError):
                raise
            raise ValueError(f"writing {out}: {error.strerror}") from error


def _add_pictures(made: Any, given: Any, video: VideoTrack, source: str | os.PathLike) -> Any:
    """Add the coded pictures, with all else that the source tells of its own."""
    side_data = read_side_data(source, given.index)
    with open_media(video.segments[0]) as first, described(first, side_data) as coded:
        stream = copy_stream(made, coded.streams[0])
        is_hevc = coded.streams[0].codec_context.name == "hevc"
    if is_hevc and made.format.name != "matroska":
        stream.codec_context.codec_tag = "hvc1"  # Apple's players refuse FFmpeg's own, hev1
    if side_data.matrix is not None:
        stream.set_display_matrix(side_data.matrix)
    stream.codec_context.framerate = given.average_rate or 0
    stream.id, stream.time_base = given.id, video.time_base
    stream.disposition = given.disposition
    stream.metadata.clear()
    stream.metadata.update(readable(given.metadata))
    _drop(stream.metadata, ALPHA)
    return stream


def _attach(made: Any, given: Any, source: str | os.PathLike) -> None:
    """Turn a cover into an attachment, which it is in Matroska."""
    with open_media(source) as container:
        packets = container.demux(container.streams[given.index])
        picture = bytes(next(packet for packet in packets if packet.size))
    known = readable(given.metadata)
    guess = COVERS.get(given.codec_context.name, ("cover", "application/octet-stream"))
    name, kind = (known.get(k, v) for k, v in zip(("filename", "mimetype"), guess, strict=True))
    stream = made.add_attachment(name, kind, picture)
    stream.metadata.update(known)


def _drop(metadata: dict[str, str], keys: Container[str]) -> None:
    for key in [key for key in metadata if key.lower() in keys]:  # Matroska writes them large
        del metadata[key]


def _options(out: Path, layout: Layout, streams: Sequence[Any]) -> dict[str, str]:
    """What the container of ``out`` is told before it takes anything of these streams."""
    options = {"fflags": "+bitexact"}  # no random numbers, no clock
    if out.suffix.lower() not in MOV_SUFFIXES:
        return options
    # iPhones' place, make and model have names that FFmpeg else leaves out
    named = any(key.startswith("com.") for key in layout.metadata)
    # of a second, in which it notes when its tracks begin; by default a thousand
    ticks = math.lcm(*(stream.time_base.denominator for stream in streams if stream.time_base))
    ticks = ticks * -(-LEAST_MOVIE_TICKS // ticks) if ticks <= MOST_MOVIE_TICKS else 90_000
    return options | {
        "movflags": "faststart+use_metadata_tags" if named else "faststart",
        "movie_timescale": str(ticks),
        "strict": "unofficial",  # else a sphere is left out
    }


def _pictures(video: VideoTrack, stream: Any) -> Iterator[Any]:
    """The segments' packets, at their times in the source."""
    # a packet is decoded before any frame is shown that was stored after it
    reorder = max(count - frame for count, frame, _ in _numbered(video))
    count = -1
    for count, frame, packet in _numbered(video):
        packet.pts, packet.dts = int(video.times[frame]), video.decoded_at(count, reorder)
        packet.duration, packet.time_base = video.shown_for(frame), video.time_base
        packet.stream = stream
        yield packet
    if count + 1 != len(video.times):
        raise RuntimeError(f"the segments hold {count + 1} frames, expected {len(video.times)}")


def _numbered(video: VideoTrack) -> Iterator[tuple[int, int, Any]]:
    """Each packet with its place in the stream and its frame's number."""
    count = done = 0  # packets so far; frames of the segments so far
    for segment in video.segments:
        with open_media(segment) as given:
            for packet in _packets(given):
                yield count, done + packet.pts, packet
                count += 1
        done = count


def _others(
    given: Any,
    streams: Mapping[int, Any],
    converters: Mapping[int, TextConverter],
    span: Span,
    covers: Container[int],
) -> Iterator[Any]:
    """The source's packets of these streams that lie in the part; covers always do."""
    joiner = joiner_for(given)
    last: dict[int, int] = {}
    for packet in _packets(given):
        index = packet.stream_index
        if joiner is not None:
            joiner.place(packet)
        if index not in streams or not (index in covers or span.place(packet)):
            continue
        if index in converters:
            packet = converters[index](packet)
            if packet is None:
                continue
        packet.stream = streams[index]
        _keep_order(packet, last)
        yield packet


def _keep_order(packet: Any, last: dict[int, int]) -> None:
    """Move a packet behind the one before, as ffmpeg does: MP4 refuses what goes back in time."""
    if packet.dts is None:
        return
    index = packet.stream.index
    if packet.dts <= last.get(index, packet.dts - 1):
        packet.dts = last[index] + 1
        packet.pts = None if packet.pts is None else max(packet.pts, packet.dts)
    last[index] = packet.dts


def _packets(given: Any) -> Iterator[Any]:
    """Each packet of an opened file, without PyAV's empty ones at the end."""
    for packet in given.demux():
        if packet.size or packet.pts is not None:
            yield packet


def _seconds(packet: Any) -> float:
    ticks = packet.pts if packet.dts is None else packet.dts
    return float("-inf") if ticks is None else float(ticks * packet.time_base)
