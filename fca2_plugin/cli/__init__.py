"""The ``fca2`` command: one module for each verb, and nothing but the command line here.

A verb's module has ``HELP``, ``EXAMPLE``, ``OPTIONS`` (what its arguments do, in tables by the
title of their group) and ``run(args) -> exit code``; where needed, ``DEFAULTS``, the flags that are
``REQUIRED``, what took the place of ``OLD`` ones, and an ``EPILOG``. It imports its application
when it runs, so that ``fca2 --help`` is quick.
"""

import argparse
import importlib
import sys
import textwrap
from collections.abc import Sequence
from types import ModuleType

from fca2_plugin import __version__
from fca2_plugin._errors import run_command
from fca2_plugin.cli._options import add_old, add_options

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
        _add_arguments(sub, module)
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
        sub.set_defaults(run=module.run)
    return parser


def _add_arguments(parser: argparse.ArgumentParser, module: ModuleType) -> None:
    has = vars(module)
    for title, table in module.OPTIONS.items():
        group = parser.add_argument_group(title) if title else parser
        add_options(group, table, has.get("REQUIRED", ()))
    add_old(parser, has.get("OLD", {}))
    parser.set_defaults(**has.get("DEFAULTS", {}))
    example = f"example:\n  {module.EXAMPLE}"
    parser.epilog = "\n\n".join(filter(None, [has.get("EPILOG"), example]))


def _overview(modules: dict[str, ModuleType]) -> str:
    lines = []
    for group, verbs in GROUPS.items():
        lines += [f"{group}:", *(_entry(verb, modules[verb].HELP) for verb in verbs), ""]
    return "\n".join([*lines, "`fca2 COMMAND --help` shows the options and an example."])


def _entry(verb: str, about: str) -> str:
    return textwrap.fill(about, 80, initial_indent=f"  {verb:12}", subsequent_indent=" " * 14)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
