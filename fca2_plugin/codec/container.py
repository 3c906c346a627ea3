"""Media files as FFmpeg opens them, and streams that are copied from one into another."""

import contextlib
import io
import os
from pathlib import Path
from typing import Any

from fca2_plugin._optional import require

__all__ = [
    "copy_stream",
    "file_url",
    "format_of",
    "open_media",
    "open_result",
    "readable",
    "takes",
]

NO_TAG = "\0\0\0\0"


def file_url(path: str | os.PathLike) -> str:
    """A file's name as FFmpeg must see it: it takes ``Film: one.mp4`` for a protocol ``Film``."""
    return f"file:{os.fspath(path)}"


def open_media(path: str | os.PathLike) -> Any:
    """Open a file to read it, as an ``av.container.InputContainer``.

    Titles and names may hold any bytes; ``readable`` makes text of them.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It cannot be read.
    """
    av = require("av", "video")
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no video file {path}")
    try:
        return av.open(file_url(path), metadata_errors="surrogateescape")
    except av.error.FFmpegError as error:
        raise ValueError(f"{path} is not a video that can be read ({error.strerror})") from error


def readable(metadata: dict[str, str]) -> dict[str, str]:
    """Metadata as text: what is not UTF-8 is taken for Latin-1, as old programs wrote it."""
    return {_text(key): _text(value) for key, value in metadata.items()}


def _text(text: str) -> str:
    if text.isascii():
        return text
    given = text.encode(errors="surrogateescape")
    try:
        return given.decode()
    except UnicodeDecodeError:
        return given.decode("latin-1")


def open_result(path: str | os.PathLike, options: dict[str, str] | None = None) -> Any:
    """Open a file to write it, in the container that it is named for.

    Raises:
        ValueError: The ending names no container.
    """
    # FFmpeg's own choice for .m4v is MP4 for old iPods, without covers and HEVC
    form = "mp4" if Path(path).suffix.lower() == ".m4v" else None
    av = require("av", "video")
    return av.open(file_url(path), "w", format=form, container_options=options or {})


def format_of(path: str | os.PathLike) -> str:
    """FFmpeg's name of the container that ``path`` is named for.

    Raises:
        ValueError: The ending names no container.
    """
    with open_result(path) as container:  # writes nothing
        return container.format.name


def copy_stream(made: Any, given: Any) -> Any:
    """Add a stream like ``given`` to an output container.

    PyAV's own templates refuse what Matroska holds under another system's name (WMA), and codecs
    that this build cannot decode. A filter that changes nothing hands over the parameters of all,
    with their side data, to a stream that was made for it.
    """
    av = require("av", "video")
    with av.open(io.BytesIO(), "w", format=made.format.name) as blank:
        model = blank.add_stream(made.default_video_codec)
        stream = made.add_stream_from_template(model, opaque=True)
    av.BitStreamFilterContext("null", given, stream)
    rate = given.average_rate if given.type == "video" else None
    stream.codec_context.framerate = rate or 0
    stream.codec_context.codec_tag = NO_TAG  # the container's own
    stream.id, stream.time_base = given.id, given.time_base or 0
    stream.disposition = given.disposition
    stream.metadata.update(readable(given.metadata))
    return stream


def takes(container_format: str, given: Any) -> bool:
    """Whether a container can begin with a stream like ``given``."""
    av = require("av", "video")
    made = av.open(io.BytesIO(), "w", format=container_format)
    try:
        copy_stream(made, given)
        made.start_encoding()
    except (av.error.FFmpegError, ValueError):
        return False
    finally:
        with contextlib.suppress(av.error.FFmpegError):  # some miss packets at the end
            made.close()
    return True
