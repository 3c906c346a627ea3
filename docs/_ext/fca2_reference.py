"""Two directives that write the reference from the code, and equations without JavaScript.

``.. command:: fca2 upscale`` prints a command's help. ``.. modules:: fca2_plugin.nets`` documents
the modules of a package that have an ``__all__``. Equations become MathML, which browsers draw by
themselves, so that the built pages load nothing from another server.
"""

import argparse
import importlib
import os
import pkgutil

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from docutils.utils.math import latex2mathml
from sphinx.application import Sphinx
from sphinx.util.nodes import nested_parse_with_titles

from fca2_plugin.cli import VERBS, make_parser

COLUMNS = "88"  # width of the help texts


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


class Modules(Directive):
    """A section for every module of a package."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        names = documented(self.arguments[0])
        return parse(self, [line for name in names for line in module_section(name)])


def find_command(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    """The parser of one command."""
    actions = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    return next(actions).choices[name]


def section(verb: str) -> list[str]:
    title = f"fca2 {verb}"
    return [title, "-" * len(title), "", f".. command:: fca2 {verb}", ""]


def module_section(name: str) -> list[str]:
    return [name, "-" * len(name), "", f".. automodule:: {name}", ""]


def documented(package: str) -> list[str]:
    """The package's public modules that say what they offer, in alphabetical order."""
    root = importlib.import_module(package)
    path = getattr(root, "__path__", None)
    found = [package] if path is None else []
    for module in pkgutil.iter_modules(path or (), f"{package}."):
        if not module.name.rpartition(".")[2].startswith("_"):
            names = getattr(importlib.import_module(module.name), "__all__", ())
            found += [module.name] if names else []
    return found


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
    app.add_directive("modules", Modules)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
