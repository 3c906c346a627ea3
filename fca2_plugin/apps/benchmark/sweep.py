"""Benchmarks over many sizes, kept in one file that grows point by point."""

import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from fca2_plugin._files import read_json, write_json
from fca2_plugin.apps.benchmark.networks import Choice, build_pair
from fca2_plugin.apps.benchmark.run import SCHEMA, Setting, run_benchmark, sweep_settings

__all__ = ["advance", "progress_bar", "run_sweep"]

SAME = ("choice", "fixed", "sweep")  # what a file's sweep must share with the one that goes on


def run_sweep(
    choice: Choice,
    setting: Setting,
    sweep: str,
    path: Path,
    *,
    peak_memory: bool = True,
    console: Console | None = None,
) -> dict:
    """Time the networks at every value of a sweep; values that ``path`` holds are kept.

    Args:
        choice: The networks.
        setting: What stays the same.
        sweep: ``frames`` or ``size``.
        path: The JSON file, written after every point.
        peak_memory: As in ``run_benchmark``.
        console: Where progress and the time left are shown.

    Returns:
        What ``path`` holds: ``points``, each as ``run_benchmark`` returns it.

    Raises:
        ValueError: ``path`` holds another sweep.
    """
    settings = list(sweep_settings(setting, sweep))
    result = {
        "kind": "benchmark_sweep",
        "schema": SCHEMA,
        "sweep": sweep,
        "choice": vars(choice),
        "fixed": _fixed(setting, sweep),
        "points": [],
    }
    if path.exists():
        result["points"] = _points(path, result)
    done = len(result["points"])
    if done == len(settings):
        return result
    pair = build_pair(choice)
    costs = [math.prod(one.shape) for one in settings]
    spent = sum(costs[:done])
    with progress_bar(console) as bar:
        task = bar.add_task("", total=sum(costs), completed=spent)
        for one, cost in zip(settings[done:], costs[done:], strict=True):
            bar.update(task, description=one.text)
            point = run_benchmark(
                choice,
                one,
                pair=pair,
                peak_memory=peak_memory,
                progress=advance(bar, task, spent, cost),
            )
            spent += cost
            result["points"].append(point)
            write_json(path, result)
    return result


def progress_bar(console: Console | None) -> Progress:
    """A bar with the time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )


def advance(bar: Progress, task: TaskID, before: int, cost: int) -> Callable[[int, int], None]:
    """What ``run_benchmark`` calls after every pass: move on by a share of the point's cost."""
    return lambda done, total: bar.update(task, completed=before + cost * done / total)


def _fixed(setting: Setting, sweep: str) -> dict:
    how = {**asdict(setting.inference), "device": str(setting.inference.on())}
    fixed = {
        "frames": setting.frames,
        "size": list(setting.size),
        "repeats": setting.repeats,
        **how,
    }
    del fixed[sweep]
    return fixed


def _points(path: Path, wanted: dict) -> list[dict]:
    """The points that a killed sweep left in ``path``."""
    before = read_json(path)
    if not isinstance(before, dict) or any(before.get(key) != wanted[key] for key in SAME):
        raise ValueError(
            f"{path} holds something else than this sweep; give another --json, or remove it"
        )
    return before["points"]
