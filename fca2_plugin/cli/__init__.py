"""The ``fca2`` command: one module for each verb, and nothing but the command line here.

A verb's module has ``HELP``, ``add_arguments(parser)`` and ``run(args) -> exit code``. It imports
its application when it runs, so that ``fca2 --help`` is quick.
"""

import argparse
import importlib
from collections.abc import Sequence

from fca2_plugin import __version__
from fca2_plugin._errors import run_command

__all__ = ["VERBS", "main"]

#: Names of the verbs and of their modules, in the order of the help text.
VERBS = (
    "doctor",
    "quickstart",
    "upscale",
    "serve",
    "encode",
    "convert",
    "evaluate",
    "report",
    "benchmark",
    "ablate",
    "export",
    "mfqe",
    "probe",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; 2 for wrong input."""
    parser = argparse.ArgumentParser(prog="fca2", description="FCA² video super-resolution.")
    parser.add_argument("--version", action="version", version=f"fca2_plugin {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name in VERBS:
        verb = importlib.import_module(f"{__name__}.{name}")
        sub = verbs.add_parser(name, help=verb.HELP, description=verb.HELP)
        verb.add_arguments(sub)
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
        sub.set_defaults(run=verb.run)
    args = parser.parse_args(argv)
    return run_command(lambda: args.run(args), args.debug)
