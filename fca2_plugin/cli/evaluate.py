"""``fca2 evaluate``."""

import argparse
from inspect import signature

from fca2_plugin._progress import progress_bar
from fca2_plugin.cli._options import (
    add_config,
    add_fca2,
    add_old,
    add_options,
    add_settings,
    read_settings,
)

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "measure a network, finished results or bicubic against the ground truth"
EXAMPLE = "fca2 evaluate --data data/mine --weights small --json small.json"


# written out, because `fca2 --help` and `fca2 doctor` import nothing that could be missing
PROTOCOLS = ("cvsr-y", "rgb", "comisr", "comisr-rgb", "mfqe")
METRICS = ("psnr", "ssim", "tof", "warp", "lpips", "vmaf")
DEGRADATIONS = ("gaussian", "comisr", "bd", "duf", "bi", "area", "none")
METHOD = {
    "--weights NAME": "a network that ships: large, small, small_fast, enhance_stdf, ...",
    "--method NAME": "a baseline: bicubic, or none (the LQ frames themselves, at scale 1)",
}
AGAINST = {
    "--gt PATH": "ground truth: a folder or a video",
    "--lq PATH": "the input of a network or a baseline",
    "--data DIR": "a data set of `fca2 encode`, with all its conditions",
    "--split SPLIT": "which part of --data (default: the only one, or test)",
    "--conditions NAME ...": "use only these conditions of --data, such as raw crf15",
    "--degradation DEGRADATION": "how --lq was made, which decides the position of its pixels: "
    f"{', '.join(DEGRADATIONS)} (default: %(default)s)",
    "--phase PHASE": "position of LQ pixels in the training of --checkpoint: centred in their "
    "blocks, as in ordinary video, or first (default: from checkpoint and config)",
}
HOW = {
    "--protocol PROTOCOL": f"one of {', '.join(PROTOCOLS)} (default: %(default)s)",
    "--metrics NAME ...": f"one or more of {', '.join(METRICS)}; PSNR and SSIM are always measured",
    "--lpips-weights FILE": "AlexNet's weights, for lpips",
    "--raft-weights FILE": "warp with RAFT instead of OpenCV's DIS",
    "--chunk N": "number of frames at once (default: whole clips)",
    "--context N": "how many of these frames, on each side, are only context (default: chosen for "
    "the network)",
    "--color-correction MODE": "use this colour correction in FCA² instead of the network's own: "
    "frame, lr_domain, mean, or none",
    "--jobs N": "number of processes (default: one for each core)",
}
RESULTS = {
    "--json FILE": "write all results to FILE; if interrupted, run the same command again to "
    "resume",
    "--save DIR": "save the frames of the network or baseline",
    "--name NAME": "name of the method in the results (default: the name of the folder or config)",
    "--dataset DATASET": "name of the data set in the results (default: the name of the folder)",
}
OLD = {
    "--preset": "--weights",
    "--max-frames": "--chunk",
    "--overlap": "--context",
    "--workers": "--jobs",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what to measure (choose one)")
    add_options(what, {"--sr PATH": "finished results: a folder or a video"})
    add_config(what)
    add_fca2(what)
    add_options(what, METHOD)
    about = "Folders hold frames, clip folders or videos; clips pair by name."
    against = parser.add_argument_group("what to compare it with", about)
    add_options(against, AGAINST, degradation="gaussian")
    how = parser.add_argument_group("how")
    add_options(how, HOW, protocol="cvsr-y", metrics=["psnr", "ssim"])
    add_settings(parser)
    add_options(parser.add_argument_group("results"), RESULTS)
    add_old(parser, OLD)


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from fca2_plugin.apps.evaluate import evaluate
    from fca2_plugin.apps.scores import evaluation_table

    # options are called like the parameters that they become, but for these two
    given = {**vars(args), "floor": args.method, "json_path": args.json}
    options = {key: given[key] for key in signature(evaluate).parameters if key in given}
    console = Console()
    with progress_bar(console) as progress:
        result = evaluate(**options, settings=read_settings(args), progress=progress)
    console.print(evaluation_table(result))
    for note in result["notes"]:
        console.print(f"note: {note}", soft_wrap=True)
    if args.json:
        console.print(f"written: {args.json}", soft_wrap=True)
    return 0
