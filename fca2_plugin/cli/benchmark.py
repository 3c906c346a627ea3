"""``fca2 benchmark``."""

import argparse
from dataclasses import fields
from pathlib import Path

from fca2_plugin.cli._network import add_config
from fca2_plugin.cli._renamed import add_moved
from fca2_plugin.cli._settings import add_settings, parse_size, read_settings

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "time a network alone and inside FCA², and count its memory and operations"
EXAMPLE = "fca2 benchmark --vsr basicvsr --preset fast --frames 7 --size 180x144"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    networks = parser.add_argument_group("networks")
    networks.add_argument(
        "--vsr",
        default="basicvsr",
        metavar="NAME",
        help="the network: basicvsr, basicvsr-pp, ftvsr, edvr, stdf-basicvsr, ... (default: "
        "%(default)s)",
    )
    networks.add_argument(
        "--host",
        default="mmagic",
        help="the host that builds the network: mmagic (default) or basicsr",
    )
    add_config(networks, "weights for --config; not needed for timing")
    networks.add_argument(
        "--preset", default="released", help="the design of FCA² (default: %(default)s)"
    )
    networks.add_argument(
        "--training",
        action="store_true",
        help="time training steps (forward, backward, optimiser) instead",
    )
    networks.add_argument(
        "--stage",
        help="which parts are trained with --training: vsr (FCA² frozen), joint or finetune "
        "(default: chosen by the preset)",
    )
    networks.add_argument("--n-subs", type=int, help="number of channels in a group (Table VI)")
    networks.add_argument(
        "--n-ovls", type=int, help="number of channels that neighbouring groups share (Table VI)"
    )
    networks.add_argument("--num-passes", type=int, help="number of cleaning passes; 0 for none")
    networks.add_argument(
        "--tiny", action="store_true", help="use small networks, to try the command"
    )
    clip = parser.add_argument_group("clip and timing")
    clip.add_argument(
        "--frames", type=int, default=7, help="number of frames (default: %(default)s)"
    )
    clip.add_argument(
        "--size",
        default="180x144",
        metavar="WxH",
        help="width and height of the LQ frames (default: %(default)s)",
    )
    clip.add_argument(
        "--repeats", type=int, help="number of rounds (default: 5, or 3 if they are long)"
    )
    clip.add_argument(
        "--sweep",
        help="measure many points: vary 'frames' (10 to 200) or 'size' (64 to 224), as in Fig. "
        "10, or the size of 'groups'",
    )
    clip.add_argument("--no-memory", action="store_true", help="do not measure memory on a CPU")
    add_settings(parser)
    scripts = {"--data": "bash tools/groups_bound.sh JSON DATA"}
    add_moved(parser, scripts | {"--enhancer": "bash tools/enhancement_table.sh"})
    parser.add_argument("--json", type=Path, metavar="F", help="write all results to this file")
    parser.add_argument(
        "--plot", type=Path, metavar="DIR", help="write the plots of a sweep to this folder"
    )


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
        json_path=args.json,
        plot_dir=args.plot,
    )
    return 0
