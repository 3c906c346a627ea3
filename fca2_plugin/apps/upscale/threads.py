"""Work that runs ahead of who uses it: decoding, network and encoding overlap."""

import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

__all__ = ["Ahead"]

Item = TypeVar("Item")
_POLL_SECONDS = 0.05  # how soon a thread that waits for room sees that nobody wants more


class Ahead(Generic[Item]):
    """An iterator whose items are made in a thread of its own, from now on.

    What they raise is raised here. Close it when it is not used to its end.

    Args:
        items: What to yield; it is closed in its thread.
        most: Items in store.
    """

    def __init__(self, items: Iterator[Item], most: int) -> None:
        self._store: queue.Queue = queue.Queue(most)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(items,), daemon=True)
        self._thread.start()

    def __iter__(self) -> "Ahead[Item]":
        return self

    def __next__(self) -> Item:
        if self._closed.is_set():
            raise StopIteration
        item, error = self._store.get()
        if error is not None:
            self.close()
            raise error
        return item

    def close(self) -> None:
        """Make no more items, and wait for the thread's end."""
        self._closed.set()
        self._thread.join()

    def _work(self, items: Iterator[Item]) -> None:
        error: BaseException = StopIteration()
        try:
            for item in items:
                if not self._put(item, None):
                    return
        except BaseException as found:  # MemoryError, too: whoever uses the items decides
            error = found
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
        self._put(None, error)

    def _put(self, item: Item | None, error: BaseException | None) -> bool:
        while not self._closed.is_set():
            try:
                self._store.put((item, error), timeout=_POLL_SECONDS)
                return True
            except queue.Full:
                continue
        return False
