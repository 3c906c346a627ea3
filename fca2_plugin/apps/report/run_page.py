"""The quickstart's run as one HTML page and as a table for a terminal.

``results`` is what the quickstart writes into ``results.json``::

    speed_ratio                       baseline's time over wrapped's
    crfs                              such as [15, 25, 35]
    bicubic, baseline, wrapped        parameters, ms_per_frame (None allowed for bicubic),
                                      psnr_y and ssim_y per CRF ("15", "25", "35")
    shipped                           optional: names of further rows, of weights that ship
    setup, notes, benchmark           optional: facts by name, sentences, ``benchmark.compare()``
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from rich.table import Table

from fca2_plugin._files import write_text
from fca2_plugin.apps.report.figures import psnr_by_condition, psnr_by_time
from fca2_plugin.apps.report.page import Plot, Report, Section
from fca2_plugin.apps.report.pictures import CodesPicture, Comparison
from fca2_plugin.apps.report.results import quickstart_evaluations
from fca2_plugin.apps.report.views import methods_view, timing_note
from fca2_plugin.apps.tables import TableView, mib_text, text_line

__all__ = ["results_table", "write_report"]

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
    """
    rows = list(quickstart_evaluations(results))
    mean = {one.method: fmean(scores.psnr for scores in one.means.values()) for one in rows}
    tiles = [
        (f"{results['speed_ratio']:.2f}×", "as fast as the network alone"),
        (f"{mean['wrapped'] - mean['baseline']:+.2f} dB", "PSNR against the network alone"),
        (f"{mean['wrapped'] - mean['bicubic']:+.2f} dB", "PSNR against bicubic"),
    ]
    crfs = ", ".join(map(str, results["crfs"]))
    plots = [
        Plot(psnr_by_condition(rows, "crf"), "PSNR against compression"),
        Plot(psnr_by_time(rows), "PSNR against time"),
    ]
    sections = [
        Section("Results", [methods_view(rows)]),
        Section("Quality, compression and time", plots),
        *(Section(picture.title, [picture]) for picture in pictures),
        Section("What was run", [results["setup"]] if results.get("setup") else []),
        Section("How it was timed", list(_timing(results.get("benchmark") or {}))),
        Section("Notes", results.get("notes") or []),
    ]
    about = f"The wrapped network; PSNR on Y, mean of CRF {crfs}."
    report = Report(TITLE, about, tiles, [section for section in sections if section.items])
    text = report.html()
    Path(folder).mkdir(parents=True, exist_ok=True)
    path = Path(folder) / "report.html"
    write_text(path, text)
    return path


def results_table(results: Mapping) -> Table:
    """The table for a terminal, SSIM below PSNR.

    Raises:
        ValueError: ``results`` lack a value.
    """
    view = methods_view(list(quickstart_evaluations(results)))
    costs = len(view.heads) - 2 * len(results["crfs"])
    heads = [head.removesuffix(" PSNR") for head in view.heads]
    table = Table(title="PSNR in dB, SSIM below it, both on Y", title_justify="left")
    table.add_column("model")
    for head in (*heads[:costs], *heads[costs::2]):
        table.add_column(head.replace("ms per ", "ms per\n"), justify="right")
    for line in view.lines:
        texts = [f"[bold]{cell.text}[/]" if cell.best else cell.text for cell in line.cells]
        pairs = zip(texts[costs::2], texts[costs + 1 :: 2], strict=True)
        table.add_row(line.head, *texts[:costs], *map("\n".join, pairs))
    return table


def _timing(measured: Mapping) -> Iterator[TableView]:
    """How it was timed, where ``results`` hold what ``benchmark.compare`` returned."""
    if not measured.get("models"):
        return
    lines = [
        text_line(
            name,
            f"{values['ms_per_frame']:.1f}",
            f"{values['iqr_ms_per_frame']:.1f}",
            f"{values['macs_per_frame'] / 1e9:.2f}",
            mib_text(values["peak_memory_mib"]),
        )
        for name, values in measured["models"].items()
    ]
    shape = "×".join(str(size) for size in measured["shape"])
    notes = (timing_note(measured), f"The input is {shape} (n×t×c×h×w).")
    heads = ("ms per output frame", "IQR, ms", "GMACs per frame", "peak MiB")
    yield TableView("How it was timed", heads, tuple(lines), notes, "model")
