"""``fca2 report``."""

import argparse
from pathlib import Path

__all__ = ["EXAMPLE", "HELP", "OPTIONS", "REQUIRED", "run"]

HELP = "put results beside the papers' tables in one HTML page, with plots and pictures"
EXAMPLE = "fca2 report --results bicubic.json small.json --out report"
OPTIONS = {
    "": {
        "--results FILE ...": "JSON files written by `fca2 evaluate`, `fca2 benchmark` or the "
        "quickstart",
        "--out DIR": "the folder for report.html and report.md",
        "--all-tables": "also show the papers' tables for which there are no results",
    }
}
REQUIRED = ("--results", "--out")


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from fca2_plugin.apps.report import write_results

    results = [Path(path) for path in args.results]
    for path in write_results(results, Path(args.out), all_tables=args.all_tables):
        Console().print(f"written: {path}")
    return 0
