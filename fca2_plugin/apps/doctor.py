"""What works in this environment, what does not, and the line that mends it.

It imports nothing but Python's own library, since anything else may be what is missing.
"""

import json
import os
import platform
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from fca2_plugin._requirements import install_line

__all__ = ["HOSTS", "Finding", "examine", "hosts_work", "render"]

HOSTS = ("mmagic", "basicsr")
_PROBED = ("torch", "opencv", "video", *HOSTS)
_EXTRAS = {"torch": "required"}  # where it is not called as its part
_TIMEOUT_SECONDS = 300
_OLDEST_PYTHON = (3, 10)


@dataclass(frozen=True)
class Finding:
    """The state of one part of the installation.

    Args:
        name: ``python``, ``torch``, ``opencv``, ``video``, ``mmagic`` or ``basicsr``.
        works: Whether it was really used without an error.
        versions: Its packages; None for one that is not installed.
        details: What else is worth knowing, and which shims were applied and why.
        error: Why it does not work.
        fix: The line that mends it.
    """

    name: str
    works: bool
    versions: dict[str, str | None] = field(default_factory=dict)
    details: list[str] = field(default_factory=list)
    error: str | None = None
    fix: str | None = None


def examine() -> list[Finding]:
    """Try every part, each in a process of its own."""
    with ThreadPoolExecutor(2) as pool:
        return [_python(), *pool.map(_probe, _PROBED)]


def hosts_work(findings: list[Finding]) -> bool:
    """Whether both hosts work."""
    return all(finding.works for finding in findings if finding.name in HOSTS)


def render(findings: list[Finding], width: int = 100) -> str:
    """What was found as text, and below it the lines that mend what is broken.

    Args:
        findings: What ``examine`` returned.
        width: Characters in a line; the lines that mend stay whole, so that they can be copied.
    """
    fill = textwrap.TextWrapper(width - 10, break_long_words=False, break_on_hyphens=False)
    lines = []
    for finding in findings:
        state = "works" if finding.works else f"does not work: {finding.error}"
        versions = ", ".join(f"{name} {one}" for name, one in finding.versions.items() if one)
        texts = [line for text in (state, versions, *finding.details) for line in fill.wrap(text)]
        names = [finding.name] + [""] * (len(texts) - 1)
        lines += [f"{name:10}{text}" for name, text in zip(names, texts, strict=True)]
    fixes = [f"{finding.name}: {finding.fix}" for finding in findings if finding.fix]
    return "\n".join([*lines, *(["", "To mend it:", *fixes] if fixes else [])])


def _python() -> Finding:
    works = sys.version_info >= _OLDEST_PYTHON
    oldest = ".".join(map(str, _OLDEST_PYTHON))
    return Finding(
        "python",
        works,
        {"python": platform.python_version()},
        [sys.executable],
        None if works else f"expected Python {oldest} or newer",
        None if works else f"make an environment with Python {oldest} or newer",
    )


def _probe(name: str) -> Finding:
    command = [sys.executable, "-m", "fca2_plugin.compat.probe", name]
    # what is tried is tiny, and threads that wait for each other cost processor time
    settings: Any = {"timeout": _TIMEOUT_SECONDS, "env": {**os.environ, "OMP_NUM_THREADS": "1"}}
    found: dict[str, Any]
    try:
        run = subprocess.run(command, capture_output=True, text=True, **settings)
        if run.returncode == 0:
            found = json.loads(run.stdout.splitlines()[-1])  # hosts print on import, ours is last
        else:
            last = (run.stderr.strip().splitlines() or ["no message"])[-1]
            error = f"the process ended with code {run.returncode}: {last}"
            found = {"works": False, "error": error}
    except subprocess.TimeoutExpired:
        found = {"works": False, "error": f"no answer within {_TIMEOUT_SECONDS} s"}
    fix = None if found["works"] else install_line(_EXTRAS.get(name, name))
    return Finding(name, **found, fix=fix)
