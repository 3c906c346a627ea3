"""A table as rows of formatted cells; the page, the Markdown and the terminal show the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["NONE", "Cell", "Line", "TableView", "mark_best", "mib_text"]

NONE = "–"


@dataclass(frozen=True)
class Cell:
    """A formatted value.

    Args:
        text: The value.
        best: It is the best of its column.
        note: Said beside it in small print.
    """

    text: str
    best: bool = False
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A row; ``kind`` is ``printed`` (by a paper), ``ours`` (measured) or nothing."""

    head: str
    cells: tuple[Cell, ...]
    kind: str = ""


@dataclass(frozen=True)
class TableView:
    """A table with its title and what is said below it."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


def mark_best(texts: Mapping[str, str], goodness: Sequence[float]) -> dict[str, Cell]:
    """Mark what reads like the best value; nothing where all read the same."""
    best = texts[max(zip(goodness, texts, strict=True))[1]]
    chosen = len(set(texts.values())) > 1
    return {name: Cell(text, chosen and text == best) for name, text in texts.items()}


def mib_text(value: float | None) -> str:
    """Whole MiB, where they were measured."""
    return NONE if value is None else f"{value:,.0f}"
