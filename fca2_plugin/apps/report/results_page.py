"""``fca2 report``: results beside the papers' tables, as one HTML page and as Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path
from statistics import fmean

from fca2_plugin import __version__
from fca2_plugin._files import check_writable, write_text
from fca2_plugin.apps.report import html, markdown
from fca2_plugin.apps.report.codes import codes_of
from fca2_plugin.apps.report.figures import (
    frames_figure,
    psnr_by_condition,
    sweep_figure,
    sweep_plots,
    tradeoff_figure,
)
from fca2_plugin.apps.report.footage import Footage
from fca2_plugin.apps.report.paper_rows import dataset_of, paper_views
from fca2_plugin.apps.report.paper_tables import NETWORK_NAMES, PaperTable
from fca2_plugin.apps.report.results import Evaluation, Results, conditions_of, read_results
from fca2_plugin.apps.report.views import (
    benchmark_view,
    clips_view,
    condition_name,
    further_view,
    groups_view,
    methods_view,
)

__all__ = ["write_results"]

TITLE = "Compressed video super-resolution: results"
TRAINING = "Training steps: time, memory, size"
PRINTED = (
    "Rows marked “printed” are the papers' own figures, not ours; rows marked “measured” come from "
    "the result files of this report. Where a printed figure and a count, or a printed mean and "
    "the printed clips, disagree, the other figure stands below it."
)
MAX_COMPARED = 4  # clips with pictures
TRADEOFF = {"fca2-1": "vid4", "fca2-2": "reds4"}
SHOWN_CONDITION = "crf25"  # where there is a choice; the papers' tables show its clips


def write_results(
    paths: Sequence[Path], folder: Path, all_tables: bool = False
) -> tuple[Path, Path]:
    """Write ``report.html``, which needs no other file, and ``report.md``.

    Args:
        paths: JSON files of ``fca2 evaluate``, ``fca2 benchmark`` and the quickstart.
        folder: Where to; made if absent.
        all_tables: Also the papers' tables to which no result has a row.

    Returns:
        Both paths.

    Raises:
        FileNotFoundError: A result file is not there.
        ValueError: A file is no result, or ``folder`` cannot be written to.
    """
    results = read_results(paths)
    page, text = Path(folder) / "report.html", Path(folder) / "report.md"
    for path in (page, text):
        check_writable(path)
    write_text(page, _page(results, all_tables))
    write_text(text, _markdown(results, all_tables))
    return page, text


def _page(results: Results, all_tables: bool) -> str:
    sections = [_headline(results)]
    for evaluations in _groups(results.evaluations):
        sections += _quality(evaluations)
    sections += _papers(results, all_tables)
    sections += _benchmarks(results)
    sections.append(html.section("Files", "".join(map(html.note, _files(results)))))
    return html.document(TITLE, sections)


def _markdown(results: Results, all_tables: bool) -> str:
    parts = [f"# {TITLE}", "Pictures and plots are in report.html beside this file."]
    for evaluations in _groups(results.evaluations):
        parts.append(f"## {_name(evaluations)}")
        shown = (methods_view, further_view, clips_view, groups_view)
        views = [view(evaluations) for view in shown]
        parts += [markdown.table(view) for view in views if view]
    views = paper_views(results, all_tables)
    if views:
        parts += ["## Beside the papers' tables", PRINTED]
        parts += [markdown.table(view) for _, view in views]
    timed = _timed(results)
    if timed:
        parts += ["## Time, memory, size", markdown.table(benchmark_view(timed))]
    if results.training:
        parts += [f"## {TRAINING}", markdown.table(benchmark_view(results.training, TRAINING))]
    parts += ["## Files", *_files(results), f"Written by fca2_plugin {__version__}."]
    return "\n\n".join(parts) + "\n"


def _headline(results: Results) -> str:
    tiles = []
    for evaluations in _groups(results.evaluations):
        tiles += _best(evaluations)
    for one in results.benchmarks:
        network = NETWORK_NAMES.get(one["network"], one["network"])
        said = f"as fast as {network} alone, {one['frames']} frames of "
        tiles.append((f"{one['speed_ratio']:.2f}×", said + "×".join(map(str, one["size"]))))
    cards = "".join(
        f"<li><strong>{value.replace('-', '−')}</strong><span>{escape(said)}</span></li>"
        for value, said in tiles
    )
    shown = f'<ul class="tiles">{cards}</ul>' if tiles else ""
    said = ", ".join(_name(evaluations) for evaluations in _groups(results.evaluations))
    return (
        f"<header><h1>{TITLE}</h1>\n<p>{escape(said or 'Time, memory, size')}</p>\n{shown}</header>"
    )


def _best(evaluations: Sequence[Evaluation]) -> Iterator[tuple[str, str]]:
    """How far the best method lies above the least, over the conditions that all have."""
    shared = set.intersection(*(set(one.means) for one in evaluations))
    if len(evaluations) < 2 or not shared:
        return
    means = {o.method: fmean(o.means[c].psnr for c in shared) for o in evaluations}
    best, least = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
    if means[best] > means[least]:
        said = f"{best} over {least} on {evaluations[0].dataset}, mean PSNR"
        yield f"{means[best] - means[least]:+.2f} dB", said


def _groups(evaluations: Sequence[Evaluation]) -> list[list[Evaluation]]:
    """Evaluations that can stand in one table: of one data set and protocol."""
    groups: dict[tuple[str, str], list[Evaluation]] = {}
    for one in evaluations:
        groups.setdefault((one.dataset, one.protocol), []).append(one)
    return list(groups.values())


def _name(evaluations: Sequence[Evaluation]) -> str:
    first = evaluations[0]
    return f"{first.dataset} ({first.protocol or 'protocol not said'})"


def _quality(evaluations: Sequence[Evaluation]) -> Iterator[str]:
    """Tables, plots and pictures of a data set."""
    yield html.section(f"Results on {_name(evaluations)}", html.table(methods_view(evaluations)))
    further = further_view(evaluations)
    if further:
        yield html.section(further.title, html.table(further))
    conditions = conditions_of(evaluations)
    shown = SHOWN_CONDITION if SHOWN_CONDITION in conditions else conditions[len(conditions) // 2]
    plots = list(_plots(evaluations, conditions, shown))
    if plots:
        yield html.section("Compression and frames", "".join(plots))
    for view in (clips_view(evaluations), groups_view(evaluations)):
        if view:
            yield html.section(view.title, html.table(view, "clip, method"))
    yield from _pictures(evaluations, shown)


def _plots(
    evaluations: Sequence[Evaluation], conditions: Sequence[str], shown: str
) -> Iterator[str]:
    for codec in ("crf", "qp"):
        swept = [one for one in evaluations if any(c.startswith(codec) for c in one.means)]
        if len([c for c in conditions if c.startswith(codec)]) > 1:
            draw = partial(psnr_by_condition, swept, codec)
            said = f"PSNR against compression on {_name(evaluations)}"
            yield f'<div class="plots one">{html.plot(draw, said, said)}</div>'
    if any(s.frames for one in evaluations for s in one.clips.get(shown, {}).values()):
        said = f"PSNR frame by frame, {condition_name(shown)}".rstrip(", ")
        yield html.plot(partial(frames_figure, evaluations, shown), said, said, broad=True)


def _pictures(evaluations: Sequence[Evaluation], condition: str) -> Iterator[str]:
    footage = Footage(evaluations, condition)
    clips = footage.clips[:MAX_COMPARED]
    for number, clip in enumerate(clips):
        comparison = footage.comparison(clip)
        yield html.picture(comparison)
        if number == 0:
            yield html.picture(footage.profile(comparison, clip))
            yield from _codes(footage, clip)
    if footage.missing:
        title = "More pictures" if clips else "Pictures"
        yield html.section(title, html.note(footage.missing))


def _codes(footage: Footage, clip: str) -> Iterator[str]:
    """What the first network with an autoencoder makes of a clip's first frames."""
    frames = footage.read("LQ", clip)
    for one in footage.evaluations if frames else ():
        title = f"{clip}: LQ frames and their codes, {one.method}"
        shown = codes_of(one, footage.condition, title, frames)
        if shown is not None:
            yield html.picture(shown)
            return


def _papers(results: Results, all_tables: bool) -> Iterator[str]:
    views = paper_views(results, all_tables)
    if views:
        yield html.section("Beside the papers' tables", f"<p>{PRINTED}</p>")
    for table, view in views:
        first = "clip" if table.methods_across else "method"
        content = html.table(view, first)
        if table.key in TRADEOFF:
            content += _tradeoff(table, results)
        yield html.section(view.title, content)


def _tradeoff(table: PaperTable, results: Results) -> str:
    """Fig. 1 of the paper with our points in it."""
    ours = [
        one
        for one in results.evaluations
        if dataset_of(one) == TRADEOFF[table.key] and SHOWN_CONDITION in one.means
    ]
    caption = (
        "PSNR at CRF 25 against time (as Fig. 1); circles grow with the parameters. Printed times "
        "are an A6000's: compare them with each other, not with times measured elsewhere."
    )
    draw = partial(tradeoff_figure, table, ours, SHOWN_CONDITION)
    if not ours:
        return ""
    return html.plot(draw, caption, f"PSNR against time, {table.name}", broad=True)


def _benchmarks(results: Results) -> Iterator[str]:
    if results.training:
        view = benchmark_view(results.training, TRAINING)
        yield html.section(TRAINING, html.table(view, "network"))
    timed = _timed(results)
    if not timed:
        return
    content = html.table(benchmark_view(timed), "network")
    for sweep in ("frames", "size", "groups"):
        swept = [one for one in results.sweeps if one["sweep"] == sweep and one["points"]]
        if swept:
            plots = "".join(
                html.plot(partial(sweep_figure, swept, plot), said, f"{said} of a {sweep} sweep")
                for plot, (_, said) in sweep_plots(sweep).items()
            )
            paper = "" if sweep == "groups" else ", as Fig. 10"
            content += f'<h3>Over {sweep}{paper}</h3><div class="plots">{plots}</div>'
    yield html.section("Time, memory, size", content)


def _timed(results: Results) -> list[Mapping]:
    return [*results.benchmarks, *(point for one in results.sweeps for point in one["points"])]


def _files(results: Results) -> list[str]:
    return [str(path) for path in results.files]
