"""``fca2 export``."""

import argparse

from fca2_plugin.cli._options import CONFIG, given

__all__ = ["EXAMPLE", "HELP", "OLD", "OPTIONS", "REQUIRED", "run"]

HELP = "export a network, and each part of FCA², to ONNX, and check it in onnxruntime"
EXAMPLE = "fca2 export --config my_config.py --checkpoint work_dirs/my_config --out onnx"
OPTIONS = {
    "": {
        **CONFIG,
        "--checkpoint FILE": "weights for --config (default: random ones)",
        "--weights NAME": "a network that ships, instead of --config",
        "--out DIR": "the folder to write",
        "--size WxH": "size of the LQ frames for the check; where a graph needs a fixed size, this "
        "one (default: 96x72)",
        "--frames N": "number of frames in a clip (default: 7)",
        "--tolerance X": "largest difference from torch that is accepted (default: 0.0001)",
    }
}
REQUIRED = ("--out",)
OLD = {"--table": "bash tools/export_table.sh"}


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from fca2_plugin.apps.export import export_onnx

    with Console(stderr=True).status("network") as status:
        manifest = export_onnx(
            args.config,
            args.checkpoint,
            args.out,
            progress=lambda part: status.update(f"{part}: tracing, checking"),
            **given(args, ("size", "frames", "tolerance", "weights")),
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
