"""The table of a run, bicubic against baseline against wrapped: checked, formatted, printed.

Weights that ship may stand below them, under the names that ``results["shipped"]`` lists.

The page and the terminal show the same cells. A best value is marked where there is one to choose:
quality among all rows, cost (parameters, time) among the networks, since bicubic has none.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from fca2_plugin.apps.report.tables import NONE, Cell, mark_best

__all__ = ["MODELS", "Row", "check_results", "gains", "models_of", "results_table", "table_rows"]

MODELS = ("bicubic", "baseline", "wrapped")


class Row(NamedTuple):
    """A line of the table; ``quality`` is (PSNR, SSIM) per CRF."""

    name: str
    parameters: Cell
    ms: Cell
    speed: Cell
    quality: list[tuple[Cell, Cell]]


def models_of(results: Mapping) -> tuple[str, ...]:
    """The rows of a run, those of shipped weights last."""
    return (*MODELS, *(results.get("shipped") or ()))


def check_results(results: Mapping) -> None:
    """Look for every value that the table needs.

    Raises:
        ValueError: One is missing or is no number.
    """
    _number(results, "speed_ratio")
    crfs = results.get("crfs")
    if not isinstance(crfs, Sequence) or isinstance(crfs, str) or not crfs:
        raise ValueError(
            f"results have crfs={crfs!r}; expected the CRFs that were tested, such as [15, 25, 35]"
        )
    for model in models_of(results):
        _number(results, model, "parameters")
        if model != "bicubic" or results[model].get("ms_per_frame") is not None:
            _number(results, model, "ms_per_frame")
        for crf in crfs:
            _number(results, model, "psnr_y", str(crf))
            _number(results, model, "ssim_y", str(crf))


def table_rows(results: Mapping) -> list[Row]:
    """The table of checked ``results``, row by row."""
    models = models_of(results)
    networks = models[1:]
    parameters = {name: f"{results[name]['parameters']:,}" for name in networks}
    ms = {name: f"{results[name]['ms_per_frame']:.1f}" for name in networks}
    speed = {"baseline": "1.00×", "wrapped": f"{results['speed_ratio']:.2f}×"}
    columns = {
        "parameters": mark_best(parameters, [-results[name]["parameters"] for name in networks]),
        "ms": mark_best(ms, [-results[name]["ms_per_frame"] for name in networks]),
        "speed": mark_best(speed, [1, results["speed_ratio"]]),
    }
    bicubic_ms = results["bicubic"].get("ms_per_frame")
    columns["parameters"]["bicubic"] = Cell(f"{results['bicubic']['parameters']:,}")
    columns["ms"]["bicubic"] = Cell(NONE if bicubic_ms is None else f"{bicubic_ms:.1f}")
    columns["speed"] |= {name: Cell(NONE) for name in models if name not in speed}
    quality = {
        (metric, crf): mark_best(
            {name: f"{results[name][metric][str(crf)]:.{digits}f}" for name in models},
            [results[name][metric][str(crf)] for name in models],
        )
        for metric, digits in (("psnr_y", 2), ("ssim_y", 4))
        for crf in results["crfs"]
    }
    return [
        Row(
            name,
            *(columns[column][name] for column in ("parameters", "ms", "speed")),
            [(quality["psnr_y", c][name], quality["ssim_y", c][name]) for c in results["crfs"]],
        )
        for name in models
    ]


def gains(results: Mapping) -> dict[str, float]:
    """How many dB of PSNR (Y) ``wrapped`` lies above the others, mean over the CRFs."""
    mean = {
        name: sum(results[name]["psnr_y"][str(crf)] for crf in results["crfs"])
        / len(results["crfs"])
        for name in MODELS
    }
    return {name: mean["wrapped"] - mean[name] for name in MODELS[:2]}


def results_table(results: Mapping) -> Table:
    """The table for a terminal.

    Raises:
        ValueError: ``results`` lack a value.
    """
    check_results(results)
    table = Table(title="PSNR in dB, SSIM below it, both on Y", title_justify="left")
    table.add_column("model")
    for head in ("parameters", "ms per\nframe", "speed", *(f"CRF {c}" for c in results["crfs"])):
        table.add_column(head, justify="right")
    for row in table_rows(results):
        lines = [(cell,) for cell in (row.parameters, row.ms, row.speed)] + row.quality
        table.add_row(row.name, *(_rich(cells) for cells in lines))
    return table


def _rich(cells: tuple[Cell, ...]) -> Text:
    return Text("\n").join(Text(cell.text, style="bold" if cell.best else "") for cell in cells)


def _number(results: Mapping, *path: str) -> None:
    value = results
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(
            f"results have {'.'.join(path)}={value!r}; expected a number, as the quickstart writes "
            "it into results.json"
        )
