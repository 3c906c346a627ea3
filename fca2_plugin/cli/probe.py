"""``fca2 probe``."""

import argparse
from pathlib import Path

from fca2_plugin._files import check_writable, write_json

__all__ = ["EXAMPLE", "HELP", "OPTIONS", "run"]

HELP = "print the type, QP and bytes of each frame of a video"
EXAMPLE = "fca2 probe in.mp4"
OPTIONS = {
    "": {
        "file": "a video file, or a raw H.264 or HEVC stream",
        "--json FILE": "also write all results to FILE",
    }
}


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from fca2_plugin.apps.probe import probe_stream, render

    if args.json:
        check_writable(Path(args.json))
    report = probe_stream(args.file)
    render(report, Console())
    if args.json:
        write_json(Path(args.json), report)
    return 0
