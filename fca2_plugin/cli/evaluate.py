"""``fca2 evaluate``."""

import argparse
from inspect import signature

from fca2_plugin._progress import progress_bar
from fca2_plugin.cli._options import CONFIG, FCA2, SETTINGS, given, read_settings

__all__ = ["EXAMPLE", "HELP", "OLD", "OPTIONS", "run"]

HELP = "measure a network, finished results or bicubic against the ground truth"
EXAMPLE = "fca2 evaluate --data data/mine --weights small --json small.json"


# written out, because `fca2 --help` and `fca2 doctor` import nothing that could be missing
PROTOCOLS = ("cvsr-y", "rgb", "comisr", "comisr-rgb", "mfqe")
METRICS = ("psnr", "ssim", "tof", "warp", "lpips", "vmaf")
DEGRADATIONS = ("gaussian", "comisr", "bd", "duf", "bi", "area", "none")
OPTIONS = {
    "what to measure (choose one)": {
        "--sr PATH": "finished results: a folder or a video",
        **CONFIG,
        **FCA2,
        "--weights NAME": "a network that ships: large, small, small_fast, enhance_stdf, ...",
        "--method NAME": "a baseline: bicubic, or none (the LQ frames themselves, at scale 1)",
    },
    "what to compare it with": {
        "--gt PATH": "ground truth: a video, or a folder of frames, clip folders or videos; clips "
        "pair by name",
        "--lq PATH": "the input of a network or a baseline, in the same forms",
        "--data DIR": "a data set of `fca2 encode`, with all its conditions",
        "--split SPLIT": "which part of --data (default: the only one, or test)",
        "--conditions NAME ...": "use only these conditions of --data, such as raw crf15",
        "--degradation NAME": "how --lq was made, which decides the position of its pixels: "
        f"{', '.join(DEGRADATIONS)} (default: gaussian)",
        "--phase PHASE": "position of LQ pixels in the training of --checkpoint: centred in their "
        "blocks, as in ordinary video, or first (default: from checkpoint and config)",
    },
    "how": {
        "--protocol NAME": f"one of {', '.join(PROTOCOLS)} (default: cvsr-y)",
        "--metrics NAME ...": f"one or more of {', '.join(METRICS)}; PSNR and SSIM are always "
        "measured",
        "--lpips-weights FILE": "AlexNet's weights, for lpips",
        "--raft-weights FILE": "warp with RAFT instead of OpenCV's DIS",
        "--chunk N": "number of frames at once (default: whole clips)",
        "--context N": "how many of these frames, on each side, are only context (default: chosen "
        "for the network)",
        "--color-correction MODE": "use this colour correction in FCA² instead of the network's "
        "own: frame, lr_domain, mean, or none",
        "--jobs N": "number of processes (default: one for each core)",
    },
    "how the network runs": SETTINGS,
    "results": {
        "--json FILE": "write all results to FILE; if interrupted, run the same command again to "
        "resume",
        "--save DIR": "save the frames of the network or baseline",
        "--name NAME": "name of the method in the results (default: the name of the folder or "
        "config)",
        "--dataset NAME": "name of the data set in the results (default: the name of the folder)",
    },
}
OLD = {
    "--preset": "--weights",
    "--max-frames": "--chunk",
    "--overlap": "--context",
    "--workers": "--jobs",
}


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from fca2_plugin.apps.evaluate import evaluate
    from fca2_plugin.apps.scores import evaluation_table

    # options are called like the parameters that they become, but for these two
    names = [name for name in signature(evaluate).parameters if name in args]
    options = {**given(args, names), "floor": args.method, "json_path": args.json}
    options["jobs"] = args.jobs  # None is one for each core
    console = Console()
    with progress_bar(console) as progress:
        result = evaluate(**options, settings=read_settings(args), progress=progress)
    console.print(evaluation_table(result))
    for note in result["notes"]:
        console.print(f"note: {note}", soft_wrap=True)
    if args.json:
        console.print(f"written: {args.json}", soft_wrap=True)
    return 0
