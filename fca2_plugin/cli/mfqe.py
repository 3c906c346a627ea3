"""``fca2 mfqe``."""

import argparse

from fca2_plugin.cli._renamed import add_renamed
from fca2_plugin.cli.encode import progress_bar

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "make an enhancement data set in the layout of MFQE 2.0, coded by x265 in place of HM"
EXAMPLE = "fca2 mfqe videos/ data/mfqe --qp 22 27 32 37 42"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="a folder of raw or coded videos, or one video")
    parser.add_argument(
        "root", help="the folder of the data set; its <split>/raw may be the source itself"
    )
    parser.add_argument(
        "--split", default="test", help="the split, a folder below the root (default: %(default)s)"
    )
    parser.add_argument(
        "--qp",
        type=int,
        nargs="+",
        help="QPs of the I frame (default: the published 22 27 32 37 42)",
    )
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="use only these videos")
    parser.add_argument("--max-frames", type=int, help="use at most this many frames of each video")
    parser.add_argument("--speed", help="x265's speed (default: slower)")
    add_renamed(parser, {"--preset": "--speed"})


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
