"""Run a function over items in several processes, and stop at the first bad item."""

import concurrent.futures as futures
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import wait
from typing import Any

import cv2

__all__ = ["Run", "workers"]

#: A function of a module, and the arguments of each call after the first; yields results as they
#: come.
Run = Callable[[Callable, Iterable[tuple]], Iterator[Any]]

_shared: Any = None  # in a worker: the first argument of every call


@contextmanager
def workers(jobs: int, shared: Any) -> Iterator[Run]:
    """Start ``jobs`` processes and return a function that runs calls in them.

    With one job, calls run in this process. If a call raises, further calls are not started, the
    results of running calls are yielded, and the error is raised.

    Args:
        jobs: Number of processes.
        shared: The first argument of every call; it goes to each process once.

    Raises:
        ChildProcessError: A process was killed from outside.
    """
    if jobs == 1:
        yield lambda function, items: (function(shared, *item) for item in items)
        return
    # spawn: a fork would copy the threads' locks of OpenCV and the codecs, but not the threads
    pool = futures.ProcessPoolExecutor(
        jobs, multiprocessing.get_context("spawn"), initializer=_start_worker, initargs=(shared,)
    )
    try:
        yield partial(_run_in, pool)
    except BrokenProcessPool as error:
        raise ChildProcessError(
            "a worker process was killed, perhaps because memory ran out; run the same command "
            "again with fewer jobs to resume"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _run_in(pool: futures.Executor, function: Callable, items: Iterable[tuple]) -> Iterator[Any]:
    calls = [pool.submit(_run, function, item) for item in items]
    error = None
    for call in futures.as_completed(calls):
        if call.cancelled():
            continue
        if call.exception() is None:
            yield call.result()
        elif error is None:
            error = call.exception()
            for other in calls:
                other.cancel()
    if error is not None:
        raise error


def _start_worker(shared: Any) -> None:
    """Keep to one core, leave Ctrl-C to the tasks, and do not outlive the parent."""
    global _shared
    _shared = shared
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent(timeout=0)  # it may have gone while this process started
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent(timeout: float | None = None) -> None:
    # a worker of a killed parent would go on, and write beside the run that resumes
    parent = multiprocessing.parent_process()
    if parent is not None and wait([parent.sentinel], timeout):
        os._exit(1)


def _run(function: Callable, arguments: tuple) -> Any:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return function(_shared, *arguments)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
