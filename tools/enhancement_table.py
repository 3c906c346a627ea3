"""Enhancement networks in turns, as TGAFNet's Table IV has them: ``enhancement_table.sh``."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from fca2_plugin import __version__
from fca2_plugin._errors import run_command
from fca2_plugin._files import check_writable, write_json
from fca2_plugin._progress import progress_bar
from fca2_plugin._suggest import check_choice
from fca2_plugin._torch import out_of_memory_said
from fca2_plugin.apps.benchmark.run import commit, random_clip
from fca2_plugin.apps.benchmark.sweep import advance
from fca2_plugin.apps.benchmark.timing import compare
from fca2_plugin.apps.tables import TableView, terminal_table, text_line
from fca2_plugin.cli._options import SETTINGS, add_options, given, read_settings
from fca2_plugin.inference.prepare import prepare
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.nets.zoo import ENHANCERS, build_enhancer

__all__ = ["CLASSES", "TABLE_IV", "enhancement_table", "main", "run_enhancement"]

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
    json_path: Path | None = None,
    console: Console | None = None,
) -> dict:
    """Time enhancement networks in turns, on luma, and print a table.

    Args:
        names: Keys of ``ENHANCERS``; none for those of Table IV.
        sizes: Width and height by the name of a class, or of a size.
        frames: Frames of the clip. Every frame has a window of its own, so one frame is enough; a
            GPU may need more to be busy.
        repeats: Timed rounds; None for as many as ``compare`` takes.
        inference: Device, type and the like; None for the defaults.
        json_path: Where the result goes.
        console: Where progress and the table are shown.

    Returns:
        ``networks`` by name: ``params`` and ``sizes``, each with ``size``, ``macs_per_frame``,
        ``ms_per_frame``, ``iqr_ms_per_frame`` and ``fps``; and what was run where.

    Raises:
        ValueError: An unknown or repeated network, no frame, no memory for a size, or a
            ``json_path`` that cannot be written to.
    """
    names = tuple(names) or TABLE_IV
    for name in names:
        check_choice("enhancement network", name, ENHANCERS)
    if len(set(names)) < len(names):
        raise ValueError(f"{', '.join(names)} names a network twice; name each once")
    if frames < 1 or (repeats is not None and repeats < 1):
        raise ValueError(f"frames and repeats must be at least 1, got {frames} and {repeats}")
    if json_path is not None:  # before minutes of work
        check_writable(json_path)
    console = console or Console()
    inference = inference or InferenceSettings()
    device = inference.find_device()
    torch.manual_seed(0)
    networks = {name: prepare(build_enhancer(name).eval(), inference) for name in names}
    load = os.getloadavg()[0]  # of the others, before this adds to it
    found: dict[str, dict] = {name: {"sizes": {}} for name in names}
    pixels = [width * height for width, height in sizes.values()]
    with progress_bar(console) as progress:
        for index, (label, (width, height)) in enumerate(sizes.items()):
            clip = random_clip((1, frames, 1, height, width), device)
            with out_of_memory_said(
                f"{frames} frames of {width}x{height} do not fit in the memory of {device}; try "
                "fewer frames or a smaller size"
            ):
                measured = compare(
                    networks,
                    clip,
                    repeats=repeats,
                    warmup=inference.warmup,
                    progress=advance(progress, f"{width}x{height}", pixels, index),
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
    result = {
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
    if json_path is not None:
        write_json(json_path, result)
    console.print(enhancement_table(result))
    return result


def enhancement_table(result: dict) -> Table:
    """The result for a terminal, a row for every network and size."""
    lines = [
        text_line(
            f"{name}, {'x'.join(map(str, values['size']))}",
            f"{network['params']:,}",
            f"{values['macs_per_frame'] / 1e9:.1f}",
            f"{values['ms_per_frame']:.1f}",
            f"{values['iqr_ms_per_frame']:.1f}",
            f"{values['fps']:.2f}",
        )
        for name, network in result["networks"].items()
        for values in network["sizes"].values()
    ]
    title = f"enhancement of luma on {result['device']}, {result['threads']} threads"
    heads = ("parameters", "GMACs per frame", "ms per frame", "IQR, ms", "fps")
    return terminal_table(TableView(title, heads, tuple(lines), (), "network, size"))


def main(argv: Sequence[str] | None = None) -> int:
    """Time the networks and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="enhancement_table.sh", description="Time enhancement networks, in turns, on luma."
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"which networks (default: {' '.join(TABLE_IV)}, as in TGAFNet's Table IV)",
    )
    clip = {
        "--size WxH": "one size (default: the three of the table)",
        "--frames N": "number of frames (default: 1)",
        "--repeats N": "number of rounds (default: 5, or 3 if they are long)",
    }
    add_options(parser, clip)
    add_options(parser.add_argument_group("how the networks run"), SETTINGS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results to FILE")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    args = parser.parse_args(argv)

    def run() -> int:
        sizes = {"x".join(map(str, args.size)): args.size} if args.size else CLASSES
        chosen = given(args, ("frames", "repeats"))
        settings = read_settings(args)
        run_enhancement(args.names, sizes, **chosen, inference=settings, json_path=args.json)
        return 0

    return run_command(run, args.debug)


if __name__ == "__main__":
    sys.exit(main())
