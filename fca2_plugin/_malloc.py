"""Settings of glibc's allocator; nothing happens where the C library is another one."""

import ctypes
from collections.abc import Mapping

__all__ = ["mallopt", "release_free_memory"]


def mallopt(options: Mapping[int, int]) -> None:
    """Set options of ``malloc.h`` by their numbers."""
    if (libc := _glibc()) is not None:
        for option, value in options.items():
            libc.mallopt(option, value)


def release_free_memory() -> None:
    """Give what is free on the heap back to the kernel."""
    if (libc := _glibc()) is not None:
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "gnu_get_libc_version") else None
