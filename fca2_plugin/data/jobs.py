"""Tasks spread over processes, where each finished task may bring further ones."""

import concurrent.futures as futures
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Any

import cv2

__all__ = ["Task", "run_tasks"]

Task = tuple[Callable, tuple]  # a function of a module, and its arguments after the first


_shared: Any = None  # in a worker: what all its tasks get first


def run_tasks(
    tasks: Iterable[Task], jobs: int, shared: Any, follow: Callable[[Any], Iterable[Task]]
) -> Iterator[Any]:
    """Run tasks in ``jobs`` processes and yield their results as they come.

    With one job everything runs in this process. When a task raises, no further one is begun, the
    results of the running ones are yielded, and the error is raised.

    Args:
        tasks: The tasks to begin with.
        jobs: How many processes.
        shared: The first argument of every task; it goes to each process once.
        follow: Takes each result and returns the tasks that it makes possible.

    Raises:
        ChildProcessError: A process was killed from outside.
    """
    if jobs == 1:
        queue = list(tasks)[::-1]
        while queue:
            function, arguments = queue.pop()
            result = function(shared, *arguments)
            yield result
            queue += list(follow(result))[::-1]
        return
    # spawn: a fork would copy the threads' locks of OpenCV and the codecs, but not the threads
    pool = futures.ProcessPoolExecutor(
        jobs, multiprocessing.get_context("spawn"), initializer=_start_worker, initargs=(shared,)
    )
    try:
        yield from _run_in(pool, tasks, follow)
    except BrokenProcessPool as error:
        raise ChildProcessError(
            "a worker process was killed, perhaps for want of memory; run the same again, with "
            "fewer jobs: it goes on where it stopped"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _run_in(
    pool: futures.Executor, tasks: Iterable[Task], follow: Callable[[Any], Iterable[Task]]
) -> Iterator[Any]:
    pending = {pool.submit(_run, *task) for task in tasks}
    error = None
    while pending:
        done, pending = futures.wait(pending, return_when=futures.FIRST_COMPLETED)
        for future in done:
            if future.cancelled():
                continue
            if future.exception() is not None:
                error = error or future.exception()
                for other in pending:
                    other.cancel()
                continue
            yield future.result()
            if error is None:
                pending |= {pool.submit(_run, *task) for task in follow(future.result())}
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
    if wait([multiprocessing.parent_process().sentinel], timeout):
        os._exit(1)


def _run(function: Callable, arguments: tuple) -> Any:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return function(_shared, *arguments)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
