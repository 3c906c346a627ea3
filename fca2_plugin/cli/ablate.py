"""``fca2 ablate``."""

import argparse

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "train the paper's ablations (Tables III to VII) at a small scale, over several seeds"
EXAMPLE = "fca2 ablate --tables III --seeds 2 --out work_dirs/ablations"


def add_arguments(parser: argparse.ArgumentParser) -> None:
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


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.ablations import run_ablations

    run_ablations(args.out, args.tables, args.seeds, args.budget, args.data)
    return 0
