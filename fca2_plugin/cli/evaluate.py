"""``fca2 evaluate``."""

import argparse
from inspect import signature

from fca2_plugin.cli._network import add_config, add_fca2
from fca2_plugin.cli._renamed import add_renamed
from fca2_plugin.cli._settings import add_settings, read_settings

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "measure a network, finished results or bicubic against the ground truth"
EXAMPLE = "fca2 evaluate --data data/mine --weights small --json small.json"


# written out, because `fca2 --help` and `fca2 doctor` import nothing that could be missing
PROTOCOLS = ("cvsr-y", "rgb", "comisr", "comisr-rgb", "mfqe")
METRICS = ("psnr", "ssim", "tof", "warp", "lpips", "vmaf")
DEGRADATIONS = ("gaussian", "comisr", "bd", "duf", "bi", "area", "none")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what to measure (choose one)")
    what.add_argument("--sr", metavar="PATH", help="finished results: a folder or a video")
    add_config(what)
    add_fca2(what)
    what.add_argument(
        "--weights",
        metavar="NAME",
        help="a network that ships: large, small, small_fast, enhance_stdf, ...",
    )
    what.add_argument(
        "--method",
        dest="floor",
        metavar="NAME",
        help="a baseline: bicubic, or none (the LQ frames themselves, at scale 1)",
    )

    against = parser.add_argument_group(
        "what to compare it with",
        "Folders hold frames, clip folders or videos; clips pair by name.",
    )
    against.add_argument("--gt", metavar="PATH", help="ground truth: a folder or a video")
    against.add_argument("--lq", metavar="PATH", help="the input of a network or a baseline")
    against.add_argument(
        "--data", metavar="DIR", help="a data set of `fca2 encode`, with all its conditions"
    )
    against.add_argument("--split", help="which part of --data (default: the only one, or test)")
    against.add_argument(
        "--conditions",
        nargs="+",
        metavar="NAME",
        help="use only these conditions of --data, such as raw crf15",
    )
    against.add_argument(
        "--degradation",
        default="gaussian",
        help="how --lq was made, which decides the position of its pixels: "
        f"{', '.join(DEGRADATIONS)} (default: %(default)s)",
    )
    against.add_argument(
        "--phase",
        help="position of LQ pixels in the training of --checkpoint: centred in their blocks, as "
        "in ordinary video, or first (default: from checkpoint and config)",
    )

    how = parser.add_argument_group("how")
    how.add_argument(
        "--protocol",
        default="cvsr-y",
        help=f"one of {', '.join(PROTOCOLS)} (default: %(default)s)",
    )
    how.add_argument(
        "--metrics",
        nargs="+",
        default=["psnr", "ssim"],
        metavar="NAME",
        help=f"one or more of {', '.join(METRICS)}; PSNR and SSIM are always measured",
    )
    how.add_argument("--lpips-weights", metavar="FILE", help="AlexNet's weights, for lpips")
    how.add_argument(
        "--raft-weights", metavar="FILE", help="warp with RAFT instead of OpenCV's DIS"
    )
    how.add_argument(
        "--chunk", type=int, metavar="N", help="number of frames at once (default: whole clips)"
    )
    how.add_argument(
        "--context",
        type=int,
        metavar="N",
        help="how many of these frames, on each side, are only context (default: chosen for the "
        "network)",
    )
    how.add_argument(
        "--color-correction",
        metavar="MODE",
        help="use this colour correction in FCA² instead of the network's own: frame, lr_domain, "
        "mean, or none",
    )
    how.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="number of processes (default: one for each core)",
    )

    add_settings(parser)
    renamed = {"--preset": "--weights", "--max-frames": "--chunk", "--overlap": "--context"}
    renamed["--workers"] = "--jobs"
    add_renamed(parser, renamed)
    out = parser.add_argument_group("results")
    out.add_argument(
        "--json",
        dest="json_path",
        metavar="FILE",
        help="write all results to FILE; if interrupted, run the same command again to resume",
    )
    out.add_argument("--save", metavar="DIR", help="save the frames of the network or baseline")
    out.add_argument(
        "--name",
        help="name of the method in the results (default: the name of the folder or config)",
    )
    out.add_argument(
        "--dataset", help="name of the data set in the results (default: the name of the folder)"
    )


def run(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from fca2_plugin.apps.evaluate import evaluate
    from fca2_plugin.apps.scores import evaluation_table

    # options are called like the parameters that they become
    options = {key: vars(args)[key] for key in signature(evaluate).parameters if key in vars(args)}
    console = Console()
    columns = TextColumn("{task.completed}/{task.total} frames"), TimeRemainingColumn()
    with Progress(
        BarColumn(), *columns, TextColumn("{task.description}"), console=console, transient=True
    ) as bar:
        task = bar.add_task("", total=None)
        result = evaluate(
            **options,
            settings=read_settings(args),
            progress=lambda done, total, clip: bar.update(
                task, completed=done, total=total, description=clip
            ),
        )
    console.print(evaluation_table(result))
    for note in result["notes"]:
        console.print(f"note: {note}", soft_wrap=True)
    if args.json_path:
        console.print(f"written: {args.json_path}", soft_wrap=True)
    return 0
