"""``fca2 report``: results beside the papers' tables, as one HTML page and as Markdown."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from fca2_plugin._files import check_writable, write_text
from fca2_plugin.apps.report.figures import (
    frames_figure,
    psnr_by_condition,
    sweep_figures,
    tradeoff_figure,
)
from fca2_plugin.apps.report.footage import Footage, evaluated_network
from fca2_plugin.apps.report.page import Plot, Report, Section
from fca2_plugin.apps.report.paper_rows import dataset_of, paper_views
from fca2_plugin.apps.report.papers import NETWORK_NAMES, PaperTable
from fca2_plugin.apps.report.pictures import codes_picture
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
TIMED = "Time, memory, size"
TRAINING = "Training steps: time, memory, size"
PRINTED = (
    "Rows marked “printed” are the papers' own figures, not ours; rows marked “measured” come from "
    "the result files of this report. Where a printed figure and a count, or a printed mean and "
    "the printed clips, disagree, the other figure stands below it."
)
MAX_COMPARED = 4  # clips with pictures
TRADEOFF = ("fca2-1", "fca2-2")  # tables with a figure
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
        ValueError: A file is not a result, or ``folder`` cannot be written to.
    """
    results = read_results(paths)
    page, text = Path(folder) / "report.html", Path(folder) / "report.md"
    for path in (page, text):
        check_writable(path)
    report = _report(results, all_tables)
    write_text(page, report.html())
    write_text(text, report.markdown())
    return page, text


def _report(results: Results, all_tables: bool) -> Report:
    groups = _groups(results.evaluations)
    sections = [section for evaluations in groups for section in _quality(evaluations)]
    sections += _papers(results, all_tables)
    sections += _benchmarks(results)
    sections.append(Section("Files", [str(path) for path in results.files]))
    about = ", ".join(map(_name, groups)) or TIMED
    return Report(TITLE, about, list(_tiles(results, groups)), sections)


def _tiles(results: Results, groups: Sequence[Sequence[Evaluation]]) -> Iterator[tuple[str, str]]:
    """How far the best method lies above the least, where both have the same conditions; speed."""
    for evaluations in groups:
        shared = set.intersection(*(set(one.means) for one in evaluations))
        if shared:
            means = {o.method: fmean(o.means[c].psnr for c in shared) for o in evaluations}
            best, least = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
            if means[best] > means[least]:
                said = f"{best} over {least} on {evaluations[0].dataset}, mean PSNR"
                yield f"{means[best] - means[least]:+.2f} dB", said
    for one in results.benchmarks["benchmark"]:
        network = NETWORK_NAMES.get(one["network"], one["network"])
        size = "×".join(map(str, one["size"]))
        said = f"as fast as {network} alone, {one['frames']} frames of {size}"
        yield f"{one['speed_ratio']:.2f}×", said


def _groups(evaluations: Sequence[Evaluation]) -> list[list[Evaluation]]:
    """Evaluations that can stand in one table: of one data set and protocol."""
    groups: dict[tuple[str, str], list[Evaluation]] = {}
    for one in evaluations:
        groups.setdefault((one.dataset, one.protocol), []).append(one)
    return list(groups.values())


def _name(evaluations: Sequence[Evaluation]) -> str:
    first = evaluations[0]
    return f"{first.dataset} ({first.protocol or 'protocol not said'})"


def _quality(evaluations: Sequence[Evaluation]) -> Iterator[Section]:
    """Tables, plots and pictures of a data set."""
    conditions = conditions_of(evaluations)
    shown = SHOWN_CONDITION if SHOWN_CONDITION in conditions else conditions[len(conditions) // 2]
    yield Section(f"Results on {_name(evaluations)}", [methods_view(evaluations)])
    if further := further_view(evaluations):
        yield Section(further.title, [further])
    if plots := list(_plots(evaluations, conditions, shown)):
        yield Section("Compression and frames", plots)
    for view in (clips_view(evaluations), groups_view(evaluations)):
        if view:
            yield Section(view.title, [view])
    yield from _pictures(evaluations, shown)


def _plots(
    evaluations: Sequence[Evaluation], conditions: Sequence[str], shown: str
) -> Iterator[Plot]:
    for codec in ("crf", "qp"):
        swept = [one for one in evaluations if any(c.startswith(codec) for c in one.means)]
        if len([c for c in conditions if c.startswith(codec)]) > 1:
            said = f"PSNR against compression on {_name(evaluations)}"
            yield Plot(psnr_by_condition(swept, codec), said)
    clips = {name: s for one in evaluations for name, s in one.clips_of(shown).items()}
    if any(scores.frames for scores in clips.values()):
        said = f"PSNR frame by frame, {condition_name(shown)}".rstrip(", ")
        yield Plot(frames_figure(evaluations, shown), said, broad=len(clips) > 1)


def _pictures(evaluations: Sequence[Evaluation], condition: str) -> Iterator[Section]:
    footage = Footage(evaluations, condition)
    clips = footage.clips[:MAX_COMPARED]
    for number, clip in enumerate(clips):
        comparison = footage.comparison(clip)
        shown: list[Any] = [comparison]
        if number == 0:
            shown += [footage.profile(comparison, clip), *_codes(footage, clip)]
        for picture in shown:
            yield Section(picture.title, [picture])
    if footage.missing:
        yield Section("More pictures" if clips else "Pictures", [footage.missing])


def _codes(footage: Footage, clip: str) -> Iterator:
    """What the first network with an autoencoder makes of a clip's first frames."""
    frames = footage.read("LQ", clip)
    for one in footage.evaluations if frames else ():
        title = f"{clip}: LQ frames and their codes, {one.method}"
        network = evaluated_network(one, footage.condition)
        if network is not None:
            yield codes_picture(title, network, frames)
            return


def _papers(results: Results, all_tables: bool) -> Iterator[Section]:
    views = paper_views(results, all_tables)
    if views:
        yield Section("Beside the papers' tables", [PRINTED])
    for table, view in views:
        yield Section(view.title, [view, *_tradeoff(table, results)])


def _tradeoff(table: PaperTable, results: Results) -> Iterator[Plot]:
    """Fig. 1 of the paper with our points in it."""
    swept = [one for one in results.evaluations if SHOWN_CONDITION in one.means]
    ours = [one for one in swept if dataset_of(one) == table.dataset]
    if ours and table.key in TRADEOFF:
        caption = (
            "PSNR at CRF 25 against time (as Fig. 1); circles grow with the parameters. Printed "
            "times are an A6000's: compare them with each other, not with times measured elsewhere."
        )
        yield Plot(tradeoff_figure(table, ours, SHOWN_CONDITION), caption, broad=True)


def _benchmarks(results: Results) -> Iterator[Section]:
    kinds = results.benchmarks
    if training := kinds["benchmark_training"]:
        yield Section(TRAINING, [benchmark_view(training, TRAINING)])
    points = [point for one in kinds["benchmark_sweep"] for point in one["points"]]
    if timed := [*kinds["benchmark"], *points]:
        yield Section(TIMED, [benchmark_view(timed)])
    for sweep in ("frames", "size", "groups"):
        swept = [one for one in kinds["benchmark_sweep"] if one["sweep"] == sweep and one["points"]]
        if swept:
            shown = [Plot(image, said) for _, said, image in sweep_figures(swept)]
            paper = "" if sweep == "groups" else ", as Fig. 10"
            yield Section(f"Over {sweep}{paper}", shown)
