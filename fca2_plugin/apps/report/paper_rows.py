"""The papers' tables with our rows in them, printed ones marked as printed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from fca2_plugin.apps.report.papers import (
    COUNTED,
    DATASETS,
    NETWORK_NAMES,
    TABLES,
    PaperRow,
    PaperTable,
    clip_mean,
    method_key,
)
from fca2_plugin.apps.report.results import Evaluation, Results
from fca2_plugin.apps.tables import NONE, Cell, Line, TableView

__all__ = ["dataset_of", "paper_views"]


@dataclass
class _Ours:
    """A measured row: cells by column key, and where in the table it belongs."""

    name: str
    after: int | None  # index of the printed row of the same method or setting
    cells: dict[str, Cell] = field(default_factory=dict)


def dataset_of(evaluation: Evaluation) -> str | None:
    """``vid4``, ``reds4``, ``mfqe`` or None, from the clips, not from what a folder is called."""
    clips = [clip for found in evaluation.clips.values() for clip in found]
    names = {name for clip in clips for name in (clip.split("/")[0], re.split("[_/]", clip)[-1])}
    found = [name for name in ("vid4", "reds4") if names & set(DATASETS[name]["clips"])]
    if len(found) == 1:
        return found[0]
    return "mfqe" if evaluation.protocol == "mfqe" else None


def paper_views(results: Results, all_tables: bool = False) -> list[tuple[PaperTable, TableView]]:
    """Every table to which a result has a row, or all."""
    views = []
    for table in TABLES.values():
        ours = list(_measured(table, results))
        if any(row.cells for row in ours) or all_tables:
            views.append((table, _view(table, [row for row in ours if row.cells])))
    return views


def _measured(table: PaperTable, results: Results) -> Iterator[_Ours]:
    rows: dict[str, _Ours] = {}
    for evaluation in results.evaluations:
        dataset = dataset_of(evaluation)
        if dataset is None or dataset not in table.dataset.split():
            continue
        if evaluation.protocol != DATASETS[dataset]["protocol"]:
            continue
        for name, after in _places(table, evaluation, dataset):
            row = rows.setdefault(method_key(name), _Ours(name, after))
            row.cells |= _quality(table, evaluation, dataset)
            row.cells |= _cost(table, evaluation.params, evaluation.ms, evaluation.device)
    for benchmark in results.benchmarks["benchmark"]:
        for network in ("baseline", "wrapped"):
            for name, after in _timed_places(table, benchmark, network):
                row = rows.setdefault(method_key(name), _Ours(name, after))
                values = benchmark[network]
                cells = _cost(table, values["params"], values["ms_per_frame"], benchmark["device"])
                row.cells = {**cells, **row.cells}
    enhancement = results.benchmarks["benchmark_enhancement"]
    for benchmark in enhancement if table.key == "tgafnet-4" else ():
        for name, values in benchmark["networks"].items():
            row = rows.setdefault(method_key(name), _Ours(name, _index(table, name)))
            row.cells |= _cost(table, values["params"], None, None)
            row.cells |= _speed(values["sizes"], benchmark["device"])
    yield from rows.values()


def _places(
    table: PaperTable, evaluation: Evaluation, dataset: str
) -> Iterator[tuple[str, int | None]]:
    """Names of our rows and the printed row each belongs to (None for the end)."""
    config = f"{_config(evaluation)}@{dataset}"
    for pattern, number in table.config_rows.items():
        if fnmatchcase(config, pattern):
            yield table.rows[number - 1].name, number - 1
    after = _index(table, evaluation.method)
    if table.methods == "all" or (table.methods == "known" and after is not None):
        yield evaluation.method, after


def _timed_places(table: PaperTable, benchmark: Mapping, network: str) -> Iterator[tuple]:
    """As ``_places``, for a network of a benchmark; only for the papers' settings."""
    vsr = NETWORK_NAMES.get(benchmark["network"], benchmark["network"])
    if benchmark.get("tiny"):
        return
    name = vsr if network == "baseline" else f"FCA² + {vsr}"
    if tuple(benchmark["size"]) in table.lq_sizes:
        yield name, _index(table, name)


def _config(evaluation: Evaluation) -> str:
    configs = {str(source.get("config") or "") for source in evaluation.sources.values()}
    return Path(configs.pop()).stem if len(configs) == 1 else ""


def _index(table: PaperTable, name: str) -> int | None:
    row = table.row(name)
    return None if row is None else table.rows.index(row)


def _quality(table: PaperTable, evaluation: Evaluation, dataset: str) -> dict[str, Cell]:
    """PSNR / SSIM under the table's columns; a mean only over all clips of the data set."""
    cells = {}
    for key in table.columns:
        condition, _, clip = key.partition(":")
        # the tables of one condition take the only one there is
        if condition == "" and len(evaluation.means) == 1:
            condition = next(iter(evaluation.means))
        clips = evaluation.clips_of(condition)
        if clip:
            scores = next((s for name, s in clips.items() if _same_clip(name, clip)), None)
        else:
            scores = evaluation.means.get(condition)
            members = DATASETS[dataset]["clips"]
            if not all(any(_same_clip(name, one) for name in clips) for one in members):
                scores = None
        if scores is not None and scores.gain == (dataset == "mfqe"):
            cells[key] = Cell(_text(key, (scores.psnr, scores.ssim), table))
    return cells


def _same_clip(name: str, clip: str) -> bool:
    """``clip`` is the folder's name, or what a YUV's name starts with (``RaceHorses_832x480``)."""
    clip, _, size_class = clip.partition("_")
    if size_class:  # RaceHorses is in classes C and D
        return name.startswith(f"{clip}_" + {"C": "832", "D": "416"}[size_class])
    return name.split("/")[0] == clip or bool(re.match(rf"{re.escape(clip)}(_\d|$)", name))


def _cost(
    table: PaperTable, params: int | None, ms: float | None, device: str | None
) -> dict[str, Cell]:
    keys, cells = table.columns, {}
    if params and "params_m" in keys:
        cells["params_m"] = Cell(f"{params / 1e6:.2f}")
    if params and "params_k" in keys:
        cells["params_k"] = Cell(f"{params / 1e3:.0f}")
    if ms is not None and "ms" in keys:
        cells["ms"] = Cell(f"{ms:.0f}" if ms >= 10 else f"{ms:.1f}", note=device or "")
    return cells


def _speed(sizes: Mapping[str, Mapping], device: str) -> dict[str, Cell]:
    """Frames per second by class; what the paper calls FLOPs are multiply-accumulates."""
    cells = {
        f"fps:{label}": Cell(f"{values['fps']:.2f}", note=device) for label, values in sizes.items()
    }
    if "D" in sizes:
        cells["gflops"] = Cell(f"{sizes['D']['macs_per_frame'] / 1e9:.1f}", note="MACs")
    return cells


def _view(table: PaperTable, ours: list[_Ours]) -> TableView:
    lines = []
    for index, row in enumerate(table.rows):
        lines.append(Line(row.name, tuple(_printed(table, row)), "printed"))
        lines += [_our_line(one, table.columns) for one in ours if one.after == index]
    lines += [_our_line(one, table.columns) for one in ours if one.after is None]
    heads = tuple(table.columns.values())
    if table.methods_across:
        lines, heads = _turned(lines, heads)
    first = "clip" if table.methods_across else "method"
    return TableView(f"{table.name}: {table.about}", heads, tuple(lines), table.notes, first)


def _our_line(row: _Ours, keys: Iterable[str]) -> Line:
    return Line(row.name, tuple(row.cells.get(key, Cell(NONE)) for key in keys), "measured")


def _printed(table: PaperTable, row: PaperRow) -> Iterator[Cell]:
    for key, cell in row.cells.items():
        note = ""
        if key == "params_m" and row.name in COUNTED:
            note = f"counted {COUNTED[row.name]:.2f}"
        if len(cell) == 2 and (mean := clip_mean(row, key)):
            note = f"clips: {mean:.2f}"
        yield Cell(_text(key, cell, table), note=note)


def _text(key: str, cell: tuple[float, ...], table: PaperTable) -> str:
    if len(cell) == 2:
        return f"{cell[0]:.2f} / {cell[1]:.{0 if table.dataset == 'mfqe' else 3}f}"
    digits = {"params_m": ".1f", "fps": ".2f"}.get(key.split(":")[0], "g")
    return f"{cell[0]:{digits}}"


def _turned(lines: list[Line], heads: tuple[str, ...]) -> tuple[list[Line], tuple[str, ...]]:
    """Rows to columns; a column's kind then stands in its head."""
    across = tuple(f"{line.head} ({line.kind})" for line in lines)
    return [
        Line(head, tuple(line.cells[index] for line in lines)) for index, head in enumerate(heads)
    ], across
