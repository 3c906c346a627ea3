"""``fca2 quickstart``."""

import argparse

from fca2_plugin.cli._options import given

__all__ = ["DEFAULTS", "EXAMPLE", "HELP", "OPTIONS", "run"]

HELP = "train a small network alone and inside FCA², test both, and write a report"
EXAMPLE = "fca2 quickstart --video my.mp4 --work-dir work_dirs/quickstart"
OPTIONS = {
    "": {
        "--video FILE": "train and test on this video instead of generated clips",
        "--work-dir DIR": "folder for all files; give the same folder to resume (default: "
        "%(default)s)",
        "--budget X": "share of the usual iterations; less is faster, but gives worse results "
        "(default: 1.0)",
    }
}
DEFAULTS = {"work_dir": "work_dirs/quickstart"}


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.quickstart import run_quickstart

    run_quickstart(args.work_dir, **given(args, ("video", "budget")))
    return 0
