import threading
import time

import pytest

from fca2_plugin.apps.upscale.threads import Ahead


def test_items_come_in_order_and_end():
    assert list(Ahead(iter(range(100)), 3)) == list(range(100))
    done = Ahead(iter([]), 1)
    assert list(done) == []
    assert list(done) == []


def test_no_more_are_made_than_asked_for():
    made = []

    def items():
        for number in range(100):
            made.append(number)
            yield number

    ahead = Ahead(items(), 4)
    assert next(ahead) == 0
    time.sleep(0.1)
    assert len(made) <= 1 + 4 + 1  # taken, in store, waiting for room
    ahead.close()


@pytest.mark.parametrize("error", [ValueError("no"), MemoryError(), KeyboardInterrupt()])
def test_what_is_raised_there_is_raised_here(error):
    def items():
        yield 1
        raise error

    ahead = Ahead(items(), 5)
    assert next(ahead) == 1
    with pytest.raises(type(error)):
        next(ahead)
    assert list(ahead) == []


def test_closing_ends_the_thread_and_what_it_reads():
    closed = threading.Event()

    def items():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    before = threading.active_count()
    ahead = Ahead(items(), 2)
    next(ahead)
    ahead.close()
    assert closed.is_set()
    assert threading.active_count() == before
    assert list(ahead) == []
