"""Directives that write the reference from the code, and equations without JavaScript.

``.. command:: fca2 upscale`` prints a command's help. ``.. entries:: fca2_plugin.nets`` documents
what a package offers: the names below it, or all of its ``__all__``. Equations become MathML, which
browsers draw by themselves, so that the built pages load nothing from another server.
"""

import argparse
import importlib
import inspect
import os
from collections.abc import Sequence
from types import FunctionType

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from docutils.utils.math import latex2mathml
from sphinx.application import Sphinx
from sphinx.util.nodes import nested_parse_with_titles

from fca2_plugin.cli import VERBS, make_parser

COLUMNS = "88"  # width of the help texts
CALLABLE = (type, FunctionType)


class Command(Directive):
    """The help text of ``fca2`` or of one of its commands."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        os.environ["COLUMNS"] = COLUMNS
        parser = make_parser()
        if len(self.arguments) == 2:
            parser = find_command(parser, self.arguments[1])
        text = parser.format_help()
        return [nodes.literal_block(text, text, language="text")]


class Commands(Directive):
    """A section for every command, with its help text."""

    def run(self) -> list[nodes.Node]:
        return parse(self, [line for verb in VERBS for line in section(verb)])


class Entries(Directive):
    """The documentation of what a package offers."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        package = self.arguments[0]
        names = public_entries(package, " ".join(self.content).split())
        return parse(self, [line for name in names for line in entry(f"{package}.{name}")])


def find_command(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    """The parser of one command."""
    actions = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    return next(actions).choices[name]


def section(verb: str) -> list[str]:
    title = f"fca2 {verb}"
    return [title, "-" * len(title), "", f".. command:: fca2 {verb}", ""]


def public_entries(package: str, names: Sequence[str] = ()) -> list[str]:
    """The functions and classes among ``names``, or in the package's ``__all__``."""
    offered = names or importlib.import_module(package).__all__
    return [name for name in offered if isinstance(find(f"{package}.{name}"), CALLABLE)]


def find(path: str) -> object:
    """A class or function by its dotted path, without what wraps it."""
    module, _, name = path.rpartition(".")
    return inspect.unwrap(getattr(importlib.import_module(module), name))


def entry(path: str) -> list[str]:
    kind = "class" if inspect.isclass(find(path)) else "function"
    return [f".. auto{kind}:: {path}", ""]


def parse(directive: Directive, lines: list[str]) -> list[nodes.Node]:
    """Parse reStructuredText with sections where the directive stands."""
    parent = nodes.section()
    parent.document = directive.state.document
    nested_parse_with_titles(directive.state, StringList(lines, source="generated"), parent)
    return parent.children


def visit_math(self: object, node: nodes.math) -> None:
    self.body.append(latex2mathml.tex2mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def visit_math_block(self: object, node: nodes.math_block) -> None:
    self.body.append(f'<div class="math">{latex2mathml.tex2mathml(node.astext(), as_block=True)}')
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("command", Command)
    app.add_directive("commands", Commands)
    app.add_directive("entries", Entries)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
