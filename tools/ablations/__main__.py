"""The command of ``ablate.sh``."""

import argparse
import sys
from collections.abc import Sequence

from fca2_plugin._errors import run_command

from .run import run_ablations

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Train the ablations and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="ablate.sh",
        description="Train the paper's ablations (Tables III to VII) at a small scale.",
    )
    parser.add_argument(
        "--out",
        default="work_dirs/ablations",
        metavar="DIR",
        help="folder for results.json, results.md and the training runs; give the same folder to "
        "resume (default: %(default)s)",
    )
    parser.add_argument(
        "--tables", nargs="+", metavar="T", help="which tables: III IV V VI VII (default: all)"
    )
    parser.add_argument(
        "--seeds", type=int, default=3, metavar="N", help="number of seeds (default: %(default)s)"
    )
    parser.add_argument(
        "--budget",
        type=float,
        default=1.0,
        help="share of the usual iterations; less is faster, but decides less (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--data",
        metavar="DIR",
        help="use a data set of `fca2 encode` with train and val instead of clips made from "
        "photographs",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    args = vars(parser.parse_args(argv))
    debug = args.pop("debug")

    def run() -> int:
        run_ablations(**args)
        return 0

    return run_command(run, debug)


if __name__ == "__main__":
    sys.exit(main())
