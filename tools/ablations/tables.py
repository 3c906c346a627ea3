"""Finished trainings as the paper's tables: figures over the seeds, printed ones beside them."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from fca2_plugin.apps.report.page import table_markdown
from fca2_plugin.apps.report.papers import TABLES
from fca2_plugin.apps.tables import NONE, Cell, Line, TableView

from .order import Order, compare_order, pooled_deviation
from .rows import ABLATIONS

__all__ = ["fill_table", "table_text"]

Result = Callable[[str, int], dict | None]
_REBUILT = ""  # the only condition of frames that are rebuilt from their codes
_MAX_PAIRS = 9  # that are named below a table; results.json has all


def fill_table(name: str, seeds: int, result: Result) -> dict:
    """A table's rows as far as they are trained, and its order; all in JSON types.

    Args:
        name: A key of ``ABLATIONS``.
        seeds: How many, from 0.
        result: Gives a run's result for a seed, or None.
    """
    ablation = ABLATIONS[name]
    paper = TABLES[ablation.key]
    rows: list[dict[str, Any]] = []
    for label, run in ablation.rows.items():
        printed_row = paper.row(label)
        assert printed_row is not None  # ``ABLATIONS`` has the rows that the paper printed
        cells = printed_row.cells
        done = [found for seed in range(seeds) if (found := result(run, seed)) is not None]
        rows.append(
            {
                "name": label,
                "run": run,
                "seeds": [found["seed"] for found in done],
                "printed_psnr": {key: cell[0] for key, cell in cells.items() if key != "ms"},
                "psnr": _over_seeds(done, "psnr"),
                "ssim": _over_seeds(done, "ssim"),
            }
        )
    order, deviations = Order(), {}
    for key in paper.columns:
        if key != "ms":  # not measured here
            measured = {row["name"]: row["psnr"].get(key, []) for row in rows}
            printed = {row["name"]: row["printed_psnr"][key] for row in rows}
            order.add(compare_order(printed, measured, key))
            deviations[key] = pooled_deviation(measured)
    deviations = {key: value for key, value in deviations.items() if value == value}  # no NaN
    return {
        "paper": paper.name,
        "about": paper.about,
        "rows": rows,
        "deviation": deviations,
        "order": {
            "verdict": order.verdict,
            **{kind: [list(pair) for pair in pairs] for kind, pairs in asdict(order).items()},
        },
    }


def _over_seeds(done: Sequence[dict], measure: str) -> dict[str, list[float]]:
    conditions = done[0][measure] if done else ()
    return {key: [found[measure][key] for found in done] for key in conditions}


def table_text(name: str, table: dict) -> str:
    """A table of ``fill_table`` as Markdown, and what became of its order below it."""
    printed = {key for row in table["rows"] for key in row["printed_psnr"]}
    measured = {key for row in table["rows"] for key in row["psnr"]}
    keys = sorted(printed | measured)
    heads = [
        f"{_condition(key)}, {kind}"
        for key in keys
        for kind in ("printed", "here")
        if kind == "here" or key in printed
    ]
    lines = [_line(row, keys, printed) for row in table["rows"]]
    notes = (f"Printed: {table['about']}.", _order_text(table))
    return table_markdown(TableView(f"Table {name}", tuple(heads), tuple(lines), notes))


def _line(row: dict, keys: Sequence[str], printed: set[str]) -> Line:
    cells = []
    for key in keys:
        if key in printed:
            cells.append(Cell(f"{row['printed_psnr'][key]:.2f}"))
        cells.append(Cell(_figure(row["psnr"].get(key, []))))
    return Line(row["name"], tuple(cells))


def _figure(values: Sequence[float]) -> str:
    if not values:
        return "not run"
    spread = f"± {statistics.stdev(values):.2f}" if len(values) > 1 else "(one seed)"
    return f"{statistics.fmean(values):.2f} {spread}"


def _condition(key: str) -> str:
    return "PSNR" if key == _REBUILT else key.upper().replace("CRF", "CRF\N{NO-BREAK SPACE}")


def _order_text(table: dict) -> str:
    order, deviations = table["order"], table["deviation"]
    total = sum(len(order[kind]) for kind in ("confirmed", "refuted", "undecided"))
    spread = ", ".join(
        f"{value:.2f}" + (f" at {_condition(key)}" if len(deviations) > 1 else "")
        for key, value in deviations.items()
    )
    return (
        f"**Printed order {order['verdict']}**: of {total} pairs of rows {len(order['confirmed'])} "
        f"as printed, {len(order['refuted'])} the other way round{_pairs(order['refuted'])}, "
        f"{len(order['undecided'])} not decided{_pairs(order['undecided'])}. "
        f"Pooled deviation over the seeds: {spread or NONE} dB."
    )


def _pairs(pairs: Sequence[Sequence[str]]) -> str:
    """Of each pair first what print calls better."""
    if not 0 < len(pairs) <= _MAX_PAIRS:
        return ""
    texts = [
        f"*{better}* over *{worse}*" + (f" at {_condition(key)}" if key else "")
        for better, worse, key in pairs
    ]
    return f" ({'; '.join(texts)})"
