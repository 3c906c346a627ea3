"""``fca2 benchmark``."""

import argparse
from pathlib import Path

from fca2_plugin.cli._settings import add_settings, read_settings

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "time a network alone and inside FCA², and count its memory and operations"
EXAMPLE = "fca2 benchmark --vsr basicvsr --preset fast --frames 7 --size 180x144"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    networks = parser.add_argument_group("networks")
    networks.add_argument(
        "--vsr",
        default="basicvsr",
        metavar="NAME",
        help="basicvsr, basicvsr-pp, ftvsr, edvr, stdf-basicvsr, ... (default: %(default)s)",
    )
    networks.add_argument(
        "--enhancer",
        nargs="*",
        metavar="NAME",
        help="enhancement networks instead: stdf-r3l rfda cf-stif tgafnet, those of TGAFNet's "
        "Table IV, by default; at its three sizes, or at --size",
    )
    networks.add_argument(
        "--host", default="mmagic", help="the host that builds it: mmagic or basicsr"
    )
    networks.add_argument("--config", help="take the network of an MMagic .py or a BasicSR .yml")
    networks.add_argument("--checkpoint", help="weights for --config; timing works without")
    networks.add_argument(
        "--preset", default="released", help="the design of FCA² (default: %(default)s)"
    )
    networks.add_argument(
        "--training", action="store_true", help="time training steps: forward, backward, optimiser"
    )
    networks.add_argument(
        "--stage",
        help="what learns with --training: vsr (FCA² frozen), joint or finetune (default: the "
        "preset's)",
    )
    networks.add_argument("--n-subs", type=int, help="channels in a group (Table VI)")
    networks.add_argument("--n-ovls", type=int, help="channels that groups share (Table VI)")
    networks.add_argument("--num-passes", type=int, help="cleaning passes, 0 for no cleaning")
    networks.add_argument("--tiny", action="store_true", help="small networks, to try the command")
    clip = parser.add_argument_group("clip and clock")
    clip.add_argument("--frames", type=int, help="number of frames (default: 7; 1 with --enhancer)")
    clip.add_argument(
        "--size",
        metavar="WxH",
        help="width and height of the LQ frames (default: 180x144)",
    )
    clip.add_argument(
        "--repeats", type=int, help="number of rounds (default: 5, or 3 if they are long)"
    )
    clip.add_argument(
        "--sweep",
        help="vary 'frames' (10 to 200) or 'size' (64 to 224), as in Fig. 10, or the size of "
        "'groups'",
    )
    clip.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="with --sweep groups: measure on this data set of `fca2 encode` the best PSNR that "
        "groups can reach, without training",
    )
    clip.add_argument("--no-memory", action="store_true", help="do not measure memory on a CPU")
    add_settings(parser)
    parser.add_argument("--json", type=Path, metavar="F", help="write everything to this file")
    parser.add_argument("--plot", type=Path, metavar="DIR", help="write a sweep's plots there")


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from fca2_plugin.apps import benchmark

    if args.enhancer is not None:
        if args.sweep or args.plot or args.data or args.config or args.training:
            raise ValueError(
                "--enhancer goes with none of --sweep, --plot, --data, --config, --training"
            )
        benchmark.enhancement_command(
            args.enhancer,
            {args.size: benchmark.parse_size(args.size)} if args.size else benchmark.CLASSES,
            1 if args.frames is None else args.frames,
            args.repeats,
            read_settings(args),
            json_path=args.json,
            console=Console(),
        )
        return 0
    if args.stage and not args.training:
        raise ValueError("--stage says what a training step trains; give --training with it")
    size = benchmark.parse_size(args.size or "180x144")
    frames = 7 if args.frames is None else args.frames
    setting = benchmark.Setting(frames, size, args.repeats, read_settings(args), args.training)
    choice = benchmark.Choice(
        vsr=args.vsr,
        host=args.host,
        preset=args.preset,
        n_subs=args.n_subs,
        n_ovls=args.n_ovls,
        num_passes=args.num_passes,
        tiny=args.tiny,
        **({"stage": args.stage} if args.stage else {}),
        config=args.config,
        checkpoint=args.checkpoint,
    )
    benchmark.benchmark_command(
        choice,
        setting,
        sweep=args.sweep,
        json_path=args.json,
        plot_dir=args.plot,
        data=args.data,
        peak_memory=not args.no_memory,
        console=Console(),
    )
    return 0
