"""The ablations of the FCA² paper (Tables III to VII) at a small scale, over several seeds.

Everything is real, as in the quickstart: H.264 through PyAV, MMagic's Runner, the configs of
``configs/mmagic/small``. Seeds come one after another, so that a run that is cut short has all
tables with fewer seeds. With the same folder, a run resumes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.markdown import Markdown

from fca2_plugin._files import only_writer, write_json, write_text
from fca2_plugin._suggest import check_choice
from fca2_plugin.apps.small_scale import (
    CRFS,
    check_budget,
    keep_arguments,
    make_clips,
    score_row,
)

from .clips import MAX_FRAMES, clip_source
from .rows import ABLATIONS, RUNS
from .tables import fill_table, table_text
from .train import BATCH, ITERATIONS, Study

__all__ = ["needed_runs", "run_ablations"]


def run_ablations(
    out: str | Path,
    tables: Sequence[str] | None = None,
    seeds: int = 3,
    budget: float = 1.0,
    data: str | Path | None = None,
    console: Console | None = None,
) -> dict:
    """Train what is missing and write ``results.json`` and ``results.md``, after every training.

    Args:
        out: Where everything goes; the same folder resumes, also with more tables or
            seeds.
        tables: Of ``III``, ``IV``, ``V``, ``VI``, ``VII``; None for all.
        seeds: How many, from 0.
        budget: Share of the usual iterations.
        data: A data set of ``fca2 encode`` with ``train`` and ``val`` (or ``test``), of which the
            middle of the first frames is used; None makes clips from photographs.
        console: Where progress and the tables are shown.

    Returns:
        What ``results.json`` contains.

    Raises:
        FileNotFoundError: The data is not there.
        ValueError: An unknown table, no seed, a ``budget`` that is not positive, data that is too
            short or too small, or a folder that holds a run with other arguments or is in use.
    """
    tables = [check_choice("table", table, ABLATIONS) for table in tables or ABLATIONS]
    if seeds < 1:
        raise ValueError(f"seeds must be at least 1, or 2 to see a spread; got {seeds}")
    check_budget(budget)
    console = console or Console()
    source = clip_source(data)  # bad data is refused before anything is written
    out = Path(out)
    keep_arguments(out, {"data": data and str(Path(data).resolve()), "budget": budget})
    with only_writer(out):
        study = Study(out, make_clips(out / "clips", source, console), budget)
        setup = _setup(study, data, seeds)
        floor = score_row(study.clips, floor="bicubic")["psnr_y"]

        def write() -> dict:
            return _write(study, tables, seeds, setup, floor)

        todo = [(seed, name) for seed in range(seeds) for name in needed_runs(tables)]
        for number, (seed, name) in enumerate(todo, start=1):
            if study.result(name, seed) is None:
                study.train(name, seed, f"{number}/{len(todo)} seed {seed} {name}")
                write()
        results = write()
    console.print(Markdown((out / "results.md").read_text(encoding="utf-8")))
    return results


def needed_runs(tables: Sequence[str]) -> list[str]:
    """The runs behind tables and what those start from, in an order that can be followed."""
    needed = {run for table in tables for run in ABLATIONS[table].rows.values()}
    for name in reversed(RUNS):
        if name in needed:
            needed.update(RUNS[name].starts_from.values())
    return [name for name in RUNS if name in needed]


def _write(study: Study, tables: Sequence[str], seeds: int, setup: dict, floor: dict) -> dict:
    filled = {table: fill_table(table, seeds, study.result) for table in tables}
    results: dict[str, Any] = {"setup": setup, "bicubic_psnr": floor, "tables": filled}
    runs = [(name, seed) for seed in range(seeds) for name in needed_runs(tables)]
    results["runs"] = [found for run in runs if (found := study.result(*run)) is not None]
    write_json(study.out / "results.json", results)
    write_text(study.out / "results.md", _page(results))
    return results


def _page(results: dict) -> str:
    floor = ", ".join(f"{value:.2f} at CRF {crf}" for crf, value in results["bicubic_psnr"].items())
    parts = ["\n".join(f"- {key}: {text}" for key, text in results["setup"].items())]
    parts += [table_text(name, table) for name, table in results["tables"].items()]
    parts.append(f"Bicubic enlargement of the same clips, for Tables IV and V: {floor} dB.")
    return "\n\n".join(parts) + "\n"


def _setup(study: Study, data: str | Path | None, seeds: int) -> dict[str, str]:
    return {
        "data": f"{Path(data).name if data else 'clips made from photographs'}, the middle of the "
        f"first {MAX_FRAMES} frames of each clip; Gaussian blur 1.5, 4 times smaller, x264 at CRF "
        f"{', '.join(map(str, CRFS))}; half of the windows that train stay raw",
        "training": f"{study.iterations} iterations for every training and every stage before it "
        f"(budget {study.budget:g} of {ITERATIONS}), {BATCH} windows of 7 frames each, Adam, "
        f"{seeds} seed{'s' * (seeds > 1)}, on {'a GPU' if torch.cuda.is_available() else 'a CPU'}",
        "networks": "FCA²'s tiny preset with flow as the paper words it (concatenated); in Tables "
        "IV and V around a compact recurrent network of 16 channels; the paper has BasicVSR++",
        "figures": "PSNR on Y in dB by MMagic, mean ± standard deviation over the seeds, on clips "
        "that train nothing; the paper's are Vid4's",
        "rule": "two rows differ when their means are more than 3 standard errors apart (deviation "
        "pooled over the table's rows); an order is confirmed when every pair is, refuted when a "
        "pair is reversed",
    }
