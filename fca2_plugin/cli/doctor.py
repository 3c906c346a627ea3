"""``fca2 doctor``."""

import argparse
import shutil
from dataclasses import asdict
from pathlib import Path

from fca2_plugin._files import check_writable, write_json

__all__ = ["EXAMPLE", "HELP", "OPTIONS", "run"]

HELP = "check which parts work in this environment, and print how to repair the others"
EXAMPLE = "fca2 doctor"
OPTIONS = {"": {"--json FILE": "also write all results to FILE"}}


def run(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.doctor import examine, hosts_work, render

    if args.json:
        check_writable(Path(args.json))
    findings = examine()
    print(render(findings, shutil.get_terminal_size((100, 0)).columns))
    if args.json:
        write_json(Path(args.json), [asdict(finding) for finding in findings])
    return 0 if hosts_work(findings) else 1
