"""The bar that a long command shows."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["progress_bar"]


@contextlib.contextmanager
def progress_bar(
    console: "Console | None" = None,
) -> Iterator[Callable[[float, float, str], None]]:
    """Show a bar with the time left, and yield what moves it: ``move(done, total, text)``."""
    from rich.progress import Progress  # the doctor works where rich is missing

    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def move(done: float, total: float, text: str) -> None:
            bar.update(task, completed=done, total=total, description=text)

        yield move
