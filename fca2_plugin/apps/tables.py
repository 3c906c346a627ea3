"""A table as rows of formatted cells; the page, the Markdown and the terminal show the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table
from rich.text import Text

__all__ = [
    "NONE",
    "Cell",
    "Line",
    "TableView",
    "by_method",
    "mark_best",
    "mib_text",
    "terminal_table",
    "text_line",
]

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


def text_line(head: str, *texts: str) -> Line:
    """A row of plain cells."""
    return Line(head, tuple(map(Cell, texts)))


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


def terminal_table(view: TableView) -> Table:
    """The table for a terminal, its notes below it."""
    table = Table(
        title=Text(view.title),
        title_justify="left",
        caption=Text("\n".join(view.notes)) if view.notes else None,
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    table.add_column(view.first_head, overflow="fold")
    for index, head in enumerate(view.heads):
        is_number = not any(" " in line.cells[index].text for line in view.lines)
        # where there is no room, texts are wrapped and numbers stay whole
        table.add_column(
            head.replace(" ", "\n"), justify="right", no_wrap=is_number, overflow="fold"
        )
    for line in view.lines:
        cells = (Text(cell.text, style="bold" if cell.best else "") for cell in line.cells)
        table.add_row(Text(line.head), *cells)
    return table
