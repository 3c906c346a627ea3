"""``fca2 quickstart``."""

import argparse

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "train a small network alone and inside FCA², test both, and write a report"
EXAMPLE = "fca2 quickstart --video my.mp4 --work-dir work_dirs/quickstart"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--video", help="train and test on this video instead of generated clips")
    parser.add_argument(
        "--work-dir",
        default="work_dirs/quickstart",
        help="folder for all files; give the same folder to resume (default: %(default)s)",
    )
    parser.add_argument(
        "--budget",
        type=float,
        default=1.0,
        help="share of the usual iterations; less is faster, but gives worse results (default: "
        "%(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.quickstart import run_quickstart

    run_quickstart(args.work_dir, video=args.video, budget=args.budget)
    return 0
