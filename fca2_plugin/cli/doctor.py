"""``fca2 doctor``."""

import argparse
import json
import shutil
from dataclasses import asdict

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "check which parts work in this environment, and print how to repair the others"
EXAMPLE = "fca2 doctor"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.doctor import examine, hosts_work, render

    findings = examine()
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        print(render(findings, shutil.get_terminal_size((100, 0)).columns))
    return 0 if hosts_work(findings) else 1
