"""The ``fca2`` command: one module for each verb, and nothing but the command line here.

A verb's module has ``HELP``, ``EXAMPLE``, ``add_arguments(parser)`` and ``run(args) -> exit code``.
It imports its application when it runs, so that ``fca2 --help`` is quick.
"""

import argparse
import importlib
import sys
import textwrap
from collections.abc import Sequence
from types import ModuleType

from fca2_plugin import __version__
from fca2_plugin._errors import run_command

__all__ = ["GROUPS", "VERBS", "main", "make_parser"]

#: The verbs, which are also the names of their modules, by what people want to do.
GROUPS = {
    "use": ("upscale", "serve", "doctor"),
    "train": ("quickstart", "encode", "mfqe"),
    "measure": ("evaluate", "benchmark", "report", "probe"),
    "convert": ("convert", "export"),
}
#: All verbs, in the order of the help text.
VERBS = tuple(verb for group in GROUPS.values() for verb in group)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; 2 for wrong input."""
    argv = sys.argv[1:] if argv is None else list(argv)
    parser = make_parser()
    if argv[:1] == ["ablate"]:
        parser.error("fca2 ablate has become a script: bash tools/ablate.sh")
    args = parser.parse_args(argv)
    return run_command(lambda: args.run(args), args.debug)


def make_parser() -> argparse.ArgumentParser:
    """The parser of ``fca2``, with one subparser for each verb."""
    modules = {verb: importlib.import_module(f"{__name__}.{verb}") for verb in VERBS}
    parser = argparse.ArgumentParser(
        prog="fca2",
        usage="fca2 COMMAND ...",
        description="FCA²: fast super-resolution of compressed video.",
        epilog=_overview(modules),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fca2_plugin {__version__}")
    # the epilog lists the commands by task, which argparse cannot
    verbs = parser.add_subparsers(
        dest="verb", metavar="COMMAND", required=True, prog="fca2", help=argparse.SUPPRESS
    )
    for verb, module in modules.items():
        sub = verbs.add_parser(
            verb,
            description=textwrap.fill(_sentence(module.HELP), 80),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(sub)
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
        sub.epilog = "\n\n".join(filter(None, [sub.epilog, f"example:\n  {module.EXAMPLE}"]))
        sub.set_defaults(run=module.run)
    return parser


def _overview(modules: dict[str, ModuleType]) -> str:
    lines = []
    for group, verbs in GROUPS.items():
        lines += [f"{group}:", *(_entry(verb, modules[verb].HELP) for verb in verbs), ""]
    return "\n".join([*lines, "`fca2 COMMAND --help` shows the options and an example."])


def _entry(verb: str, about: str) -> str:
    return textwrap.fill(about, 80, initial_indent=f"  {verb:12}", subsequent_indent=" " * 14)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
