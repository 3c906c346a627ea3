"""One command on one input that is wrong: what came of it, and whether that is one sentence."""

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Outcome", "faults", "run"]

#: What a command may leave when it stops: the log of a run that had begun, and its config.
LOGS = re.compile(r".*\.log|.*/vis_data/.*|.*\.tfevents.*|\w+/(full|wrapped)\.py|.*/\w+\.yml")


@dataclass(frozen=True)
class Outcome:
    """What a command did.

    Args:
        code: Its exit code; None where an exception came out.
        out: Its output.
        err: Its errors.
        new: The files that it left.
        changed: The files of before that it changed or removed.
    """

    code: int | None
    out: str
    err: str
    new: frozenset[str]
    changed: frozenset[str]


def run(main: Callable[[Sequence[str]], int], arguments: Sequence[str], folder: Path) -> Outcome:
    """Run a command in this process, and compare ``folder`` before and after."""
    before = _files(folder)
    out, err = io.StringIO(), io.StringIO()
    code: int | None = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                code = main(arguments)
            except SystemExit as error:  # argparse
                code = error.code if isinstance(error.code, int) else 1
            except BaseException as error:  # what a user would see as a traceback
                print(f"Traceback: {type(error).__name__}: {error}", file=err)
    after = _files(folder)
    return Outcome(
        code,
        out.getvalue(),
        err.getvalue(),
        frozenset(after.keys() - before.keys()),
        frozenset(name for name in before if after.get(name) != before[name]),
    )


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            state = path.stat()
            found[path.relative_to(folder).as_posix()] = (state.st_size, state.st_mtime_ns)
    return found


def faults(outcome: Outcome, name: str) -> list[str]:
    """What is wrong with how a command refused its input; nothing where all is well.

    Args:
        outcome: What it did.
        name: What its sentence has to call by name.
    """
    found = []
    sentences = [
        line for line in outcome.err.splitlines() if re.search(r"^(\S+( \S+)?: )?error: ", line)
    ]
    if outcome.code in (0, None):
        found.append(f"exit status {outcome.code}")
    if len(sentences) != 1:
        found.append(f"{len(sentences)} sentences")
    elif name not in sentences[0]:
        found.append(f"does not name {name!r}")
    elif re.search(r"error: \[Errno|error: '?\w+'?( \(--debug|$)", sentences[0]):
        found.append("is no sentence")
    elif len(sentences[0]) > 1200:
        found.append("is no single sentence")
    if "Traceback" in outcome.out + outcome.err:
        found.append("a traceback")
    left = [path for path in sorted(outcome.new) if not LOGS.fullmatch(path)]
    if left:
        found.append(f"left {', '.join(left[:4])}")
    if outcome.changed:
        found.append(f"changed {', '.join(sorted(outcome.changed)[:4])}")
    return found
