"""``fca2 export``."""

import argparse

from fca2_plugin.cli._options import add_config, add_old, add_options, parse_size

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "export a network, and each part of FCA², to ONNX, and check it in onnxruntime"
EXAMPLE = "fca2 export --config my_config.py --checkpoint work_dirs/my_config --out onnx"
OPTIONS = {
    "--weights NAME": "a network that ships, instead of --config",
    "--size WxH": "size of the LQ frames for the check; where a graph needs a fixed size, this one "
    "(default: %(default)s)",
    "--frames N": "number of frames in a clip (default: 7)",
    "--tolerance X": "largest difference from torch that is accepted (default: %(default)s)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser, "weights for --config (default: random ones)")
    parser.add_argument("--out", required=True, metavar="DIR", help="the folder to write")
    add_options(parser, OPTIONS, size="96x72", tolerance=1e-4)
    add_old(parser, {"--table": "bash tools/export_table.sh"})


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
