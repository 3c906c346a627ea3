"""``fca2 mfqe``."""

import argparse

from fca2_plugin._progress import progress_bar
from fca2_plugin.cli._options import add_old, add_options

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "make an enhancement data set in the layout of MFQE 2.0, coded by x265 in place of HM"
EXAMPLE = "fca2 mfqe videos/ data/mfqe --qp 22 27 32 37 42"
OPTIONS = {
    "--split SPLIT": "the split, a folder below the root (default: %(default)s)",
    "--qp QP ...": "QPs of the I frame (default: the published 22 27 32 37 42)",
    "--clips NAME ...": "use only these videos",
    "--max-frames N": "use at most this many frames of each video",
    "--speed SPEED": "x265's speed (default: slower)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="a folder of raw or coded videos, or one video")
    about = "the folder of the data set; its <split>/raw may be the source itself"
    parser.add_argument("root", help=about)
    add_options(parser, OPTIONS, split="test")
    add_old(parser, {"--preset": "--speed"})


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from fca2_plugin.data.mfqe_build import PUBLISHED_QPS, build_mfqe

    with progress_bar(Console()) as progress:
        folder = build_mfqe(
            args.source,
            args.root,
            split=args.split,
            qps=args.qp or PUBLISHED_QPS,
            max_frames=args.max_frames,
            clips=args.clips,
            **({"preset": args.speed} if args.speed else {}),
            progress=progress,
        )
    print(f"{folder} is complete (coded by x265, not by HM)")
    return 0
