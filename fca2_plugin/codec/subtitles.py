"""Text subtitles in the form that a container holds, by FFmpeg's decoders and encoders.

Between them stands ASS. Italics, bold and underlining stay, and what else the form knows.
"""

import os
from pathlib import Path
from typing import Any

from fca2_plugin.codec.container import readable

__all__ = ["FORMS", "TextConverter", "form_for"]

#: What a container holds, by its ending.
FORMS = {
    ".mp4": "mov_text",
    ".mov": "mov_text",
    ".m4v": "mov_text",
    ".mkv": "subrip",
    ".webm": "webvtt",
}
TEXT = ("subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text")
_FIELDS = 8  # before the text of an ASS event


def form_for(path: str | os.PathLike, codec: str) -> str | None:
    """Into which form subtitles go in the container of ``path``; None for pictures of text."""
    return FORMS.get(Path(path).suffix.lower()) if codec in TEXT else None


class TextConverter:
    """Adds a stream for the texts of another one to an output, and makes its packets.

    Args:
        made: The output.
        given: A stream of subtitles.
        form: FFmpeg's name, one of ``FORMS``.
    """

    def __init__(self, made: Any, given: Any, form: str) -> None:
        self.given = given
        self.stream = stream = made.add_stream(form)
        given.codec_context.open()  # now it knows its styles, which encoders want first
        stream.codec_context.subtitle_header = given.codec_context.subtitle_header
        stream.codec_context.time_base = stream.time_base = given.time_base
        stream.id, stream.disposition = given.id, given.disposition
        stream.metadata.update(readable(given.metadata))

    def __call__(self, packet: Any) -> Any:
        """The new packet, or None where there is no text."""
        found = self.given.decode2(packet)
        text = b"".join(bytes(line.ass).split(b",", _FIELDS)[-1] for line in found or ())
        if not text.strip():
            return None
        new = self.stream.codec_context.encode_subtitle(found)
        new.pts = new.dts = packet.pts
        new.duration, new.time_base, new.stream = packet.duration, packet.time_base, self.stream
        return new
