"""Parts of a host that are replaced while a run of it lasts, and are the host's own afterwards."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

__all__ = ["replaced"]


@contextmanager
def replaced(parts: Iterable[tuple[object, str, Any]]) -> Iterator[None]:
    """Replace attributes of modules and classes until the end.

    Args:
        parts: The module or class, the attribute's name, and what stands in its place.
    """
    with ExitStack() as stack:
        for place, name, replacement in parts:
            stack.enter_context(mock.patch.object(place, name, replacement))
        yield
