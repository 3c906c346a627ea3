"""A table as rows of formatted cells; the page, the Markdown and the terminal show the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["NONE", "Cell", "Line", "TableView", "by_method", "mark_best", "mib_text"]

NONE = "–"


@dataclass(frozen=True)
class Cell:
    """A formatted value; ``best`` of its column is bold, and the note is said in small print."""

    text: str
    best: bool = False
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A row; ``kind`` is ``printed`` (by a paper), ``measured`` (by us) or nothing."""

    head: str
    cells: tuple[Cell, ...]
    kind: str = ""


@dataclass(frozen=True)
class TableView:
    """A table with its title, what is said below it, and the head of its first column."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    first_head: str = "method"


def mark_best(values: Mapping[str, tuple[str, float]]) -> dict[str, Cell]:
    """Mark what reads like the best value, of texts and how good they are; nothing if all do."""
    best, _ = max(values.values(), key=lambda value: value[1])
    chosen = len({text for text, _ in values.values()}) > 1
    return {name: Cell(text, chosen and text == best) for name, (text, _) in values.items()}


def mib_text(value: float | None) -> str:
    """Whole MiB, where they were measured."""
    return NONE if value is None else f"{value:,.0f}"


def by_method(
    title: str,
    methods: Sequence[str],
    columns: Sequence[tuple[str, Mapping[str, Cell]]],
    note: str,
) -> TableView:
    """A row per method of columns that hold cells by method."""
    lines = tuple(
        Line(name, tuple(cells.get(name, Cell(NONE)) for _, cells in columns)) for name in methods
    )
    return TableView(title, tuple(head for head, _ in columns), lines, (note,))
