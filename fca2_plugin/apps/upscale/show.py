"""What a person, or a program, sees of an upscale."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from fca2_plugin.apps.upscale.describe import describe
from fca2_plugin.apps.upscale.job import Job
from fca2_plugin.apps.upscale.result import Progress as State
from fca2_plugin.apps.upscale.result import UpscaleResult

__all__ = ["Bar", "Both", "JsonLines", "Lines", "Quiet", "reporter"]

LINE_SECONDS = 30.0  # between two lines of a log
STAGES = {"scan": "looking", "upscale": "upscaling", "join": "joining"}


class Quiet:
    """Nothing but failures, and a plan, which somebody asked for."""

    def __init__(self) -> None:
        self.console = Console()

    def progress(self, state: State) -> None:
        """Show where it stands."""

    def result(self, source: Path, result: UpscaleResult) -> None:
        """Show what was made."""

    def failure(self, source: Path, reason: str) -> None:
        """Show that one of several videos could not be upscaled."""
        print(f"{source}: failed: {reason}", file=sys.stderr)

    def waiting(self, source: Path) -> None:
        """Show that another process has one of several videos."""

    def summary(self, total: int, failures: Mapping[Path, str]) -> None:
        """Show, at the end of several videos, what became of them."""
        if failures:
            print("\n".join(_summed_up(total, failures)), file=sys.stderr)

    def plan(self, job: Job) -> None:
        """Show what would be done."""
        table = Table(show_header=False, box=None, pad_edge=False)
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, value in describe(job).items():
            shown = value if isinstance(value, list) else [value]
            table.add_row(name, "\n".join(map(str, shown)) or "none")
        self.console.print(table)


class Lines(Quiet):
    """A plain line now and then, for a log.

    Args:
        write: Takes a line.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self.write = write
        self._told: tuple[Path | None, str] = (None, "")
        self._next = 0.0

    def progress(self, state: State) -> None:
        now = time.monotonic()
        if (state.source, state.stage) == self._told and now < self._next:
            return
        self._told, self._next = (state.source, state.stage), now + LINE_SECONDS
        self.write(_where(state))

    def result(self, source: Path, result: UpscaleResult) -> None:
        for line in _made(result):
            self.write(line)

    def failure(self, source: Path, reason: str) -> None:
        self.write(f"{source}: failed: {reason}")

    def waiting(self, source: Path) -> None:
        self.write(f"{source}: another process is working on it")

    def summary(self, total: int, failures: Mapping[Path, str]) -> None:
        for line in _summed_up(total, failures):
            self.write(line)


class Bar(Lines):
    """A bar with frames per second and the time left."""

    def __init__(self, bar: Progress) -> None:
        super().__init__(lambda line: bar.console.print(line, soft_wrap=True, highlight=False))
        self.console = bar.console
        self.bar = bar
        self.tasks: dict[tuple[Path, str], TaskID] = {}

    def progress(self, state: State) -> None:
        key = state.source, state.stage
        if key not in self.tasks:
            for task in self.tasks.values():
                self.bar.remove_task(task)
            name = f"{STAGES[state.stage]} {state.source.name}"
            self.tasks = {key: self.bar.add_task(name, total=state.total, fps="", frames="")}
        fps = "" if state.fps is None else f"{state.fps:.2f} fps"
        if state.seconds_left is not None:
            fps += f", {_clock_time(state.seconds_left)} left"
        frames = f"{state.done}/{'?' if state.total is None else state.total}"
        done = state.done if state.share is None else state.share * (state.total or 0)
        self.bar.update(self.tasks[key], completed=done, total=state.total, fps=fps, frames=frames)


class Both(Quiet):
    """Two at once, as a bar and a log."""

    def __init__(self, *parts: Quiet) -> None:
        super().__init__()
        for name in ("progress", "result", "failure", "waiting", "summary"):
            setattr(self, name, _to_all([getattr(part, name) for part in parts]))
        vars(self)["plan"] = parts[0].plan


def _to_all(methods: Sequence[Callable[..., None]]) -> Callable[..., None]:
    def call(*arguments: object) -> None:
        for method in methods:
            method(*arguments)

    return call


def _where(state: State) -> str:
    total = "" if state.total is None else f" of {state.total}"
    words = [f"{state.source.name}: {STAGES[state.stage]}, {state.done}{total} frames"]
    if state.share is not None:
        words.append(f"{100 * state.share:.1f} %")
    if state.fps:
        words.append(f"{state.fps:.2f} fps")
    if state.seconds_left is not None:
        words.append(f"{_clock_time(state.seconds_left)} left")
    return ", ".join(words)


def _made(result: UpscaleResult) -> list[str]:
    lines = [f"note: {note}" for note in result.notes]
    if result.num_frames == 1 and not result.seconds:
        lines.append(f"{result.out}: {result.width}x{result.height}")
    elif result.num_frames:
        fps = (result.num_frames - result.resumed_frames) / max(result.seconds, 1e-9)
        lines.append(
            f"{result.out}: {result.num_frames} frames of {result.width}x{result.height}, "
            f"{result.seconds:.1f} s, {fps:.2f} fps"
        )
    return lines


def _summed_up(total: int, failures: Mapping[Path, str]) -> list[str]:
    if not failures:
        return [f"all {total} videos are done"]
    lines = [f"{total - len(failures)} of {total} videos are done, {len(failures)} failed:"]
    lines += [f"  {source}: {reason}" for source, reason in failures.items()]
    return [*lines, "run the same command again for the remaining ones"]


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


class JsonLines(Quiet):
    """One object a line on standard output, for programs."""

    def progress(self, state: State) -> None:
        _print("progress", asdict(state))

    def result(self, source: Path, result: UpscaleResult) -> None:
        _print("result", {"source": source, **asdict(result)})

    def failure(self, source: Path, reason: str) -> None:
        _print("failure", {"source": source, "reason": reason})

    def waiting(self, source: Path) -> None:
        _print("waiting", {"source": source})

    def summary(self, total: int, failures: Mapping[Path, str]) -> None:
        _print("summary", {"total": total, "failed": {str(k): v for k, v in failures.items()}})

    def plan(self, job: Job) -> None:
        _print("plan", describe(job))


def _print(event: str, content: dict) -> None:
    # in one piece: whoever kills this process finds whole lines
    sys.stdout.write(json.dumps({"event": event, **content}, default=str) + "\n")
    sys.stdout.flush()


@contextmanager
def reporter(how: str, log: Path | None = None) -> Iterator[Quiet]:
    """Show things as a ``bar``, as ``json`` or not at all (``quiet``), and in a log.

    Where there is no terminal a bar becomes plain lines. Of several processes only the first has
    one.

    Args:
        how: One of these words.
        log: A file that gets a line with its time for all there is to say; it grows.
    """
    with ExitStack() as stack:
        shown = stack.enter_context(_shown(how))
        if log is not None:
            try:
                file = stack.enter_context(open(log, "a", buffering=1, encoding="utf-8"))
            except OSError as error:
                raise ValueError(
                    f"the log {log} cannot be written ({error.strerror}); choose another file"
                ) from error

            def write(line: str) -> None:
                file.write(f"{datetime.now().isoformat(' ', 'seconds')} {line}\n")

            shown = Both(shown, Lines(write))
        yield shown


@contextmanager
def _shown(how: str) -> Iterator[Quiet]:
    if how == "bar" and os.environ.get("RANK", "0") != "0":
        how = "quiet"
    if how != "bar":
        yield JsonLines() if how == "json" else Quiet()
        return
    console = Console()
    if not console.is_terminal:
        yield Lines(lambda line: print(line, flush=True))
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[frames]}"),
        TextColumn("{task.fields[fps]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield Bar(bar)
