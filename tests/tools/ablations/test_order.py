"""The rule by which an order is confirmed, refuted or left open."""

import math

import numpy as np
import pytest

from tools.ablations.order import ERRORS, Order, compare_order, pooled_deviation

PRINTED = {"low": 20.0, "middle": 25.0, "high": 30.0}


def test_clear_figures_confirm_the_printed_order():
    order = compare_order(PRINTED, {"low": [1, 1.1], "middle": [5, 5.1], "high": [9, 9.1]}, "crf15")
    assert order.verdict == "confirmed"
    assert order.confirmed == [
        ("middle", "low", "crf15"),
        ("high", "low", "crf15"),
        ("high", "middle", "crf15"),
    ]
    assert not order.refuted and not order.undecided


def test_one_reversed_pair_refutes():
    order = compare_order(PRINTED, {"low": [1, 1.1], "middle": [9, 9.1], "high": [5, 5.1]})
    assert order.verdict == "refuted"
    assert order.refuted == [("high", "middle", "")]
    assert len(order.confirmed) == 2


def test_within_the_spread_of_seeds_nothing_is_decided():
    order = compare_order(PRINTED, {"low": [1, 1.1], "middle": [5, 6], "high": [5.2, 6.2]})
    assert order.verdict == "not decided"
    assert order.undecided == [("high", "middle", "")]


@pytest.mark.parametrize(
    "measured",
    [{"low": [1], "middle": [5], "high": [9]}, {"low": [1, 1.1], "high": [9, 9.1]}, {}],
    ids=["one seed", "a row not run", "nothing run"],
)
def test_what_was_not_run_often_enough_leaves_the_order_open(measured):
    order = compare_order(PRINTED, measured)
    assert order.verdict == "not decided" and not order.refuted
    assert len(order.confirmed) == ("middle" not in measured and "low" in measured)


def test_the_limit_is_three_standard_errors_of_the_difference():
    deviation = math.sqrt(2) / 2  # of 0 and 1, and of the same anywhere
    limit = ERRORS * deviation * math.sqrt(1 / 2 + 1 / 2)
    for lead, verdict in ((limit * 0.999, "not decided"), (limit * 1.001, "confirmed")):
        measured = {"a": [0.0, 1.0], "b": [lead, lead + 1]}
        assert compare_order({"a": 1, "b": 2}, measured).verdict == verdict
        assert compare_order({"a": 2, "b": 1}, measured).verdict == (
            "refuted" if verdict == "confirmed" else verdict
        )


def test_rows_that_print_calls_equal_are_not_compared():
    order = compare_order({"a": 22.3, "b": 22.3}, {"a": [1, 1.1], "b": [9, 9.1]})
    assert order == Order() and order.verdict == "not decided"


def test_conditions_are_judged_together():
    order = compare_order({"a": 1, "b": 2}, {"a": [1, 1.1], "b": [9, 9.1]}, "crf15")
    order.add(compare_order({"a": 2, "b": 1}, {"a": [1, 1.1], "b": [9, 9.1]}, "crf35"))
    assert order.verdict == "refuted"
    assert order.confirmed == [("b", "a", "crf15")] and order.refuted == [("a", "b", "crf35")]


def test_the_deviation_is_pooled_over_rows_of_any_number_of_seeds():
    rows = {"a": [1.0, 2.0, 4.0], "b": [5.0, 9.0], "c": [7.0]}
    around = [value - np.mean(rows[name]) for name in "ab" for value in rows[name]]
    assert pooled_deviation(rows) == pytest.approx(np.sqrt(np.square(around).sum() / 3))
    assert math.isnan(pooled_deviation({"c": [7.0]}))


def test_the_rule_is_wrong_as_rarely_as_it_says():
    """Of rows that do not differ, with two seeds: 2 to 6 of 100 pairs."""
    rng = np.random.default_rng(0)
    for rows, most in ((3, 0.08), (6, 0.045)):
        wrong = 0
        for _ in range(1000):
            values = rng.normal(size=(rows, 2))
            measured = {str(row): list(pair) for row, pair in enumerate(values)}
            wrong += not compare_order({"0": 1, "1": 2}, measured).undecided
        assert wrong / 1000 < most
