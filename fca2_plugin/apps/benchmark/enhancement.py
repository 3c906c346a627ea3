"""``fca2 benchmark --enhancer``: enhancement networks in turns, as TGAFNet's Table IV has them."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from fca2_plugin import __version__
from fca2_plugin._files import check_writable, write_json
from fca2_plugin._suggest import check_choice
from fca2_plugin._torch import out_of_memory_said
from fca2_plugin.apps.benchmark.run import commit, random_clip
from fca2_plugin.apps.benchmark.sweep import advance, progress_bar
from fca2_plugin.apps.benchmark.timing import compare
from fca2_plugin.inference.prepare import prepare
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.nets.zoo import ENHANCERS, build_enhancer

__all__ = ["CLASSES", "TABLE_IV", "enhancement_command", "enhancement_table", "run_enhancement"]

SCHEMA = 1
TABLE_IV = ("stdf-r3l", "rfda", "cf-stif", "tgafnet")
CLASSES = {"D": (416, 240), "C": (832, 480), "E": (1280, 720)}
"""Width and height of the classes of Table IV, the smallest first; FLOPs are of class D."""


def run_enhancement(
    names: Sequence[str],
    sizes: Mapping[str, tuple[int, int]] = CLASSES,
    frames: int = 1,
    repeats: int | None = None,
    inference: InferenceSettings | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict:
    """Time enhancement networks in turns, on luma.

    Args:
        names: Keys of ``ENHANCERS``; none for those of Table IV.
        sizes: Width and height by the name of a class, or of a size.
        frames: Frames of the clip. Every frame has a window of its own, so one frame is enough; a
            GPU may need more to be busy.
        repeats: Timed rounds; None for as many as ``compare`` takes.
        inference: Device, type and the like; None for the defaults.
        progress: Called as ``progress(size, done, total)`` after every pass.

    Returns:
        ``networks`` by name: ``params`` and ``sizes``, each with ``size``, ``macs_per_frame``,
        ``ms_per_frame``, ``iqr_ms_per_frame`` and ``fps``; and what was run where.

    Raises:
        ValueError: An unknown or repeated network, no frame, or no memory for a size.
    """
    names = tuple(names) or TABLE_IV
    for name in names:
        check_choice("enhancement network", name, ENHANCERS)
    if len(set(names)) < len(names):
        raise ValueError(f"{', '.join(names)} names a network twice; name each once")
    if frames < 1 or (repeats is not None and repeats < 1):
        raise ValueError(f"frames and repeats must be at least 1, got {frames} and {repeats}")
    inference = inference or InferenceSettings()
    device = inference.find_device()
    torch.manual_seed(0)
    networks = {name: prepare(build_enhancer(name).eval(), inference) for name in names}
    load = os.getloadavg()[0]  # of the others, before this adds to it
    found: dict[str, dict] = {name: {"sizes": {}} for name in names}
    for label, (width, height) in sizes.items():
        clip = random_clip((1, frames, 1, height, width), device)
        with out_of_memory_said(
            f"{frames} frames of {width}x{height} do not fit in the memory of {device}; try fewer "
            "frames or a smaller size"
        ):
            measured = compare(
                networks,
                clip,
                repeats=repeats,
                warmup=inference.warmup,
                progress=progress and (lambda *at, label=label: progress(label, *at)),
            )
        for name, values in measured["models"].items():
            found[name]["params"] = values["parameters"]
            found[name]["sizes"][label] = {
                "size": [width, height],
                "macs_per_frame": values["macs_per_frame"],
                "ms_per_frame": values["ms_per_frame"],
                "iqr_ms_per_frame": values["iqr_ms_per_frame"],
                "fps": 1000 / values["ms_per_frame"],
            }
    return {
        "kind": "benchmark_enhancement",
        "schema": SCHEMA,
        "fca2_plugin": __version__,
        "commit": commit(),
        "frames": frames,
        **asdict(inference),
        "device": measured["device"],
        "threads": measured["threads"],
        "torch": measured["torch"],
        "load_average": load,
        "networks": found,
    }


def enhancement_command(
    names: Sequence[str],
    sizes: Mapping[str, tuple[int, int]],
    frames: int,
    repeats: int | None,
    inference: InferenceSettings,
    json_path: Path | None = None,
    console: Console | None = None,
) -> dict:
    """As ``run_enhancement``, with progress and a table, and the result in ``json_path``."""
    console = console or Console()
    if json_path is not None:  # before minutes of work
        check_writable(json_path)
    with progress_bar(console) as bar:
        costs = {label: width * height for label, (width, height) in sizes.items()}
        task = bar.add_task("", total=sum(costs.values()))
        before = dict(
            zip(costs, [sum([*costs.values()][:i]) for i in range(len(costs))], strict=True)
        )

        def progress(label: str, done: int, total: int) -> None:
            width, height = sizes[label]
            bar.update(task, description=f"{width}x{height}")
            advance(bar, task, before[label], costs[label])(done, total)

        result = run_enhancement(names, sizes, frames, repeats, inference, progress)
    if json_path is not None:
        write_json(json_path, result)
    console.print(enhancement_table(result))
    return result


def enhancement_table(result: dict) -> Table:
    """The result for a terminal, a row for every network and size."""
    title = f"enhancement of luma on {result['device']}, {result['threads']} threads"
    table = Table(title=title, title_justify="left")
    for head in ("network", "size"):
        table.add_column(head)
    for head in ("params", "GMACs per\nframe", "ms per\nframe", "IQR", "fps"):
        table.add_column(head, justify="right")
    for name, network in result["networks"].items():
        for index, values in enumerate(network["sizes"].values()):
            table.add_row(
                name * (index == 0),
                "x".join(map(str, values["size"])),
                f"{network['params']:,}" * (index == 0),
                f"{values['macs_per_frame'] / 1e9:.1f}",
                f"{values['ms_per_frame']:.1f}",
                f"{values['iqr_ms_per_frame']:.1f}",
                f"{values['fps']:.2f}",
                end_section=index == len(network["sizes"]) - 1,
            )
    return table
