"""fca2_plugin.data.jobs: one function after another, errors, and a worker that dies."""

import os
import signal

import pytest

from fca2_plugin.data.jobs import workers


def square(shared, number):
    shared["seen"] = number  # each process has its own copy
    return shared["offset"] + number**2


def fail_at(shared, number, bad):
    if number == bad:
        raise ValueError(f"{number} is bad")
    return number


def die(shared):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_function_after_another(jobs):
    with workers(jobs, {"offset": 1}) as run:
        assert sorted(run(square, ((number,) for number in range(1, 4)))) == [2, 5, 10]
        assert list(run(square, [(5,)])) == [26]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_ends_it_after_what_was_running(jobs):
    results = []
    with pytest.raises(ValueError, match="2 is bad"), workers(jobs, None) as run:
        for result in run(fail_at, [(n, 2) for n in range(500)]):
            results.append(result)
    assert {0, 1} <= set(results) and len(results) < 500


def test_a_worker_that_is_killed():
    killed = "a worker process was killed, perhaps because memory"
    with pytest.raises(ChildProcessError, match=killed), workers(2, None) as run:
        list(run(die, [()]))


def test_no_items():
    with workers(1, None) as run:
        assert list(run(die, [])) == []
