"""``fca2 quickstart``."""

import argparse

from fca2_plugin.cli._options import add_options

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "train a small network alone and inside FCA², test both, and write a report"
EXAMPLE = "fca2 quickstart --video my.mp4 --work-dir work_dirs/quickstart"
OPTIONS = {
    "--video FILE": "train and test on this video instead of generated clips",
    "--work-dir DIR": "folder for all files; give the same folder to resume (default: %(default)s)",
    "--budget X": "share of the usual iterations; less is faster, but gives worse results "
    "(default: %(default)s)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_options(parser, OPTIONS, work_dir="work_dirs/quickstart", budget=1.0)


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.quickstart import run_quickstart

    run_quickstart(args.work_dir, video=args.video, budget=args.budget)
    return 0
