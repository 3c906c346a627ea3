"""``fca2`` in processes of its own.

They are forked from one that has imported everything: that takes seconds, and writes nothing.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection

from fca2_plugin.cli import main

__all__ = ["Command", "peak_mib", "run"]

_FORKS = multiprocessing.get_context("forkserver")
_NEEDED = (
    "av",
    "fca2_plugin.apps.upscale.files",
    "fca2_plugin.apps.upscale.show",
    "scenedetect.detectors",
)
_FORKS.set_forkserver_preload([*_NEEDED, __name__])

#: ``fca2``, which says its high-water mark at the end; the system's own number for a process that
#: ended may be that of the process that started it.
_WITH_PEAK = """
import sys
from fca2_plugin.cli import main

code = main(sys.argv[1:])
print(*(line for line in open("/proc/self/status") if line.startswith("VmHWM:")))
sys.exit(code)
"""


class Command:
    """A process that runs ``fca2`` with arguments, from now on.

    Args:
        arguments: What stands behind ``fca2``.
    """

    def __init__(self, arguments: Sequence[object]) -> None:
        reader, writer = _FORKS.Pipe(duplex=False)
        self._said = os.fdopen(os.dup(reader.fileno()), encoding="utf-8")
        self._errors = tempfile.NamedTemporaryFile("r", encoding="utf-8")
        words = list(map(str, arguments))
        self._process = _FORKS.Process(target=_work, args=(words, writer, self._errors.name))
        self._process.start()
        for end in (reader, writer):
            end.close()

    def lines(self) -> Iterator[str]:
        """What it says on standard output, line by line."""
        yield from self._said

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def wait(self) -> tuple[int, str]:
        """Wait for its end: the exit code, below 0 for a signal, and standard error."""
        self._said.close()
        self._process.join()
        with self._errors:
            return self._process.exitcode, self._errors.read()


def _work(arguments: list[str], said: Connection, errors: str) -> None:
    os.dup2(said.fileno(), 1)
    os.dup2(os.open(errors, os.O_WRONLY), 2)
    sys.exit(main(arguments))


def run(arguments: Sequence[object]) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    command = Command(arguments)
    said = "".join(command.lines())
    code, errors = command.wait()
    return code, said, errors


def peak_mib(arguments: Sequence[object]) -> float:
    """Run a command that must succeed, and return its largest resident memory (Linux)."""
    started = [sys.executable, "-W", "ignore", "-c", _WITH_PEAK, *map(str, arguments)]
    done = subprocess.run(started, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"fca2 {' '.join(map(str, arguments))}: {done.stderr}")
    return int(done.stdout.split()[-2]) / 1024
