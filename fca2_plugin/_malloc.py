"""Settings of glibc's allocator; nothing happens where the C library is another one."""

import ctypes
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

__all__ = ["CLEAR_REFS", "keep_memory", "mallopt", "peak_growth", "release_free_memory"]

CLEAR_REFS, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")  # Linux

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8  # malloc.h


def keep_memory() -> None:
    """Let the process keep what a network frees, for the next frame; before threads start.

    glibc gives large free blocks back to the kernel and faults them in again for the next frame,
    which takes about a quarter of a network's time on a CPU, and not the same in every process.
    A thread would have an arena of its own, to which this does not apply: so there is one for all.
    """
    mallopt({_M_TRIM_THRESHOLD: 2**31 - 1, _M_MMAP_MAX: 0, _M_ARENA_MAX: 1})


def mallopt(options: Mapping[int, int]) -> None:
    """Set options of ``malloc.h`` by their numbers."""
    if (libc := _glibc()) is not None:
        for option, value in options.items():
            libc.mallopt(option, value)


def release_free_memory() -> None:
    """Give what is free on the heap back to the kernel."""
    if (libc := _glibc()) is not None:
        libc.malloc_trim(0)


def peak_growth(run: Callable[[], object]) -> int:
    """Run something, and return by how many bytes the process grew, if ``CLEAR_REFS`` exists."""
    release_free_memory()
    before = _status("VmRSS")
    CLEAR_REFS.write_text("5")  # forgets the high-water mark, man 5 proc
    run()
    return _status("VmHWM") - before


def _status(key: str) -> int:
    lines = STATUS.read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{key}:"))


@cache  # each one is a new class of functions: a cycle for the collector, twice a frame
def _glibc() -> ctypes.CDLL | None:
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "gnu_get_libc_version") else None
