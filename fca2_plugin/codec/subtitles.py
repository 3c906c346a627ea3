"""Text subtitles in the form that a container holds.

FFmpeg's decoders make one form (ASS) of all of them; the other forms are plain text, which is
written here. Italics, bold and underlining stay where the form knows them; places and colours go.
"""

import os
import re
from pathlib import Path
from typing import Any

from fca2_plugin._optional import require
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
# encoders of subtitles want styles before they begin
STYLES = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Alignment
Style: Default,Arial,16,&Hffffff,2

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
_FIELDS = 8  # before the text of an ASS event
_TAG = re.compile(r"\{\\([^}]*)\}")


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
        self.given, self.form = given, form
        self.stream = stream = made.add_stream(form)
        stream.codec_context.subtitle_header = STYLES
        stream.codec_context.time_base = stream.time_base = given.time_base
        stream.id, stream.disposition = given.id, given.disposition
        stream.metadata.update(readable(given.metadata))

    def __call__(self, packet: Any) -> Any:
        """The new packet, or None where there is no text."""
        found = self.given.decode2(packet)
        text = "\n".join(_text(bytes(line.ass), self.form) for line in found or ())
        if not text.strip():
            return None
        data = text.encode()
        if self.form == "mov_text":
            data = len(data).to_bytes(2, "big") + data
        new = require("av", "video").Packet(data)
        new.pts = new.dts = packet.pts
        new.duration, new.time_base, new.stream = packet.duration, packet.time_base, self.stream
        return new


def _text(event: bytes, form: str) -> str:
    text = event.decode(errors="replace").split(",", _FIELDS)[-1]
    text = text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    if form == "mov_text":
        return _TAG.sub("", text)
    return _TAG.sub(lambda match: _markup(match[1]), text)


def _markup(tags: str) -> str:
    r"""``\i1`` is ``<i>``, ``\i0`` is ``</i>``; bold and underlined likewise."""
    found = re.findall(r"(?:^|\\)([ibu])([01])(?=\\|$)", tags)
    return "".join(f"<{'' if on == '1' else '/'}{tag}>" for tag, on in found)
