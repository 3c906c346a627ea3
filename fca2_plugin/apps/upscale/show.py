"""What a person, or a program, sees of an upscale."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from fca2_plugin.apps.upscale.describe import describe
from fca2_plugin.apps.upscale.job import Job
from fca2_plugin.apps.upscale.result import Progress as State
from fca2_plugin.apps.upscale.result import UpscaleResult

__all__ = ["Bar", "JsonLines", "Quiet", "reporter"]

STAGES = {"scan": "looking", "upscale": "upscaling", "join": "joining"}


class Quiet:
    """Nothing, but a plan, which somebody asked for."""

    def __init__(self) -> None:
        self.console = Console()

    def progress(self, state: State) -> None:
        """Show where it stands."""

    def result(self, source: Path, result: UpscaleResult) -> None:
        """Show what was made."""

    def plan(self, job: Job) -> None:
        """Show what would be done."""
        table = Table(show_header=False, box=None, pad_edge=False)
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, value in describe(job).items():
            shown = value if isinstance(value, list) else [value]
            table.add_row(name, "\n".join(map(str, shown)) or "none")
        self.console.print(table)


class Bar(Quiet):
    """A bar with frames per second and the time left."""

    def __init__(self, bar: Progress) -> None:
        self.console = bar.console
        self.bar = bar
        self.tasks: dict[tuple[Path, str], TaskID] = {}

    def progress(self, state: State) -> None:
        key = state.source, state.stage
        if key not in self.tasks:
            for task in self.tasks.values():
                self.bar.remove_task(task)
            name = f"{STAGES[state.stage]} {state.source.name}"
            self.tasks = {key: self.bar.add_task(name, total=state.total, fps="")}
        fps = "" if state.fps is None else f"{state.fps:.2f} fps"
        self.bar.update(self.tasks[key], completed=state.done, total=state.total, fps=fps)

    def result(self, source: Path, result: UpscaleResult) -> None:
        for note in result.notes:
            self.console.print(f"note: {note}", soft_wrap=True)
        if result.num_frames:
            fps = (result.num_frames - result.resumed_frames) / max(result.seconds, 1e-9)
            self.console.print(
                f"{result.out}: {result.num_frames} frames of {result.width}x{result.height}, "
                f"{result.seconds:.1f} s, {fps:.2f} fps",
                soft_wrap=True,
            )


class JsonLines(Quiet):
    """One object a line on standard output, for programs."""

    def progress(self, state: State) -> None:
        _print("progress", asdict(state))

    def result(self, source: Path, result: UpscaleResult) -> None:
        _print("result", {"source": source, **asdict(result)})

    def plan(self, job: Job) -> None:
        _print("plan", describe(job))


def _print(event: str, content: dict) -> None:
    json.dump({"event": event, **content}, sys.stdout, default=str)
    sys.stdout.write("\n")
    sys.stdout.flush()


@contextmanager
def reporter(how: str) -> Iterator[Quiet]:
    """Show things as a ``bar``, as ``json`` or not at all (``quiet``).

    Of several processes only the first has a bar.
    """
    if how == "bar" and os.environ.get("RANK", "0") != "0":
        how = "quiet"
    if how != "bar":
        yield JsonLines() if how == "json" else Quiet()
        return
    console = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TextColumn("{task.fields[fps]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield Bar(bar)
