"""The report's HTML, piece by piece: one file, nothing loaded from elsewhere.

Every text is escaped where it enters the page. The only script is the slider's one line, and
without it the page still shows everything.
"""

from collections.abc import Mapping
from html import escape
from itertools import chain
from typing import Any

from fca2_plugin import __version__
from fca2_plugin.apps.figures import DARK, LIGHT, png_uri, psnr_by_crf, psnr_by_time
from fca2_plugin.apps.page_style import STYLE
from fca2_plugin.apps.pictures import CodesPicture, Comparison
from fca2_plugin.apps.summary import MODELS, Cell, gains, table_rows

__all__ = [
    "TITLE",
    "codes_picture",
    "comparison",
    "headline",
    "notes",
    "page",
    "plots",
    "setup",
    "summary",
    "timing",
]

TITLE = "FCA² report: a VSR network alone and wrapped"
WHOLE_SIDES = 640, 960  # least and most pixels of a whole frame's width on the page
THUMB_SIDE = 240
SLIDE = "this.parentNode.style.setProperty('--cut', this.value + '%')"


def page(sections: list[str]) -> str:
    """The document around its sections; empty ones are left out."""
    body = "\n".join(section for section in sections if section)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{TITLE}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{body}
</main>
<footer>Written by fca2_plugin {escape(__version__)}.</footer>
</body>
</html>
"""


def headline(results: Mapping) -> str:
    """Title and the three numbers a reader came for."""
    gain = gains(results)
    crfs = ", ".join(str(crf) for crf in results["crfs"])
    tiles = (
        (f"{results['speed_ratio']:.2f}×", "as fast as the network alone"),
        (f"{gain['baseline']:+.2f} dB", "PSNR against the network alone"),
        (f"{gain['bicubic']:+.2f} dB", "PSNR against bicubic"),
    )
    cards = "".join(
        f"<li><strong>{value.replace('-', '−')}</strong><span>{said}</span></li>"
        for value, said in tiles
    )
    said = f"The wrapped network; PSNR on Y, mean of CRF {escape(crfs)}."
    return f'<header><h1>{TITLE}</h1>\n<p>{said}</p>\n<ul class="tiles">{cards}</ul></header>'


def setup(results: Mapping) -> str:
    """What was trained, on what, for how long."""
    facts = results.get("setup") or {}
    if not facts:
        return ""
    lines = "".join(
        f"<div><dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in facts.items()
    )
    return _section("What was run", f"<dl>{lines}</dl>")


def summary(results: Mapping) -> str:
    """The table of all models."""
    crfs = "".join(
        f'<th scope="colgroup" colspan="2">CRF {escape(str(crf))}</th>' for crf in results["crfs"]
    )
    metrics = '<th scope="col">PSNR</th><th scope="col">SSIM</th>' * len(results["crfs"])
    first = "".join(
        f'<th scope="col" rowspan="2">{head}</th>'
        for head in ("model", "parameters", "ms per output frame", "speed")
    )
    rows = "\n".join(
        f'<tr><th scope="row">{row.name}</th>'
        + "".join(map(_cell, (row.parameters, row.ms, row.speed, *chain(*row.quality))))
        + "</tr>"
        for row in table_rows(results)
    )
    table = (
        f"<table><thead><tr>{first}{crfs}</tr><tr>{metrics}</tr></thead>\n"
        f"<tbody>{rows}</tbody></table>"
    )
    note = (
        "PSNR in dB and SSIM, both on Y, higher is better. Bold is the best of a column; bicubic "
        "competes in quality only."
    )
    return _section("Results", f'{_scroll(table, "Results")}<p class="note">{note}</p>')


def timing(results: Mapping) -> str:
    """How it was timed, where ``results`` hold what ``benchmark.compare`` returned."""
    measured = results.get("benchmark") or {}
    if not measured.get("models"):
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{values["ms_per_frame"]:.1f}</td>'
        f"<td>{values['iqr_ms_per_frame']:.1f}</td><td>{values['macs_per_frame'] / 1e9:.2f}</td>"
        f"<td>{_mib(values['peak_memory_mib'])}</td></tr>"
        for name, values in measured["models"].items()
    )
    heads = ("model", "ms per output frame", "IQR, ms", "GMACs per frame", "peak MiB")
    table = (
        "<table><thead><tr>"
        + "".join(f'<th scope="col">{head}</th>' for head in heads)
        + f"</tr></thead><tbody>{rows}</tbody></table>"
    )
    shape = "×".join(str(size) for size in measured["shape"])
    said = (
        f"Medians of {measured['repeats']} rounds in one process, the networks taking turns, on "
        f"{measured['device']}, {measured['threads']} threads, torch {measured['torch']}, "
        f"{measured['dtype']}, input {shape} (n×t×c×h×w). Peak memory: "
        f"{measured['peak_memory_note']}. MACs leave out warping and resizing."
    )
    return _section(
        "How it was timed", f'{_scroll(table, "Timing")}<p class="note">{escape(said)}</p>'
    )


def plots(results: Mapping) -> str:
    """PSNR against CRF and against time."""
    by_crf = "; ".join(
        f"{name} " + ", ".join(f"{results[name]['psnr_y'][str(c)]:.2f}" for c in results["crfs"])
        for name in MODELS
    )
    pictures = "".join(
        f'<figure><picture><source media="(prefers-color-scheme: dark)" '
        f'srcset="{draw(results, DARK)}"><img src="{draw(results, LIGHT)}" '
        f'alt="{escape(f"{what}, in dB: {by_crf}")}"></picture>'
        f"<figcaption>{what}</figcaption></figure>"
        for what, draw in (
            ("PSNR against compression", psnr_by_crf),
            ("PSNR against time", psnr_by_time),
        )
    )
    return _section("Quality, compression and time", f'<div class="plots">{pictures}</div>')


def comparison(picture: Comparison) -> str:
    """The whole frame with a slider, the window marked, and the window by every method."""
    names = list(picture.columns)
    before, after = names[0], names[-2] if len(names) > 2 else names[-1]
    height, width = picture.truth.shape[:2]
    y, x, h, w = picture.window()
    place = (
        f"left:{100 * x / width:.3f}%;top:{100 * y / height:.3f}%;"
        f"width:{100 * w / width:.3f}%;height:{100 * h / height:.3f}%"
    )
    least, most = WHOLE_SIDES
    whole = (
        f'<div class="slider" style="max-width:{min(max(width, least), most)}px">'
        + _image(picture.columns[before], f"the whole frame, {before}", most)
        + _image(picture.columns[after], f"the whole frame, {after}", most, ' class="after"')
        + f'<span class="box" style="{place}"></span><span class="cut"></span>'
        f'<span class="tag">{escape(before)}</span><span class="tag right">{escape(after)}</span>'
        f'<input type="range" min="0" max="100" value="50" oninput="{SLIDE}" '
        f'aria-label="{escape(f"show {before} left and {after} right of here")}"></div>'
    )
    crops = "".join(
        f"<figure>{_image(crop, f'the marked window, {name}')}"
        f"<figcaption>{escape(name)}</figcaption></figure>"
        for name, crop in picture.crops().items()
    )
    return _section(picture.title, f'{whole}<div class="crops">{crops}</div>')


def codes_picture(picture: CodesPicture) -> str:
    """A row per code: the code, then the frames it holds."""
    rows = ""
    for index, (code, held) in enumerate(zip(picture.codes, picture.holds, strict=True), 1):
        frames = "".join(
            f"<figure>{_image(picture.frames[i], f'frame {i + 1}', THUMB_SIDE)}"
            f"<figcaption>frame {i + 1}</figcaption></figure>"
            for i in held
        )
        rows += (
            f"<figure>{_image(code, f'code {index}', THUMB_SIDE)}"
            f"<figcaption>code {index}</figcaption></figure>"
            f'<span class="holds">holds</span><div class="held">{frames}</div>'
        )
    return _section(picture.title, f'<div class="codes">{rows}</div>')


def notes(results: Mapping) -> str:
    """What a reader should know before quoting a number."""
    lines = "".join(f"<li>{escape(str(note))}</li>" for note in results.get("notes") or ())
    return _section("Notes", f"<ul>{lines}</ul>") if lines else ""


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>\n{content}</section>"


def _scroll(table: str, name: str) -> str:
    return f'<div class="scroll" role="region" aria-label="{name}" tabindex="0">{table}</div>'


def _cell(cell: Cell) -> str:
    return f"<td><b>{cell.text}</b></td>" if cell.best else f"<td>{cell.text}</td>"


def _mib(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _image(frame: Any, alt: str, max_side: int | None = None, more: str = "") -> str:
    return f'<img src="{png_uri(frame, max_side)}" alt="{escape(alt)}"{more}>'
