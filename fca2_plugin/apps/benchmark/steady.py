"""Memory that a process keeps, so that its times do not depend on where blocks happened to lie.

glibc gives large free blocks back to the kernel and faults them in anew for the next frame. Whether
it does depends on the order of allocations, and was seen to double a network's time from one
process to the next. While times are taken both networks keep what they have freed.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from fca2_plugin._malloc import mallopt, release_free_memory

__all__ = ["steady_memory"]

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # malloc.h
_KEEP = {_M_TRIM_THRESHOLD: 2**31 - 1, _M_MMAP_MAX: 0}
_DEFAULTS = {_M_TRIM_THRESHOLD: 128 * 1024, _M_MMAP_MAX: 65536}


@contextmanager
def steady_memory() -> Iterator[None]:
    """Keep freed memory until the end; does nothing where the C library is not glibc."""
    mallopt(_KEEP)
    try:
        yield
    finally:
        mallopt(_DEFAULTS)
        release_free_memory()
