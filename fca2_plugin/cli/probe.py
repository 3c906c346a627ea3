"""``fca2 probe``."""

import argparse
import json

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "print the type, QP and bytes of each frame of a video"
EXAMPLE = "fca2 probe in.mp4"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a video file, or a raw H.264 or HEVC stream")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from fca2_plugin.apps.probe import probe_stream, render

    report = probe_stream(args.file)
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        render(report, Console())
    return 0
