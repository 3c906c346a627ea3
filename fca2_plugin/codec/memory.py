"""Memory that starts the same, so that x264 gives the same bits for the same frames.

x264 (cores 164 and 165, of PyAV 13.1 and 18.1) reads heap memory that it has not written. In a
process that has lived for a while, a few clips in a hundred come out some pixels different from run
to run, with one thread too. Here every block that glibc hands out is cleared while the encoder
runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from fca2_plugin._malloc import mallopt

__all__ = ["cleared_memory"]

_M_PERTURB = -6  # malloc.h: fill new blocks with the complement of the value, freed ones with it
_ZERO_NEW_BLOCKS = 0xFF
_OFF = 0


@contextmanager
def cleared_memory() -> Iterator[None]:
    """Clear every new block; does nothing where the C library is not glibc."""
    mallopt({_M_PERTURB: _ZERO_NEW_BLOCKS})
    try:
        yield
    finally:
        mallopt({_M_PERTURB: _OFF})
