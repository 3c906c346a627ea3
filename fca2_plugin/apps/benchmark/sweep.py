"""Benchmarks over many sizes, kept in one file that grows point by point."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from fca2_plugin._files import read_json, write_json
from fca2_plugin._suggest import check_choice
from fca2_plugin.apps.benchmark.networks import Choice, build_pair
from fca2_plugin.apps.benchmark.run import SCHEMA, Setting, run_benchmark

__all__ = ["SWEEPS", "advance", "run_sweep"]

SWEEPS: dict[str, Sequence[Any]] = {
    "frames": (10, 50, 100, 200),
    "size": (64, 96, 128, 160, 192, 224),
    "groups": ((9, 6), (6, 0), (9, 3), (12, 3), (21, 0)),
}
"""The values of Fig. 10; ``n_subs`` and ``n_ovls`` that make five codes to one of 7 frames."""

SAME = ("choice", "fixed", "sweep")  # what a file's sweep must share with the one that goes on


def sweep_points(choice: Choice, setting: Setting, sweep: str) -> Iterator[tuple[Choice, Setting]]:
    """What a sweep over ``frames`` or (square) ``size``, as in Fig. 10, or ``groups`` measures.

    Raises:
        ValueError: Unknown sweep.
    """
    for value in SWEEPS[check_choice("sweep", sweep, SWEEPS)]:
        if sweep == "groups":
            yield replace(choice, n_subs=value[0], n_ovls=value[1]), setting
        elif sweep == "frames":
            yield choice, replace(setting, frames=value)
        else:
            yield choice, replace(setting, size=(value, value))


def run_sweep(
    choice: Choice,
    setting: Setting,
    sweep: str,
    path: Path,
    progress: Callable[[float, float, str], None],
) -> dict:
    """Time the networks at every value of a sweep; values that ``path`` contains are kept.

    Args:
        choice: The networks.
        setting: What stays the same.
        sweep: ``frames``, ``size`` or ``groups``.
        path: The JSON file, written after every point.
        progress: Called as ``progress(done, total, what is timed)``.

    Returns:
        What ``path`` contains: ``points``, each as ``run_benchmark`` returns it.

    Raises:
        ValueError: ``path`` holds another sweep.
    """
    planned = list(sweep_points(choice, setting, sweep))
    result: dict[str, Any] = {
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
    if done == len(planned):
        return result
    nets = {}
    costs = [math.prod(one.shape) for _, one in planned]
    for index, (chosen, one) in enumerate(planned[done:], start=done):
        if chosen not in nets:
            nets = {chosen: build_pair(chosen)}
        move = advance(progress, one.text, costs, index)
        result["points"].append(run_benchmark(chosen, one, pair=nets[chosen], progress=move))
        write_json(path, result)
    return result


def advance(
    progress: Callable[[float, float, str], None], text: str, costs: Sequence[int], index: int
) -> Callable[[int, int], None]:
    """What ``compare`` calls after every pass of one measurement out of many."""
    before, own, all_ = sum(costs[:index]), costs[index], sum(costs)
    return lambda done, total: progress(before + own * done / total, all_, text)


def _fixed(setting: Setting, sweep: str) -> dict:
    device = str(setting.inference.find_device())
    same = {"frames": setting.frames, "size": list(setting.size), "repeats": setting.repeats}
    same.pop(sweep, None)
    return {**same, **asdict(setting.inference), "device": device}


def _points(path: Path, wanted: dict) -> list[dict]:
    """The points that a killed sweep left in ``path``."""
    before = read_json(path)
    if not isinstance(before, dict) or any(before.get(key) != wanted[key] for key in SAME):
        raise ValueError(
            f"{path} does not belong to this sweep; choose another --json file, or remove this one"
        )
    return before["points"]
