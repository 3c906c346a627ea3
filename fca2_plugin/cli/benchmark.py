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
        help="the network: basicvsr, basicvsr-pp, ftvsr, edvr, stdf-basicvsr, ... (default: "
        "%(default)s)",
    )
    networks.add_argument(
        "--enhancer",
        nargs="*",
        metavar="NAME",
        help="time enhancement networks instead (default: stdf-r3l rfda cf-stif tgafnet, as in "
        "TGAFNet's Table IV), at that table's three sizes or at --size",
    )
    networks.add_argument(
        "--host",
        default="mmagic",
        help="the host that builds the network: mmagic (default) or basicsr",
    )
    networks.add_argument(
        "--config", help="use the network of this config: MMagic's .py or BasicSR's .yml"
    )
    networks.add_argument("--checkpoint", help="weights for --config; not needed for timing")
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
        help="measure many points: vary 'frames' (10 to 200) or 'size' (64 to 224), as in Fig. "
        "10, or the size of 'groups'",
    )
    clip.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="with --sweep groups: also measure the best PSNR that groups can reach, without "
        "training, on this data set of `fca2 encode`",
    )
    clip.add_argument("--no-memory", action="store_true", help="do not measure memory on a CPU")
    add_settings(parser)
    parser.add_argument("--json", type=Path, metavar="F", help="write all results to this file")
    parser.add_argument(
        "--plot", type=Path, metavar="DIR", help="write the plots of a sweep to this folder"
    )


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from fca2_plugin.apps import benchmark

    if args.enhancer is not None:
        if args.sweep or args.plot or args.data or args.config or args.training:
            raise ValueError(
                "--enhancer cannot be combined with --sweep, --plot, --data, --config or --training"
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
        raise ValueError("--stage chooses what a training step trains; add --training")
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
