"""Processes that are killed at random moments, and what comes of going on."""

import json
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.apps.upscale.corpus.processes import Command
from tests.apps.upscale.films import STEP, film

__all__ = ["Kill", "KillReport", "kill_often"]

FRAMES, SIZE = 48, (32, 48)
OPTIONS = ("--segment", 6, "--chunk", 12, "--tile", 0, "--json-lines")
PRESETS = (("bicubic", ".mp4"), ("small", ".mkv"))
UNEVEN = [STEP * n + 97 * (n % 4) for n in range(FRAMES)]
SOON = 0.05  # seconds after a frame at which a kill still belongs to it
#: Where a job is killed, in order; "any" is any moment from its start on.
WAYS = (
    ("scan", "upscale", "upscale", "join", "join"),
    ("any", "scan", "upscale", "any", "upscale", "join"),
    ("scan", "any", "upscale", "upscale", "any", "any"),
)


@dataclass(frozen=True)
class Kill:
    """One process that was killed.

    Args:
        job: Which job it was of.
        preset: The network.
        wanted: Where it was to be killed.
        stage: What it said last that it did; ``start`` where it had said nothing.
        done: Frames of that stage.
        total: Of so many.
    """

    job: int
    preset: str
    wanted: str
    stage: str
    done: int
    total: int | None


@dataclass
class KillReport:
    """What came of all.

    Args:
        jobs: That went to their end.
        kills: Each.
        problems: What is not as it must be.
    """

    jobs: int = 0
    kills: list[Kill] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class _Job(Command):
    """A command whose progress is read line by line."""

    def __init__(self, arguments: Sequence[object]) -> None:
        super().__init__(arguments)
        self.begun = time.perf_counter()
        self.said: list[tuple[float, dict]] = []

    def states(self) -> Iterator[dict]:
        """Yield what it says."""
        for line in self.lines():
            if line.endswith("\n"):  # not torn by a kill
                self.said.append((time.perf_counter() - self.begun, json.loads(line)))
                yield self.said[-1][1]


def kill_often(
    folder: Path, count: int, seed: int = 0, tell: Callable[[Kill], None] = lambda kill: None
) -> KillReport:
    """Kill ``count`` processes; each job goes on to its end, and must write what a whole one does.

    Args:
        folder: A new folder.
        count: Of kills.
        seed: Of the moments.
        tell: Told of each.
    """
    folder.mkdir(parents=True)
    rng, report = random.Random(seed), KillReport()
    source = film(
        folder / "in.mp4", FRAMES, SIZE, times=UNEVEN, cuts=[15, 16, 35], languages=["deu"]
    )
    content = source.read_bytes()
    wholes = {preset: _whole(source, preset, ending) for preset, ending in PRESETS}
    while len(report.kills) < count:
        preset, ending = PRESETS[report.jobs % len(PRESETS)]
        whole, seconds, joining = wholes[preset]
        out = folder / f"out{ending}"
        arguments = ["upscale", source, out, "--weights", preset, *OPTIONS, "--resume"]
        ways = list(WAYS[report.jobs % len(WAYS)])[: count - len(report.kills)]
        for wanted in [*ways, "never"]:
            process = _Job(arguments)
            _kill(process, wanted, rng, seconds, joining)
            code, errors = process.wait()
            if code != -signal.SIGKILL:  # it was done before
                if code != 0:
                    report.problems.append(f"exit code {code}: {errors.strip()}")
                break
            state = process.said[-1][1] if process.said else {}
            stage, done, total = (state.get(k) for k in ("stage", "done", "total"))
            kill = Kill(report.jobs, preset, wanted, stage or "start", done or 0, total)
            report.kills.append(kill)
            tell(kill)
            if out.exists() and out.read_bytes() != whole:
                report.problems.append(f"after {kill} there is half a result")
        report.jobs += 1
        if not out.is_file() or out.read_bytes() != whole:
            report.problems.append(f"job {report.jobs} wrote another file")
        out.unlink(missing_ok=True)
        left = sorted(path.name for path in folder.iterdir())
        if left != ["in.mp4"]:
            report.problems.append(f"job {report.jobs} left {left}")
        if source.read_bytes() != content:
            report.problems.append(f"job {report.jobs} changed the source")
    return report


def _whole(source: Path, preset: str, ending: str) -> tuple[bytes, float, float]:
    """The bytes of a job that nobody stops, and its seconds: in all, and of the join."""
    out = source.with_name(f"whole{ending}")
    process = _Job(["upscale", source, out, "--weights", preset, *OPTIONS])
    for _ in process.states():
        pass
    code, errors = process.wait()
    if code != 0:
        raise RuntimeError(errors)
    seconds = process.said[-1][0]
    joining = next(when for when, state in process.said if state.get("stage") == "join")
    content = out.read_bytes()
    out.unlink()
    return content, seconds, seconds - joining


def _kill(process: _Job, wanted: str, rng: random.Random, seconds: float, joining: float) -> None:
    """Kill a process at a random moment, unless it is over before."""
    share, late = rng.random(), rng.random()
    if wanted == "any":
        timer = threading.Timer(share * seconds, process.kill)
        timer.start()
        for _ in process.states():
            pass
        timer.join()  # at the end of its time, if the process was faster
        return
    for state in process.states():
        if wanted == state.get("stage") and (
            wanted == "join" or state["done"] >= share * (state["total"] or FRAMES)
        ):
            time.sleep(late * (joining if wanted == "join" else SOON))
            process.kill()
            return
