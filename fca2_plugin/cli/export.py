"""``fca2 export``."""

import argparse

from fca2_plugin.cli._network import add_config
from fca2_plugin.cli._renamed import add_moved
from fca2_plugin.cli._settings import parse_size

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "export a network, and each part of FCA², to ONNX, and check it in onnxruntime"
EXAMPLE = "fca2 export --config my_config.py --checkpoint work_dirs/my_config --out onnx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser, "weights for --config (default: random ones)")
    parser.add_argument(
        "--weights", metavar="NAME", help="a network that ships, instead of --config"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="the folder to write")
    parser.add_argument(
        "--size",
        default="96x72",
        metavar="WxH",
        help="size of the LQ frames for the check; where a graph needs a fixed size, this one "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--frames", type=int, metavar="N", help="number of frames in a clip (default: 7)"
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=1e-4,
        metavar="X",
        help="largest difference from torch that is accepted (default: %(default)s)",
    )
    add_moved(parser, {"--table": "bash tools/export_table.sh"})


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from fca2_plugin.apps.export import export_onnx

    with Console(stderr=True).status("network") as status:
        manifest = export_onnx(
            args.config,
            args.checkpoint,
            args.out,
            size=parse_size(args.size),
            frames=args.frames,
            tolerance=args.tolerance,
            progress=lambda part: status.update(f"{part}: tracing, checking"),
            weights=args.weights,
        )
    for graph in manifest["graphs"]:
        free = ", ".join(graph["free_axes"]) or "none"
        print(f"{graph['file']}: difference {graph['max_difference']:.1e}, free axes: {free}")
    for part, reason in manifest["not_exported"].items():
        print(f"{part}: not exported: {reason}")
    if "max_difference_in_a_row" in manifest:
        print(f"all parts, one after another: difference {manifest['max_difference_in_a_row']:.1e}")
    if manifest["grouping"] != "as configured":
        print("groups of frames are fixed, because a graph cannot adapt them to the clip")
    if args.checkpoint is None and args.weights is None:
        print("without --checkpoint the weights are random")
    print(f"written: {args.out} (tolerance {manifest['tolerance']:.0e})")
    return 0
