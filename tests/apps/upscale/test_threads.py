import threading
import time

import pytest

from fca2_plugin.apps.upscale.threads import ahead


def test_items_come_in_order_and_end():
    with ahead((number for number in range(100)), 3) as items:
        assert list(items) == list(range(100))
        assert list(items) == []
    with ahead((number for number in ()), 1) as items:
        assert list(items) == []


def test_no_more_are_made_than_asked_for():
    made = []

    def numbers():
        for number in range(100):
            made.append(number)
            yield number

    with ahead(numbers(), 4) as items:
        time.sleep(0.1)
        assert len(made) == 4  # from the start
        assert next(items) == 0
        time.sleep(0.1)
        assert len(made) == 5


@pytest.mark.parametrize("error", [ValueError("no"), MemoryError(), KeyboardInterrupt()])
def test_what_is_raised_there_is_raised_here(error):
    def numbers():
        yield 1
        raise error

    with ahead(numbers(), 5) as items:
        assert next(items) == 1
        with pytest.raises(type(error)):
            next(items)
        assert list(items) == []


def test_the_end_of_the_block_ends_the_thread_and_what_it_reads():
    closed = []

    def numbers():
        try:
            while True:
                yield 0
        finally:
            closed.append(threading.current_thread())

    before = threading.active_count()
    with ahead(numbers(), 2) as items:
        next(items)
    assert closed != [threading.current_thread()] and len(closed) == 1
    assert threading.active_count() == before
