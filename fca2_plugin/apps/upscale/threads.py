"""Work that runs ahead of who uses it: decoding, network and encoding overlap."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["ahead"]

Item = TypeVar("Item")
_END = object()


@contextmanager
def ahead(items: Generator[Item, None, None], most: int) -> Iterator[Iterator[Item]]:
    """Yield an iterator over items that a thread of its own makes, from now on.

    What they raise is raised here. At the end of the block no more are made, and ``items`` is
    closed in its thread.

    Args:
        items: What to yield.
        most: Items in store.
    """
    with ThreadPoolExecutor(1) as thread:
        store: deque[Any] = deque(thread.submit(next, items, _END) for _ in range(most))

        def take() -> Iterator[Item]:
            while (item := store.popleft().result()) is not _END:
                store.append(thread.submit(next, items, _END))
                yield item

        try:
            yield take()
        finally:
            for waiting in store:
                waiting.cancel()
            thread.submit(items.close)
