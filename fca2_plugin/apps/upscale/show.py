"""What a person, or a program, sees of an upscale: a bar, lines, or JSON."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress
from rich.table import Table

from fca2_plugin.apps.upscale.describe import describe
from fca2_plugin.apps.upscale.job import Job
from fca2_plugin.apps.upscale.result import Progress as State
from fca2_plugin.apps.upscale.result import UpscaleResult

__all__ = ["Show", "reporter"]

LINE_SECONDS = 30.0  # between two lines of a log
STAGES = {"scan": "looking", "upscale": "upscaling", "join": "joining"}

Write = Callable[[str], None]


class Show:
    """Shows what happens in one way, and keeps a log.

    Args:
        write: Takes lines; None shows failures alone.
        bar: Shows progress in place of lines.
        as_json: Print one object a line instead.
        log: Takes lines, too.
    """

    def __init__(
        self,
        write: Write | None = None,
        bar: Progress | None = None,
        as_json: bool = False,
        log: Write | None = None,
    ) -> None:
        self.write, self.bar, self.as_json, self.log = write, bar, as_json, log
        self._told: tuple[Path | None, str] = (None, "")
        self._next = 0.0

    def progress(self, state: State) -> None:
        """Show where it stands."""
        stage, now = (state.source, state.stage), time.monotonic()
        is_new, is_due = stage != self._told, now >= self._next
        if self.as_json:
            _print("progress", asdict(state))
        elif self.bar is not None:
            _move(self.bar, state, is_new)
        elif self.write is not None and (is_new or is_due):
            self.write(_where(state))
        if self.log is not None and (is_new or is_due):
            self.log(_where(state))
        if is_new or is_due:
            self._told, self._next = stage, now + LINE_SECONDS

    def result(self, source: Path, result: UpscaleResult) -> None:
        """Show what was made."""
        lines = [f"note: {note}" for note in result.notes]
        if result.num_frames == 1 and not result.seconds:
            lines.append(f"{result.out}: {result.width}x{result.height}")
        elif result.num_frames:
            fps = (result.num_frames - result.resumed_frames) / max(result.seconds, 1e-9)
            lines.append(
                f"{result.out}: {result.num_frames} frames of {result.width}x{result.height}, "
                f"{result.seconds:.1f} s, {fps:.2f} fps"
            )
        self._say("result", {"source": source, **asdict(result)}, lines)

    def failure(self, source: Path, reason: str) -> None:
        """Show that one of several videos could not be upscaled."""
        lines = [f"{source}: failed: {reason}"]
        self._say("failure", {"source": source, "reason": reason}, lines, is_bad=True)

    def waiting(self, source: Path) -> None:
        """Show that another process has one of several videos."""
        self._say("waiting", {"source": source}, [f"{source}: another process is working on it"])

    def summary(self, total: int, failures: Mapping[Path, str]) -> None:
        """Show, at the end of several videos, what became of them."""
        lines = [f"all {total} videos are done"]
        if failures:
            done = total - len(failures)
            lines = [f"{done} of {total} videos are done, {len(failures)} failed:"]
            lines += [f"  {source}: {reason}" for source, reason in failures.items()]
            lines += ["run the same command again for the remaining ones"]
        failed = {str(source): reason for source, reason in failures.items()}
        self._say("summary", {"total": total, "failed": failed}, lines, is_bad=bool(failures))

    def plan(self, job: Job) -> None:
        """Show what would be done."""
        if self.as_json:
            _print("plan", describe(job))
            return
        table = Table(show_header=False, box=None, pad_edge=False)
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, value in describe(job).items():
            shown = value if isinstance(value, list) else [value]
            table.add_row(name, "\n".join(map(str, shown)) or "none")
        console = self.bar.console if self.bar is not None else Console()
        console.print(table)

    def _say(self, event: str, content: dict, lines: list[str], is_bad: bool = False) -> None:
        if self.as_json:
            _print(event, content)
        elif self.write is not None:
            for line in lines:
                self.write(line)
        elif is_bad:
            print("\n".join(lines), file=sys.stderr)
        if self.log is not None:
            for line in lines:
                self.log(line)


def _move(bar: Progress, state: State, is_new: bool) -> None:
    if is_new:
        for task in bar.task_ids:
            bar.remove_task(task)
        name = f"{STAGES[state.stage]} {state.source.name}"
        bar.add_task(name, total=state.total, fps="", frames="")
    fps = "" if state.fps is None else f"{state.fps:.2f} fps"
    if state.seconds_left is not None:
        fps += f", {_clock_time(state.seconds_left)} left"
    frames = f"{state.done}/{'?' if state.total is None else state.total}"
    done = state.done if state.share is None else state.share * (state.total or 0)
    bar.update(bar.task_ids[-1], completed=done, total=state.total, fps=fps, frames=frames)


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


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _print(event: str, content: dict) -> None:
    # in one piece: whoever kills this process finds whole lines
    sys.stdout.write(json.dumps({"event": event, **content}, default=str) + "\n")
    sys.stdout.flush()


@contextmanager
def reporter(how: str, log: Path | None = None) -> Iterator[Show]:
    """Show things as a ``bar``, as ``json`` or not at all (``quiet``), and in a log.

    Where there is no terminal a bar becomes plain lines. Of several processes only the first has
    one.

    Args:
        how: One of these words.
        log: A file that gets a line with its time for all there is to say; it grows.
    """
    with ExitStack() as stack:
        console = Console()
        write: Write | None = None
        bar: Progress | None = None
        keep: Write | None = None
        if how == "bar" and os.environ.get("RANK", "0") == "0":
            if console.is_terminal:
                columns = "{task.description}", BarColumn(), "{task.fields[frames]}"
                bar = Progress(*columns, "{task.fields[fps]}", console=console, transient=True)
                stack.enter_context(bar)
                write = partial(console.print, soft_wrap=True, highlight=False)
            else:
                write = partial(print, flush=True)
        if log is not None:
            try:
                file = stack.enter_context(open(log, "a", buffering=1, encoding="utf-8"))
            except OSError as error:
                raise ValueError(
                    f"the log {log} cannot be written ({error.strerror}); choose another file"
                ) from error
            keep = partial(_stamp, file)
        yield Show(write, bar, how == "json", keep)


def _stamp(file: TextIO, line: str) -> None:
    file.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} {line}\n")
