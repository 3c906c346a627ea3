"""fca2_plugin.data.jobs: order, follow-up tasks, errors, and a worker that dies."""

import os
import signal

import pytest

from fca2_plugin.data.jobs import run_tasks


def square(shared, number):
    shared["seen"] = number  # each process has its own copy
    return shared["offset"] + number**2


def fail_at(shared, number, bad):
    if number == bad:
        raise ValueError(f"{number} is bad")
    return number


def die(shared):
    os.kill(os.getpid(), signal.SIGKILL)


def nothing(result):
    return ()


def once_more(result):
    return [(square, (result,))] if result < 10 else []


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_and_what_follows_them(jobs):
    tasks = [(square, (number,)) for number in range(1, 4)]
    results = list(run_tasks(tasks, jobs, {"offset": 1}, once_more))
    assert sorted(results) == [2, 5, 5, 10, 26, 26]
    if jobs == 1:
        assert results == [2, 5, 26, 5, 26, 10]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_ends_it_after_what_was_running(jobs):
    results = []
    with pytest.raises(ValueError, match="2 is bad"):
        for result in run_tasks([(fail_at, (n, 2)) for n in range(500)], jobs, None, nothing):
            results.append(result)
    assert {0, 1} <= set(results) and len(results) < 500


def test_a_worker_that_is_killed():
    with pytest.raises(ChildProcessError, match="a worker process was killed, perhaps for want of"):
        list(run_tasks([(die, ())], 2, None, nothing))


def test_no_tasks():
    assert list(run_tasks([], 1, None, nothing)) == []
