"""The quickstart's run as one HTML page.

``results`` is what the quickstart writes into ``results.json``::

    speed_ratio                       baseline's time over wrapped's
    crfs                              such as [15, 25, 35]
    bicubic, baseline, wrapped        parameters, ms_per_frame (None allowed for bicubic),
                                      psnr_y and ssim_y per CRF ("15", "25", "35")
    shipped                           optional: names of further rows, of weights that ship
    setup, notes, benchmark           optional: facts by name, sentences, ``benchmark.compare()``
"""

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from itertools import chain
from pathlib import Path

from fca2_plugin._files import write_text
from fca2_plugin.apps.report import html
from fca2_plugin.apps.report.figures import psnr_by_crf, psnr_by_time
from fca2_plugin.apps.report.pictures import CodesPicture, Comparison
from fca2_plugin.apps.report.run_table import check_results, gains, models_of, table_rows
from fca2_plugin.apps.report.tables import Cell, Line, TableView, mib_text

__all__ = ["write_report"]

TITLE = "FCA² report: a VSR network alone and wrapped"


def write_report(
    results: Mapping, folder: Path, pictures: Sequence[Comparison | CodesPicture] = ()
) -> Path:
    """Write ``folder/report.html``, a page that needs no other file.

    Args:
        results: The numbers, as above.
        folder: Made if absent.
        pictures: Shown in this order.

    Returns:
        The page's path. An older page is replaced at once, or not at all.

    Raises:
        ValueError: ``results`` lack a value.
        TypeError: A picture of another type.
    """
    check_results(results)
    text = html.document(
        TITLE,
        [
            _headline(results),
            _summary(results),
            _plots(results),
            *map(html.picture, pictures),
            _setup(results),
            _timing(results),
            _notes(results),
        ],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.html"
    write_text(path, text)
    return path


def _headline(results: Mapping) -> str:
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


def _setup(results: Mapping) -> str:
    """What was trained, on what, for how long."""
    facts = results.get("setup") or {}
    if not facts:
        return ""
    lines = "".join(
        f"<div><dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in facts.items()
    )
    return html.section("What was run", f"<dl>{lines}</dl>")


def _summary(results: Mapping) -> str:
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
    return html.section("Results", f'{html.scroll(table, "Results")}<p class="note">{note}</p>')


def _timing(results: Mapping) -> str:
    """How it was timed, where ``results`` hold what ``benchmark.compare`` returned."""
    measured = results.get("benchmark") or {}
    if not measured.get("models"):
        return ""
    lines = tuple(
        Line(
            name,
            (
                Cell(f"{values['ms_per_frame']:.1f}"),
                Cell(f"{values['iqr_ms_per_frame']:.1f}"),
                Cell(f"{values['macs_per_frame'] / 1e9:.2f}"),
                Cell(mib_text(values["peak_memory_mib"])),
            ),
        )
        for name, values in measured["models"].items()
    )
    heads = ("ms per output frame", "IQR, ms", "GMACs per frame", "peak MiB")
    shape = "×".join(str(size) for size in measured["shape"])
    said = (
        f"Medians of {measured['repeats']} rounds in one process, the networks taking turns, on "
        f"{measured['device']}, {measured['threads']} threads, torch {measured['torch']}, "
        f"{measured['dtype']}, input {shape} (n×t×c×h×w). Peak memory: "
        f"{measured['peak_memory_note']}. MACs leave out warping and resizing."
    )
    view = TableView("How it was timed", heads, lines, (said,))
    return html.section(view.title, html.table(view, "model"))


def _plots(results: Mapping) -> str:
    """PSNR against CRF and against time."""
    by_crf = "; ".join(
        f"{name} " + ", ".join(f"{results[name]['psnr_y'][str(c)]:.2f}" for c in results["crfs"])
        for name in models_of(results)
    )
    pictures = "".join(
        html.plot(partial(draw, results), what, f"{what}, in dB: {by_crf}")
        for what, draw in (
            ("PSNR against compression", psnr_by_crf),
            ("PSNR against time", psnr_by_time),
        )
    )
    return html.section("Quality, compression and time", f'<div class="plots">{pictures}</div>')


def _notes(results: Mapping) -> str:
    """What a reader should know before quoting a number."""
    lines = "".join(f"<li>{escape(str(note))}</li>" for note in results.get("notes") or ())
    return html.section("Notes", f"<ul>{lines}</ul>") if lines else ""


def _cell(cell: Cell) -> str:
    return f"<td><b>{cell.text}</b></td>" if cell.best else f"<td>{cell.text}</td>"
