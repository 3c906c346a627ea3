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
    library,
    read_dictionary,
)

__all__ = ["Layout", "Track", "read_layout", "reading", "unsupported", "writing"]

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
NO_CONTAINER = "expected a name that ends in .mp4, .mkv, .mov, .webm, ..."


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
    def is_essential(self) -> bool:
        """Whether somebody would miss it: sound, subtitles, other pictures than a cover."""
        is_cover = "attached_pic" in self.dispositions
        return self.kind in ("audio", "subtitle", "video") and not is_cover

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
        films = (t for t in self.tracks if t.kind == "video")
        return next((t for t in films if "attached_pic" not in t.dispositions), None)

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
    takes_attachments = Path(path).suffix.lower() == ".mkv"  # of any kind
    with writing(path) as out:
        query = library().avformat_query_codec
        return [
            track
            for track in layout.others
            if not (track.kind == "attachment" and takes_attachments)
            and query(out.oformat, track.codec_id, 0) != 1
        ]


@contextlib.contextmanager
def reading(path: str | os.PathLike) -> Iterator[FormatContext]:
    """Open a file to read its packets.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It cannot be read.
    """
    lib, name = library(), os.fsencode(path)
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
    lib, name = library(), os.fsencode(path)
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
