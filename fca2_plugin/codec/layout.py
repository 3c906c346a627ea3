"""What a media file holds, with what PyAV does not tell: dispositions, chapters, attachments."""

import contextlib
import ctypes
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fca2_plugin.codec.libav import (
    FormatContext,
    Stream,
    check,
    file_url,
    library,
    read_dictionary,
)

__all__ = [
    "CONTAINERS",
    "Layout",
    "Track",
    "can_hold",
    "check_container",
    "is_cover_for",
    "missing_bytes",
    "read_layout",
    "reading",
    "unsupported",
    "writing",
]

KINDS = {0: "video", 1: "audio", 2: "data", 3: "subtitle", 4: "attachment"}
DISPOSITIONS = {  # libavformat/avformat.h
    0x1: "default",
    0x2: "dub",
    0x4: "original",
    0x8: "comment",
    0x10: "lyrics",
    0x20: "karaoke",
    0x40: "forced",
    0x80: "hearing_impaired",
    0x100: "visual_impaired",
    0x400: "attached_pic",
}
CHAPTER_TEXT = int.from_bytes(b"text", "little")  # the track that an MP4 keeps its titles in
CONTAINERS = (".mp4", ".mkv", ".mov", ".m4v", ".webm")  # those that take frames of any times
NO_CONTAINER = f"expected a name that ends in {', '.join(CONTAINERS)}"
ATTACHED_PIC = next(bit for bit, name in DISPOSITIONS.items() if name == "attached_pic")
#: Matroska takes any codec of other systems, and FFmpeg says so only when asked less strictly.
UNOFFICIAL = -1


@dataclass(frozen=True)
class Track:
    """One stream of a file.

    Args:
        index: Its number.
        kind: ``video``, ``audio``, ``subtitle``, ``data`` or ``attachment``.
        codec: FFmpeg's name.
        codec_id: FFmpeg's number.
        dispositions: ``default``, ``forced``, ``attached_pic``, ...
        language: As its metadata has it, or ``""``.
        holds_chapters: Whether it only holds the chapters' titles, which are kept as chapters.
    """

    index: int
    kind: str
    codec: str
    codec_id: int
    dispositions: tuple[str, ...]
    language: str
    holds_chapters: bool = False

    @property
    def is_cover(self) -> bool:
        """Whether it is a picture for shelves."""
        return "attached_pic" in self.dispositions

    @property
    def is_essential(self) -> bool:
        """Whether somebody would miss it: sound, subtitles, other pictures than a cover."""
        return self.kind in ("audio", "subtitle", "video") and not self.is_cover

    def __str__(self) -> str:
        words = [self.kind, str(self.index), self.codec, self.language, *self.dispositions]
        return " ".join(word for word in words if word)


@dataclass(frozen=True)
class Layout:
    """What a file holds.

    Args:
        tracks: Its streams, in order.
        chapters: Seconds at which its chapters begin.
        metadata: Of the whole file.
    """

    tracks: tuple[Track, ...]
    chapters: tuple[float, ...]
    metadata: dict[str, str]

    @property
    def pictures(self) -> Track | None:
        """The first video stream that is no cover."""
        return next((t for t in self.tracks if t.kind == "video" and not t.is_cover), None)

    @property
    def others(self) -> tuple[Track, ...]:
        """What is copied beside the pictures."""
        return tuple(t for t in self.tracks if t is not self.pictures and not t.holds_chapters)


def read_layout(path: str | os.PathLike) -> Layout:
    """List what a file holds.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It cannot be read.
    """
    with reading(path) as context:
        chapters = [context.chapters[i].contents for i in range(context.nb_chapters)]
        return Layout(
            tuple(
                _track(context.streams[i].contents, bool(chapters))
                for i in range(context.nb_streams)
            ),
            tuple(c.start * c.time_base.num / c.time_base.den for c in chapters),
            read_dictionary(context.metadata),
        )


def unsupported(layout: Layout, path: str | os.PathLike) -> list[Track]:
    """Which of ``layout.others`` the container that ``path`` is named for cannot hold.

    Raises:
        ValueError: The ending names no container.
    """
    takes_attachments = _takes_attachments(path)
    return [
        track
        for track in layout.others
        if not (takes_attachments and (track.kind == "attachment" or track.is_cover))
        and not can_hold(path, track.codec_id)
    ]


def can_hold(path: str | os.PathLike, codec_id: int) -> bool:
    """Whether the container that ``path`` is named for takes a codec, by FFmpeg's number.

    Raises:
        ValueError: The ending names no container.
    """
    with writing(path) as out:
        return library().avformat_query_codec(out.oformat, codec_id, UNOFFICIAL) == 1


def is_cover_for(path: str | os.PathLike, stream: Stream) -> bool:
    """Whether a stream is a cover that the container of ``path`` keeps as an attachment."""
    return _takes_attachments(path) and bool(stream.disposition & ATTACHED_PIC)


def _takes_attachments(path: str | os.PathLike) -> bool:
    return Path(path).suffix.lower() == ".mkv"  # of any kind


def check_container(path: str | os.PathLike) -> None:
    """Refuse a name for a container that would lose frames' times, or takes no video.

    Raises:
        ValueError: It is one.
    """
    if Path(path).suffix.lower() not in CONTAINERS:
        raise ValueError(
            f"{Path(path).name} names no container that can be written with every frame's time; "
            f"{NO_CONTAINER}"
        )


def missing_bytes(path: str | os.PathLike) -> int:
    """How many bytes at its end a file lacks, by its own index; 0 where it has no index.

    FFmpeg reads an AVI, or an MP4 whose index stands in front, to where it is cut off, and says
    nothing.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It cannot be read.
    """
    lib, end = library(), 0
    with reading(path) as context:
        for stream in context.streams[: context.nb_streams]:
            count = lib.avformat_index_get_entries_count(stream)
            if count:
                last = lib.avformat_index_get_entry(stream, count - 1).contents
                end = max(end, last.pos + last.size)
    with open(path, "rb") as file:
        head = file.read(12)
    if head.startswith(b"RIFF") and head.endswith(b"AVI "):  # its index is at its end
        end = 8 + int.from_bytes(head[4:8], "little")
    return max(0, end - os.path.getsize(path))


@contextlib.contextmanager
def reading(path: str | os.PathLike) -> Iterator[FormatContext]:
    """Open a file to read its packets.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It cannot be read.
    """
    lib, name = library(), os.fsencode(file_url(path))
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no video file {path}")
    context = ctypes.POINTER(FormatContext)()
    check(
        lib.avformat_open_input(ctypes.byref(context), name, None, None),
        f"{path} is not a video that can be read",
    )
    try:
        check(lib.avformat_find_stream_info(context, None), f"{path} cannot be read")
        assert context.contents.url == name, "the structure is declared as the library has it"
        yield context.contents
    finally:
        lib.avformat_close_input(ctypes.byref(context))


@contextlib.contextmanager
def writing(path: str | os.PathLike) -> Iterator[FormatContext]:
    """Make the context of the container that ``path`` is named for; nothing is opened.

    Raises:
        ValueError: The ending names no container.
    """
    lib, name = library(), os.fsencode(file_url(path))
    context = ctypes.POINTER(FormatContext)()
    code = lib.avformat_alloc_output_context2(ctypes.byref(context), None, None, name)
    if code < 0:
        raise ValueError(
            f"{Path(path).name} names no container that can be written; {NO_CONTAINER}"
        )
    try:
        yield context.contents
    finally:
        lib.avformat_free_context(context)


def _track(stream: Stream, has_chapters: bool) -> Track:
    codec = stream.codecpar.contents
    kind = KINDS.get(codec.codec_type, "data")
    return Track(
        index=stream.index,
        kind=kind,
        codec=library().avcodec_get_name(codec.codec_id).decode(),
        codec_id=codec.codec_id,
        dispositions=tuple(n for bit, n in DISPOSITIONS.items() if stream.disposition & bit),
        language=read_dictionary(stream.metadata).get("language", "").replace("und", ""),
        holds_chapters=has_chapters and kind == "data" and codec.codec_tag == CHAPTER_TEXT,
    )
