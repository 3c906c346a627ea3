"""The report's tables as Markdown."""

import html
import re

from fca2_plugin.apps.report.tables import Cell, Line, TableView

__all__ = ["table"]

MARKS = {"printed": " *(printed)*", "ours": " **(measured)**", "": ""}


def table(view: TableView) -> str:
    """A table under its title, its notes below it."""
    heads = [_escaped(head) for head in ("", *view.heads)]
    rule = ["---", *["---:"] * len(view.heads)]
    rows = [_row(heads), _row(rule), *map(_line, view.lines)]
    return "\n\n".join([f"### {_escaped(view.title)}", "\n".join(rows), *map(_plain, view.notes)])


def _line(line: Line) -> str:
    return _row([_escaped(line.head) + MARKS[line.kind], *map(_cell, line.cells)])


def _cell(cell: Cell) -> str:
    text = f"**{_escaped(cell.text)}**" if cell.best else _escaped(cell.text)
    return f"{text} ({_escaped(cell.note)})" if cell.note else text


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """A sentence of ours, with names in it that are not HTML."""
    return html.escape(text, quote=False)


def _escaped(text: str) -> str:
    """Nothing in a name is taken for HTML, a link or another cell."""
    text = html.escape(" ".join(text.split("\n")), quote=False)
    return re.sub(r"([|\[\]`])", r"\\\1", text)
