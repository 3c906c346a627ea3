"""``fca2 benchmark``."""

import argparse
from dataclasses import fields
from pathlib import Path

from fca2_plugin.cli._options import (
    add_config,
    add_old,
    add_options,
    add_settings,
    parse_size,
    read_settings,
)

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "time a network alone and inside FCA², and count its memory and operations"
EXAMPLE = "fca2 benchmark --vsr basicvsr --preset fast --frames 7 --size 180x144"
VSR = {
    "--vsr NAME": "the network: basicvsr, basicvsr-pp, ftvsr, edvr, stdf-basicvsr, ... (default: "
    "%(default)s)",
    "--host HOST": "the host that builds the network: mmagic (default) or basicsr",
}
FCA2 = {
    "--preset PRESET": "the design of FCA² (default: %(default)s)",
    "--training": "time training steps (forward, backward, optimiser) instead",
    "--stage STAGE": "which parts are trained with --training: vsr (FCA² frozen), joint or "
    "finetune (default: chosen by the preset)",
    "--n-subs N": "number of channels in a group (Table VI)",
    "--n-ovls N": "number of channels that neighbouring groups share (Table VI)",
    "--num-passes N": "number of cleaning passes; 0 for none",
    "--tiny": "use small networks, to try the command",
}
CLIP = {
    "--frames N": "number of frames (default: %(default)s)",
    "--size WxH": "width and height of the LQ frames (default: %(default)s)",
    "--repeats N": "number of rounds (default: 5, or 3 if they are long)",
    "--sweep SWEEP": "measure many points: vary 'frames' (10 to 200) or 'size' (64 to 224), as in "
    "Fig. 10, or the size of 'groups'",
    "--no-memory": "do not measure memory on a CPU",
}
RESULTS = {
    "--json FILE": "write all results to this file",
    "--plot DIR": "write the plots of a sweep to this folder",
}
SCRIPTS = {
    "--data": "bash tools/groups_bound.sh JSON DATA",
    "--enhancer": "bash tools/enhancement_table.sh",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    networks = parser.add_argument_group("networks")
    add_options(networks, VSR, vsr="basicvsr", host="mmagic")
    add_config(networks, "weights for --config; not needed for timing")
    add_options(networks, FCA2, preset="released")
    clip = parser.add_argument_group("clip and timing")
    add_options(clip, CLIP, frames=7, size="180x144")
    add_settings(parser)
    add_old(parser, SCRIPTS)
    add_options(parser, RESULTS)


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps import benchmark

    if args.stage and not args.training:
        raise ValueError("--stage chooses what a training step trains; add --training")
    size, inference = parse_size(args.size), read_settings(args)
    chosen = {field.name: getattr(args, field.name) for field in fields(benchmark.Choice)}
    benchmark.benchmark_command(
        benchmark.Choice(**{key: value for key, value in chosen.items() if value is not None}),
        benchmark.Setting(
            args.frames, size, args.repeats, inference, args.training, not args.no_memory
        ),
        sweep=args.sweep,
        json_path=args.json and Path(args.json),
        plot_dir=args.plot and Path(args.plot),
    )
    return 0
