"""``fca2 report``."""

import argparse
from pathlib import Path

from fca2_plugin.cli._options import add_options

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "put results beside the papers' tables in one HTML page, with plots and pictures"
EXAMPLE = "fca2 report --results bicubic.json small.json --out report"
OPTIONS = {"--all-tables": "also show the papers' tables for which there are no results"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    about = "JSON files written by `fca2 evaluate`, `fca2 benchmark` or the quickstart"
    parser.add_argument(
        "--results", type=Path, nargs="+", required=True, metavar="FILE", help=about
    )
    about = "the folder for report.html and report.md"
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=about)
    add_options(parser, OPTIONS)


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from fca2_plugin.apps.report import write_results

    for path in write_results(args.results, args.out, all_tables=args.all_tables):
        Console().print(f"written: {path}")
    return 0
