"""Runs the steps one after the other, each in a process that is ended when its time is up."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fca2_plugin import __version__
from fca2_plugin._files import write_json

__all__ = ["STEPS", "Step", "check", "run_step"]


@dataclass(frozen=True)
class Step:
    """A part of the check.

    Args:
        name: Of a function.
        module: Of this package, which has the function.
        about: What it shows, in a few words.
        on_gpu: Seconds that it may take there.
        on_cpu: Seconds on a machine without a GPU; None where it needs one.
    """

    name: str
    module: str
    about: str
    on_gpu: int
    on_cpu: int | None = None


#: In the order in which they run, the cheapest proof first; together they fit into ten minutes.
STEPS = (
    Step("driver", "driver", "driver, wheels and GPU fit", 30, 30),
    Step("kernel", "networks", "one kernel of each kind, against the CPU", 40, 30),
    Step(
        "networks",
        "networks",
        "each network in float32, bfloat16, float16, against the CPU",
        110,
        60,
    ),
    Step("capture", "networks", "CUDA graphs give the result of eager", 50),
    Step("mmagic", "training", "200 iterations and a resume with MMagic", 85, 60),
    Step("basicsr", "training", "200 iterations and a resume with BasicSR", 85, 60),
    Step("amp", "training", "mixed precision with MMagic", 45),
    Step("processes", "processes", "two processes learn the same", 50, 60),
    Step("speed", "speed", "time and memory, alone and inside FCA²", 100),
)


def check(
    path: Path,
    tell: Callable[[str], None],
    steps: Sequence[Step] = STEPS,
    gpu: bool | None = None,
) -> bool:
    """Run the steps, tell one line of each, and keep everything in a JSON file.

    Args:
        path: The file; it is written after every step.
        tell: Called with each line.
        steps: Which.
        gpu: Whether there is a GPU; None to ask torch.

    Returns:
        Whether no step failed.
    """
    if gpu is None:
        from torch.cuda import is_available

        gpu = is_available()
    if not gpu:
        tell("torch sees no GPU here, so only the checks that run on a CPU are made")
    report: dict = {"kind": "gpu_check", "fca2_plugin": __version__, "gpu": gpu, "steps": {}}
    for step in steps:
        limit = step.on_gpu if gpu else step.on_cpu
        if limit is None:
            found = {"verdict": "left out", "text": "needs a GPU"}
        else:
            command = [sys.executable, "-m", f"{__package__}.steps", step.name, "01"[gpu]]
            found = run_step(command, limit)
        report["steps"][step.name] = {"about": step.about, "limit_seconds": limit, **found}
        write_json(path, report)
        took = f" ({found['seconds']:.0f} s)" if "seconds" in found else ""
        tell(f"{found['verdict']:9} {step.name}: {found['text']}{took}")
    return all(found["verdict"] in ("ok", "left out") for found in report["steps"].values())


def run_step(command: Sequence[str], limit: float) -> dict:
    """Run a step's process and return its ``verdict``, ``text``, ``seconds`` and ``facts``."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that what it started ends with it
    )
    try:
        out, problems = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return {"verdict": "too slow", "text": f"was stopped after {limit} s", "seconds": limit}
    seconds = {"seconds": time.monotonic() - begun}
    if process.returncode:
        last = (problems.strip().splitlines() or [f"ended with code {process.returncode}"])[-1]
        return {"verdict": "FAILED", "text": last, "log": problems[-4000:], **seconds}
    return {"verdict": "ok", **json.loads(out.strip().splitlines()[-1]), **seconds}
