"""HTML of a page that needs no other file: document, tables, plots, pictures.

Every text is escaped where it enters the page. The only scripts are the sliders' one-liners, and
without them the page still shows everything.
"""

import base64
import io
from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
from PIL import Image

from fca2_plugin import __version__
from fca2_plugin.apps.report.pictures import CodesPicture, Comparison, TemporalProfile
from fca2_plugin.apps.report.plotting import DARK, LIGHT, Theme
from fca2_plugin.apps.report.style import STYLE
from fca2_plugin.apps.report.tables import Cell, Line, TableView

__all__ = [
    "codes_picture",
    "comparison",
    "document",
    "note",
    "picture",
    "plot",
    "scroll",
    "section",
    "table",
    "temporal_profile",
]

WHOLE_SIDES = 640, 960  # least and most pixels of a whole frame's width on the page
THUMB_SIDE = 240
DENSE = 7  # columns from which a table is set smaller
LOSSLESS_PIXELS = 200 * 200  # larger frames are kept as WebP of this quality, a fifth of the size:
QUALITY = 90
SLIDE = "this.parentNode.style.setProperty('--cut', this.value + '%')"
CHOOSE = (
    "const box = this.closest('.compare');"
    " box.querySelectorAll('.slider img').forEach("
    "i => i.classList.toggle('{side}', i.dataset.name === this.value));"
    " box.querySelector('.tag.{side}').textContent = this.value"
)


def document(title: str, sections: list[str], head: str = "", script: str = "") -> str:
    """The document around its sections; empty ones are left out.

    Args:
        title: Of the page.
        sections: HTML.
        head: More of its head.
        script: What runs when the page is there.
    """
    more = f"<script>{script}</script>\n" if script else ""
    body = "\n".join(section for section in sections if section)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>{STYLE}</style>{head}
</head>
<body>
<main>
{body}
</main>
<footer>Written by fca2_plugin {escape(__version__)}.</footer>
{more}</body>
</html>
"""


def section(title: str, content: str) -> str:
    """A section under its title."""
    return f"<section><h2>{escape(title)}</h2>\n{content}</section>"


def note(text: str) -> str:
    """A paragraph in small print."""
    return f'<p class="note">{escape(text)}</p>'


def scroll(content: str, name: str) -> str:
    """A table that scrolls sideways by itself where the page is narrow."""
    return (
        f'<div class="scroll" role="region" aria-label="{escape(name)}" tabindex="0">'
        f"{content}</div>"
    )


def table(view: TableView, first_head: str = "method") -> str:
    """A table with its notes, no title."""
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in (first_head, *view.heads))
    lines = "\n".join(map(_line, view.lines))
    dense = ' class="dense"' if len(view.heads) > DENSE else ""
    body = f"<table{dense}><thead><tr>{heads}</tr></thead>\n<tbody>{lines}</tbody></table>"
    return scroll(body, view.title) + "".join(map(note, view.notes))


def _line(line: Line) -> str:
    marked = {"printed": "printed", "ours": "measured"}.get(line.kind)
    tag = f'<span class="kind">{marked}</span>' if marked else ""
    return (
        f'<tr class="{line.kind or "plain"}"><th scope="row">{escape(line.head)}{tag}</th>'
        + "".join(map(_cell, line.cells))
        + "</tr>"
    )


def _cell(cell: Cell) -> str:
    text = f"<b>{escape(cell.text)}</b>" if cell.best else escape(cell.text)
    small = f"<small>{escape(cell.note)}</small>" if cell.note else ""
    return f"<td>{text}{small}</td>"


def plot(draw: Callable[[Theme], bytes], caption: str, alt: str, broad: bool = False) -> str:
    """A plot drawn for the light and the dark page; a broad one scrolls where there is no room."""
    light, dark = (_uri(draw(theme), "png") for theme in (LIGHT, DARK))
    return (
        f'<figure class="{"broad" if broad else "plot"}"><picture>'
        f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" alt="{escape(alt)}"></picture>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def picture(shown: Comparison | CodesPicture | TemporalProfile) -> str:
    """A picture's section.

    Raises:
        TypeError: Something else.
    """
    if isinstance(shown, Comparison):
        return comparison(shown)
    if isinstance(shown, CodesPicture):
        return codes_picture(shown)
    if isinstance(shown, TemporalProfile):
        return temporal_profile(shown)
    raise TypeError(
        f"the report got a picture of type {type(shown).__name__}; expected a Comparison, a "
        "CodesPicture or a TemporalProfile"
    )


def comparison(shown: Comparison) -> str:
    """The whole frame by two methods of choice, split by a slider, and the window by all."""
    names = list(shown.columns)
    chosen = {"left": names[0], "right": names[-2] if len(names) > 2 else names[-1]}
    height, width = shown.truth.shape[:2]
    y, x, h, w = shown.window()
    place = (
        f"left:{100 * x / width:.3f}%;top:{100 * y / height:.3f}%;"
        f"width:{100 * w / width:.3f}%;height:{100 * h / height:.3f}%"
    )
    least, most = WHOLE_SIDES
    frames = ""
    for name, frame in shown.columns.items():
        sides = " ".join(side for side, one in chosen.items() if one == name)
        more = f' class="{sides}" data-name="{escape(name)}"'
        frames += _image(frame, f"the whole frame, {name}", most, more)
    tags = "".join(
        f'<span class="tag {side}">{escape(name)}</span>' for side, name in chosen.items()
    )
    slider = (
        f'<div class="slider" style="max-width:{min(max(width, least), most)}px;'
        f'aspect-ratio:{width}/{height}">{frames}'
        f'<span class="box" style="{place}"></span><span class="cut"></span>{tags}'
        f'<input type="range" min="0" max="100" value="50" oninput="{SLIDE}" '
        'aria-label="where the left frame ends and the right one begins"></div>'
    )
    choices = "".join(_choice(side, name, names) for side, name in chosen.items())
    crops = "".join(
        f"<figure>{_image(crop, f'the marked window, {name}', lossless=True)}"
        f"<figcaption>{escape(name)}</figcaption></figure>"
        for name, crop in shown.crops().items()
    )
    return section(
        shown.title,
        f'<div class="compare">{slider}<div class="choices">{choices}</div></div>'
        f'<div class="crops">{crops}</div>',
    )


def _choice(side: str, chosen: str, names: list[str]) -> str:
    options = "".join(
        f"<option{' selected' if name == chosen else ''}>{escape(name)}</option>" for name in names
    )
    return (
        f'<label>{side} <select onchange="{escape(CHOOSE.format(side=side))}">{options}</select>'
        "</label>"
    )


def codes_picture(shown: CodesPicture) -> str:
    """A row per code: the code, then the frames it holds."""
    rows = ""
    for index, (code, held) in enumerate(zip(shown.codes, shown.holds, strict=True), 1):
        frames = "".join(
            f"<figure>{_image(shown.frames[i], f'frame {i + 1}', THUMB_SIDE)}"
            f"<figcaption>frame {i + 1}</figcaption></figure>"
            for i in held
        )
        rows += (
            f"<figure>{_image(code, f'code {index}', THUMB_SIDE)}"
            f"<figcaption>code {index}</figcaption></figure>"
            f'<span class="holds">holds</span><div class="held">{frames}</div>'
        )
    return section(shown.title, f'<div class="codes">{rows}</div>')


def temporal_profile(shown: TemporalProfile) -> str:
    """The strips side by side, time from left to right."""
    strips = "".join(
        f"<figure>{_image(strip, f'a column over time, {name}', lossless=True)}"
        f"<figcaption>{escape(name)}</figcaption></figure>"
        for name, strip in shown.strips.items()
    )
    return section(shown.title, f'<div class="profile">{strips}</div>')


def _image(
    frame: np.ndarray, alt: str, max_side: int | None = None, more: str = "", lossless: bool = False
) -> str:
    image = Image.fromarray(frame)
    if max_side is not None:
        image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    kind = "png" if lossless or image.width * image.height <= LOSSLESS_PIXELS else "webp"
    options: dict[str, Any] = {"png": {"optimize": True}, "webp": {"quality": QUALITY}}[kind]
    image.save(buffer, kind, **options)
    return f'<img src="{_uri(buffer.getvalue(), kind)}" alt="{escape(alt)}"{more}>'


def _uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
