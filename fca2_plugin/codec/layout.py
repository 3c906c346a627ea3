"""Streams, chapters and metadata of a media file, and which of them another container takes."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fca2_plugin._optional import require
from fca2_plugin.codec.container import format_of, open_media, open_result, readable, takes
from fca2_plugin.codec.subtitles import form_for

__all__ = [
    "CONTAINERS",
    "Layout",
    "Track",
    "can_hold",
    "check_container",
    "converted",
    "keeps_as_attachment",
    "missing_bytes",
    "read_layout",
    "unsupported",
]

CONTAINERS = (".mp4", ".mkv", ".mov", ".m4v", ".webm")  # those that take frames of any times


@dataclass(frozen=True)
class Track:
    """One stream of a file.

    Args:
        index: Its number.
        kind: ``video``, ``audio``, ``subtitle``, ``data`` or ``attachment``.
        codec: FFmpeg's name, ``unknown`` where FFmpeg cannot decode it; of an attachment its type.
        dispositions: ``default``, ``forced``, ``attached_pic``, ...
        language: As its metadata has it, or ``""``.
        holds_chapters: Whether it only holds the chapters' titles, which are kept as chapters.
    """

    index: int
    kind: str
    codec: str
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
    """The content of a file.

    Args:
        path: The file.
        tracks: Its streams, in order.
        chapters: Seconds at which its chapters begin.
        metadata: Of the whole file.
        stream: Number of the stream with the pictures.
    """

    path: Path
    tracks: tuple[Track, ...]
    chapters: tuple[float, ...]
    metadata: dict[str, str]
    stream: int

    @property
    def pictures(self) -> Track:
        """The video stream that was asked for, or the best one, covers aside."""
        return self.tracks[self.stream]

    @property
    def films(self) -> tuple[Track, ...]:
        """All video streams but covers."""
        return tuple(t for t in self.tracks if t.kind == "video" and not t.is_cover)

    @property
    def others(self) -> tuple[Track, ...]:
        """What is copied beside the pictures."""
        return tuple(t for t in self.tracks if t is not self.pictures and not t.holds_chapters)


def read_layout(path: str | os.PathLike, stream: int | None = None) -> Layout:
    """List the content of a file.

    Args:
        path: The file.
        stream: Number of the stream with the pictures; the best one where None.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It cannot be read, or it or the stream contains no pictures.
    """
    with open_media(path) as container:
        chapters = tuple(float(c["start"] * c["time_base"]) for c in container.chapters())
        tracks = tuple(_track(stream, bool(chapters)) for stream in container.streams)
        films = [t.index for t in tracks if t.kind == "video" and not t.is_cover]
        best = max(films, key=lambda index: _worth(container.streams[index]), default=None)
        metadata = readable(container.metadata)
    if best is None:
        kinds = ["a cover" if track.is_cover else track.kind for track in tracks]
        held = f"has no video stream, only {', '.join(kinds)}" if kinds else "contains no stream"
        raise ValueError(f"{path} {held}; give a file that contains a video")
    if stream is not None and stream not in films:
        raise ValueError(
            f"stream {stream} of {path} is not a video; expected one of its video streams: "
            f"{', '.join(map(str, films))}"
        )
    return Layout(Path(path), tracks, chapters, metadata, best if stream is None else stream)


def unsupported(layout: Layout, path: str | os.PathLike) -> list[Track]:
    """Which of ``layout.others`` the container that ``path`` is named for cannot hold.

    Raises:
        ValueError: The ending names no container.
    """
    return [t for t in _untaken(layout, path) if form_for(path, t.codec) is None]


def converted(layout: Layout, path: str | os.PathLike) -> dict[int, str]:
    """The text subtitles that the container of ``path`` stores in another form, and in which.

    Raises:
        ValueError: The ending names no container.
    """
    found = {track.index: form_for(path, track.codec) for track in _untaken(layout, path)}
    return {index: form for index, form in found.items() if form is not None}


def _untaken(layout: Layout, path: str | os.PathLike) -> list[Track]:
    name = format_of(path)
    with open_media(layout.path) as container:
        return [
            track
            for track in layout.others
            if not keeps_as_attachment(path, track)
            and not takes(name, container.streams[track.index])
        ]


def can_hold(path: str | os.PathLike, encoder: str) -> bool:
    """Whether the container that ``path`` is named for takes what an encoder of FFmpeg's writes.

    Raises:
        ValueError: The ending names no container.
    """
    with open_result(path) as container:  # writes nothing
        return encoder in container.supported_codecs


def keeps_as_attachment(path: str | os.PathLike, track: Track) -> bool:
    """Whether the container of ``path`` keeps a stream as an attached file, whatever is in it."""
    return Path(path).suffix.lower() == ".mkv" and (track.kind == "attachment" or track.is_cover)


def check_container(path: str | os.PathLike) -> None:
    """Refuse a name for a container that would lose frames' times, or takes no video.

    Raises:
        ValueError: It is one.
    """
    if Path(path).suffix.lower() not in CONTAINERS:
        raise ValueError(
            f"{Path(path).name} is not a container that can store the time of every frame; "
            f"expected a name that ends in {', '.join(CONTAINERS)}"
        )


def missing_bytes(path: str | os.PathLike) -> int:
    """How many bytes at its end a file lacks, by its own index; 0 where it has no index.

    FFmpeg reads an AVI, or an MP4 whose index stands in front, to where it is cut off, and says
    nothing.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It cannot be read.
    """
    with open_media(path) as container:
        last = [stream.index_entries[-1] for stream in container.streams if stream.index_entries]
        end = max((entry.pos + entry.size for entry in last), default=0)
    with open(path, "rb") as file:
        head = file.read(12)
    if head.startswith(b"RIFF") and head.endswith(b"AVI "):  # its index is at its end
        length = int.from_bytes(head[4:8], "little")
        # a program that wrote to a pipe could not go back to fill it in
        end = end if length in (0, 0xFFFFFFFF) else 8 + length
    return max(0, end - os.path.getsize(path))


def _worth(stream: Any) -> tuple[bool, bool, int]:
    """Moving pictures before a still, the default before others, and then the largest."""
    default = require("av", "video").stream.Disposition.default
    context = stream.codec_context
    area = 0 if context is None else context.width * context.height
    return stream.frames != 1, bool(stream.disposition & default), area


def _track(stream: Any, has_chapters: bool) -> Track:
    flags = require("av", "video").stream
    kind = stream.type if stream.type != "unknown" else "data"
    # the titles of an MP4's chapters are a track that FFmpeg reads by itself
    titles = has_chapters and kind == "data" and stream.discard == flags.Discard.all
    return Track(
        index=stream.index,
        kind=kind,
        codec=_codec(stream),
        dispositions=tuple(f.name for f in flags.Disposition if f & stream.disposition),
        language=readable(stream.metadata).get("language", "").replace("und", ""),
        holds_chapters=titles,
    )


def _codec(stream: Any) -> str:
    if stream.codec_context is not None:
        return stream.codec_context.codec.canonical_name
    known = {"data": "name", "attachment": "mimetype"}.get(stream.type)
    return (known and getattr(stream, known)) or "unknown"
