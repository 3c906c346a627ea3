"""``fca2 mfqe``."""

import argparse

from fca2_plugin._progress import progress_bar
from fca2_plugin.cli._options import given

__all__ = ["EXAMPLE", "HELP", "OLD", "OPTIONS", "run"]

HELP = "make an enhancement data set in the layout of MFQE 2.0, coded by x265 in place of HM"
EXAMPLE = "fca2 mfqe videos/ data/mfqe --qp 22 27 32 37 42"
OPTIONS = {
    "": {
        "source": "a folder of raw or coded videos, or one video",
        "root": "the folder of the data set; its <split>/raw may be the source itself",
        "--split SPLIT": "the split, a folder below the root (default: test)",
        "--qp QP ...": "QPs of the I frame (default: the published 22 27 32 37 42)",
        "--clips NAME ...": "use only these videos",
        "--max-frames N": "use at most this many frames of each video",
        "--speed SPEED": "x265's speed (default: slower)",
    }
}
OLD = {"--preset": "--speed"}


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from fca2_plugin.data.mfqe_build import build_mfqe

    # options are called like the parameters that they become, but for these two
    args.qps, args.preset = args.qp, args.speed
    settings = given(args, ("split", "qps", "max_frames", "preset", "clips"))
    with progress_bar(Console()) as progress:
        folder = build_mfqe(args.source, args.root, **settings, progress=progress)
    print(f"{folder} is complete (coded by x265, not by HM)")
    return 0
