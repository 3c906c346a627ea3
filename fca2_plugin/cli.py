"""The ``fca2`` command: one verb for each application, and nothing but the command line here."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from fca2_plugin import __version__
from fca2_plugin._errors import run_command

__all__ = ["main"]


class Verb(NamedTuple):
    """One subcommand: its help line, its arguments, and what it does."""

    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _doctor(args: argparse.Namespace) -> int:
    import json
    from dataclasses import asdict

    from rich.console import Console

    from fca2_plugin.apps.doctor import examine, hosts_work, render

    findings = examine()
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        render(findings, Console())
    return 0 if hosts_work(findings) else 1


def _quickstart_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--video", help="train and test on this video instead of made clips")
    parser.add_argument(
        "--work-dir",
        default="work_dirs/quickstart",
        help="where everything goes; the same folder resumes (default: %(default)s)",
    )
    parser.add_argument(
        "--budget",
        type=float,
        default=1.0,
        help="share of the usual iterations: less is faster and worse (default: %(default)s)",
    )


def _quickstart(args: argparse.Namespace) -> int:
    from fca2_plugin.apps.quickstart import run_quickstart

    run_quickstart(args.work_dir, video=args.video, budget=args.budget)
    return 0


# Verbs import their application when they run, so that `fca2 --help` is quick.
VERBS: dict[str, Verb] = {
    "doctor": Verb("say what works here and how to mend the rest", _doctor_arguments, _doctor),
    "quickstart": Verb(
        "train, test and compare baseline and wrapped on a small scale",
        _quickstart_arguments,
        _quickstart,
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; 2 for wrong input."""
    parser = argparse.ArgumentParser(prog="fca2", description="FCA² video super-resolution.")
    parser.add_argument("--version", action="version", version=f"fca2_plugin {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, verb in VERBS.items():
        sub = verbs.add_parser(name, help=verb.help, description=verb.help)
        verb.add_arguments(sub)
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
        sub.set_defaults(run=verb.run)
    args = parser.parse_args(argv)
    return run_command(lambda: args.run(args), args.debug)


if __name__ == "__main__":
    sys.exit(main())
