"""``fca2 benchmark``."""

import argparse
from dataclasses import fields
from pathlib import Path

from fca2_plugin.cli._options import CONFIG, SETTINGS, given, read_settings

__all__ = ["EXAMPLE", "HELP", "OLD", "OPTIONS", "run"]

HELP = "time a network alone and inside FCA², and count its memory and operations"
EXAMPLE = "fca2 benchmark --vsr basicvsr --preset fast --frames 7 --size 180x144"
OPTIONS = {
    "": {
        "--json FILE": "write all results to this file",
        "--plot DIR": "write the plots of a sweep to this folder",
    },
    "networks": {
        "--vsr NAME": "the network: basicvsr, basicvsr-pp, ftvsr, edvr, stdf-basicvsr, ... "
        "(default: basicvsr)",
        "--host HOST": "the host that builds the network: mmagic (default) or basicsr",
        **CONFIG,
        "--checkpoint FILE": "weights for --config; not needed for timing",
        "--preset PRESET": "the design of FCA² (default: released)",
        "--training": "time training steps (forward, backward, optimiser) instead",
        "--stage STAGE": "which parts are trained with --training: vsr (FCA² frozen), joint or "
        "finetune (default: chosen by the preset)",
        "--n-subs N": "number of channels in a group (Table VI)",
        "--n-ovls N": "number of channels that neighbouring groups share (Table VI)",
        "--num-passes N": "number of cleaning passes; 0 for none",
        "--tiny": "use small networks, to try the command",
    },
    "clip and timing": {
        "--frames N": "number of frames (default: 7)",
        "--size WxH": "width and height of the LQ frames (default: 180x144)",
        "--repeats N": "number of rounds (default: 5, or 3 if they are long)",
        "--sweep SWEEP": "measure many points: vary 'frames' (10 to 200) or 'size' (64 to 224), as "
        "in Fig. 10, or the size of 'groups'",
        "--no-memory": "do not measure memory on a CPU",
    },
    "how the network runs": SETTINGS,
}
OLD = {
    "--data": "bash tools/groups_bound.sh JSON DATA",
    "--enhancer": "bash tools/enhancement_table.sh",
}


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps import benchmark

    if args.stage and not args.training:
        raise ValueError("--stage chooses what a training step trains; add --training")
    setting = given(args, ("frames", "size", "repeats", "training"))
    benchmark.benchmark_command(
        benchmark.Choice(**given(args, (field.name for field in fields(benchmark.Choice)))),
        benchmark.Setting(**setting, inference=read_settings(args), memory=not args.no_memory),
        sweep=args.sweep,
        json_path=args.json and Path(args.json),
        plot_dir=args.plot and Path(args.plot),
    )
    return 0
