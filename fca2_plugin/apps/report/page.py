"""A report as sections of things shown, and its two forms: an HTML page, and Markdown.

The templates in ``templates/`` hold all of the page. It needs no other file, and its only scripts
are the sliders' one-liners, without which it still shows everything.
"""

import base64
import functools
import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np
from PIL import Image

from fca2_plugin import __version__
from fca2_plugin.apps.report.pictures import CodesPicture, Comparison, TemporalProfile
from fca2_plugin.apps.tables import TableView

__all__ = ["Plot", "Report", "Section", "table_markdown"]

LOSSLESS_PIXELS = 200 * 200  # larger frames are kept as WebP of this quality, a fifth of the size:
QUALITY = 90


@dataclass(frozen=True)
class Plot:
    """A plot's PNG and what is said below it; a broad one scrolls where there is no room."""

    png: bytes
    caption: str
    alt: str = ""
    broad: bool = False


#: Template of everything that a section can hold beside sentences; facts are a dict.
SHOWN = {
    CodesPicture: "codes.html",
    Comparison: "comparison.html",
    dict: "facts.html",
    Plot: "plot.html",
    TableView: "table.html",
    TemporalProfile: "profile.html",
}


@dataclass(frozen=True)
class Section:
    """What stands under one title."""

    title: str
    items: Sequence[Any]


@dataclass(frozen=True)
class Report:
    """A whole report.

    Args:
        title: Title of the page.
        about: The line below the title.
        tiles: Figures that a reader came for, and what each is.
        sections: In the order shown.
    """

    title: str
    about: str
    tiles: Sequence[tuple[str, str]]
    sections: Sequence[Section]

    def html(self) -> str:
        """The page."""
        return self._render("page.html")

    def markdown(self) -> str:
        """Tables and sentences as Markdown."""
        return self._render("report.md")

    def _render(self, name: str) -> str:
        return _templates().get_template(name).render(report=self, version=__version__)


def table_markdown(view: TableView) -> str:
    """A table under its title, its notes below it."""
    return _templates().get_template("table.md").render(item=view).strip()


@functools.cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("fca2_plugin.apps.report"),
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["template_of"] = lambda item: SHOWN.get(type(item), "sentence.html")
    environment.tests["written"] = lambda item: isinstance(item, str | TableView)
    environment.filters |= {"png": _png, "picture": _picture}
    environment.filters |= {"cell": _markdown_cell, "text": _markdown_text}
    return environment


def _markdown_cell(text: str) -> str:
    """Nothing in a name is taken for HTML, a link or another cell."""
    return re.sub(r"([|\[\]`])", r"\\\1", _markdown_text(" ".join(text.split("\n"))))


def _markdown_text(text: str) -> str:
    """A sentence of ours, with names in it that are not HTML."""
    return html.escape(text, quote=False)


def _picture(frame: np.ndarray, max_side: int | None = None) -> str:
    """A frame's address; lossless at its own size, else no larger than ``max_side``."""
    image = Image.fromarray(frame)
    if max_side is not None:
        image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    if max_side is None or image.width * image.height <= LOSSLESS_PIXELS:
        image.save(buffer, "png", optimize=True)
        return _png(buffer.getvalue())
    image.save(buffer, "webp", quality=QUALITY)
    return _uri(buffer.getvalue(), "webp")


def _png(data: bytes) -> str:
    return _uri(data, "png")


def _uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
