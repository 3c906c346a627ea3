"""One file's new pictures and another's everything else, put together without encoding anything.

::

    segments: packets with frame numbers -+- timed by the source's frames -+
                                                                           +- by time - out
    source: sound, subtitles, covers, ... ---------------------------------+

Chapters, metadata, languages, dispositions, attachments, rotation and HDR side data come from the
source. Nothing is held but the packets that the container needs to put them in order.
"""

import contextlib
import ctypes
import heapq
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from fca2_plugin.codec.layout import is_cover_for, reading, writing
from fca2_plugin.codec.libav import (
    NO_PTS,
    Chapter,
    FormatContext,
    Packet,
    Parameters,
    Rational,
    Stream,
    check,
    file_url,
    library,
    place_of,
    read_dictionary,
    set_entry,
)

__all__ = ["SEGMENT_TIME_BASE", "VideoTrack", "join"]

SEGMENT_TIME_BASE = Fraction(1, 1000)  # Matroska's; a tick stands for a frame
HVC1 = int.from_bytes(b"hvc1", "little")  # Apple's players refuse FFmpeg's own choice, hev1
MOV_SUFFIXES = (".mp4", ".mov", ".m4v")
LEAST_MOVIE_TICKS, MOST_MOVIE_TICKS = 1000, 10_000_000
ATTACHMENT, INPUT_PADDING = 4, 64  # AVMEDIA_TYPE_ATTACHMENT, AV_INPUT_BUFFER_PADDING_SIZE
COVERS = {b"png": ("cover.png", "image/png"), b"mjpeg": ("cover.jpg", "image/jpeg")}
KEPT_SIDE_DATA = (5, 20, 21, 22)  # display matrix, mastering display, spherical, light level
STALE = (  # what another encoder or muxer said of the stream
    "encoder",
    "vendor_id",
    "DURATION",
    "NUMBER_OF_FRAMES",
    "NUMBER_OF_BYTES",
    "BPS",
)
OF_THE_CONTAINER = ("encoder", "major_brand", "minor_version", "compatible_brands")
_WRITE = 2  # AVIO_FLAG_WRITE
_END = -int.from_bytes(b"EOF ", "little")  # AVERROR_EOF

Timed = tuple[Packet, Rational]


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


def join(out: Path, source: str | os.PathLike, video: VideoTrack, keep: Iterable[int]) -> None:
    """Write a file with the pictures of ``video`` and the streams ``keep`` of ``source``.

    Args:
        out: The file to write; its ending chooses the container.
        source: Where all but the pictures comes from.
        video: The pictures.
        keep: Numbers of the source's streams.

    Raises:
        OSError: The system refuses, as when the disk is full.
        ValueError: The container does not take a stream.
    """
    lib = library()
    with reading(source) as given, reading(video.segments[0]) as first, writing(out) as made:
        covers: set[int] = set()  # their packets are in the header already
        places = {index: place for place, index in enumerate(sorted({*keep, video.index}))}
        for index in places:  # streams stand in the order that they have in the source
            stream = given.streams[index].contents
            pictures = first.streams[0].contents if index == video.index else None
            _add_stream(made, stream, pictures, out.suffix.lower())
            if is_cover_for(out, stream):
                _attach(made.streams[places[index]].contents, stream)
                covers.add(index)
        made.streams[places[video.index]].contents.time_base = _rational(video.time_base)
        lib.av_dict_copy(place_of(made, "metadata"), given.metadata, 0)
        for key in OF_THE_CONTAINER:
            set_entry(place_of(made, "metadata"), key, None)
        _add_chapters(made, given)
        with _open(made, out, out.suffix.lower()):
            packets = heapq.merge(
                _pictures(video, places[video.index]),
                _others(
                    given, {i: p for i, p in places.items() if i not in {video.index, *covers}}
                ),
                key=_seconds,
            )
            for packet, time_base in packets:
                target = made.streams[packet.stream_index].contents.time_base
                lib.av_packet_rescale_ts(packet, time_base, target)
                check(lib.av_interleaved_write_frame(made, packet), f"writing {out}")


def _add_stream(made: FormatContext, given: Stream, pictures: Stream | None, suffix: str) -> None:
    """Add a stream like ``given``, or with the coded ``pictures`` in its place."""
    lib = library()
    stream = lib.avformat_new_stream(made, None).contents
    codec = (pictures or given).codecpar.contents
    check(lib.avcodec_parameters_copy(stream.codecpar, codec), "copying a stream")
    target = stream.codecpar.contents
    is_hevc = lib.avcodec_get_name(codec.codec_id) == b"hevc"
    target.codec_tag = HVC1 if is_hevc and suffix in MOV_SUFFIXES else 0
    stream.id = given.id
    stream.time_base = given.time_base
    stream.disposition = given.disposition
    stream.avg_frame_rate = given.avg_frame_rate
    stream.sample_aspect_ratio = target.sample_aspect_ratio
    lib.av_dict_copy(place_of(stream, "metadata"), given.metadata, 0)
    for key in STALE:
        set_entry(place_of(stream, "metadata"), key, None)
    if pictures is not None:
        _copy_side_data(target, given.codecpar.contents)


def _attach(stream: Stream, given: Stream) -> None:
    """Turn a copied cover into an attachment, which it is in Matroska."""
    lib, codec, picture = library(), stream.codecpar.contents, given.attached_pic
    codec.codec_type, stream.disposition = ATTACHMENT, 0
    lib.av_free(codec.extradata)
    codec.extradata = lib.av_mallocz(picture.size + INPUT_PADDING)
    codec.extradata_size = picture.size
    ctypes.memmove(codec.extradata, picture.data, picture.size)
    known = read_dictionary(stream.metadata)
    guess = COVERS.get(lib.avcodec_get_name(codec.codec_id), ("cover", "application/octet-stream"))
    for key, value in zip(("filename", "mimetype"), guess, strict=True):
        set_entry(place_of(stream, "metadata"), key, known.get(key, value))


def _copy_side_data(made: Parameters, given: Parameters) -> None:
    lib = library()
    for kind in KEPT_SIDE_DATA:
        found = lib.av_packet_side_data_get(given.coded_side_data, given.nb_coded_side_data, kind)
        if found:
            places = place_of(made, "coded_side_data"), place_of(made, "nb_coded_side_data")
            copy = lib.av_packet_side_data_new(*places, kind, found.contents.size, 0)
            ctypes.memmove(copy.contents.data, found.contents.data, found.contents.size)


def _add_chapters(made: FormatContext, given: FormatContext) -> None:
    lib, count = library(), given.nb_chapters
    if not count:
        return
    # FFmpeg frees them with the context, so they must be its own memory
    pointer = ctypes.POINTER(Chapter)
    made.chapters = ctypes.cast(
        lib.av_mallocz(count * ctypes.sizeof(pointer)), ctypes.POINTER(pointer)
    )
    for number in range(count):
        made.chapters[number] = ctypes.cast(lib.av_mallocz(ctypes.sizeof(Chapter)), pointer)
        source, chapter = given.chapters[number].contents, made.chapters[number].contents
        for field in ("id", "time_base", "start", "end"):
            setattr(chapter, field, getattr(source, field))
        lib.av_dict_copy(place_of(chapter, "metadata"), source.metadata, 0)
    made.nb_chapters = count


@contextlib.contextmanager
def _open(made: FormatContext, out: Path, suffix: str) -> Iterator[None]:
    """Open the file, write what stands in front; then what stands at the end, and close it."""
    lib, what = library(), f"writing {out}"
    check(lib.avio_open(place_of(made, "pb"), os.fsencode(file_url(out)), _WRITE), what)
    options = ctypes.c_void_p()
    set_entry(ctypes.byref(options), "fflags", "+bitexact")  # no random numbers, no clock
    if suffix in MOV_SUFFIXES:
        set_entry(ctypes.byref(options), "movflags", "faststart")
        set_entry(ctypes.byref(options), "movie_timescale", str(_movie_ticks(made)))
    try:
        check(lib.avformat_write_header(made, ctypes.byref(options)), what)
        yield
        check(lib.av_write_trailer(made), what)
        check(lib.avio_closep(place_of(made, "pb")), what)
    finally:
        lib.av_dict_free(ctypes.byref(options))
        lib.avio_closep(place_of(made, "pb"))


def _movie_ticks(made: FormatContext) -> int:
    """Ticks of a second in which an MP4 notes when its tracks begin; by default a thousand."""
    streams = [made.streams[i].contents for i in range(made.nb_streams)]
    ticks = math.lcm(*(stream.time_base.den for stream in streams if stream.time_base.den > 0))
    return ticks * -(-LEAST_MOVIE_TICKS // ticks) if ticks <= MOST_MOVIE_TICKS else 90_000


def _pictures(video: VideoTrack, place: int) -> Iterator[Timed]:
    """The segments' packets, at their times in the source."""
    # a packet is decoded before any frame is shown that was stored after it
    reorder = max(count - frame for count, frame, _ in _numbered(video))
    time_base = _rational(video.time_base)
    count = -1
    for count, frame, packet in _numbered(video):
        packet.pts, packet.dts = int(video.times[frame]), video.decoded_at(count, reorder)
        packet.duration = video.shown_for(frame)
        packet.stream_index = place
        yield packet, time_base
    if count + 1 != len(video.times):
        raise RuntimeError(f"the segments hold {count + 1} frames, expected {len(video.times)}")


def _numbered(video: VideoTrack) -> Iterator[tuple[int, int, Packet]]:
    """Each packet with its place in the stream and its frame's number."""
    count = done = 0  # packets so far; frames of the segments so far
    for segment in video.segments:
        with reading(segment) as given:
            for packet in _packets(given):
                yield count, done + packet.pts, packet
                count += 1
        done = count


def _others(given: FormatContext, places: Mapping[int, int]) -> Iterator[Timed]:
    """The source's packets of these streams, as they are."""
    for packet in _packets(given):
        index = packet.stream_index
        if index in places:
            packet.stream_index = places[index]
            yield packet, given.streams[index].contents.time_base


def _packets(given: FormatContext) -> Iterator[Packet]:
    """Each packet of an opened file; it is overwritten by the next."""
    lib = library()
    packet = lib.av_packet_alloc()
    try:
        while (code := lib.av_read_frame(given, packet)) != _END:
            check(code, f"reading {os.fsdecode(given.url).removeprefix('file:')}")
            yield packet.contents
            lib.av_packet_unref(packet)
    finally:
        lib.av_packet_free(ctypes.byref(packet))


def _seconds(timed: Timed) -> float:
    packet, base = timed
    ticks = packet.pts if packet.dts == NO_PTS else packet.dts
    return float("-inf") if ticks == NO_PTS else ticks * base.num / base.den


def _rational(value: Fraction) -> Rational:
    return Rational(value.numerator, value.denominator)
