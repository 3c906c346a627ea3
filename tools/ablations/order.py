"""Whether figures of a few seeds stand in the order of the printed ones: a rule, not an eye.

Two rows differ when their means over the seeds are more than three standard errors apart. The
standard deviation is that of the seeds around their row's mean, pooled over all rows of the table,
for a row alone has too few. With two seeds this calls 2 to 6 of 100 pairs different that are not
(more rows, fewer), with three 1 to 3.
"""

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Order", "compare_order", "pooled_deviation"]

ERRORS = 3  # standard errors


@dataclass
class Order:
    """What became of the pairs of rows that print orders; a pair is better, worse, condition."""

    confirmed: list[tuple[str, str, str]] = field(default_factory=list)
    refuted: list[tuple[str, str, str]] = field(default_factory=list)
    undecided: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """``refuted`` by one pair; ``confirmed`` only by all of them."""
        if self.refuted:
            return "refuted"
        return "confirmed" if self.confirmed and not self.undecided else "not decided"

    def add(self, other: "Order") -> None:
        """Take over the pairs of another condition."""
        for kind in ("confirmed", "refuted", "undecided"):
            getattr(self, kind).extend(getattr(other, kind))


def compare_order(
    printed: Mapping[str, float], measured: Mapping[str, Sequence[float]], condition: str = ""
) -> Order:
    """Compare every two rows that print does not call equal.

    Args:
        printed: The printed figure of each row, higher is better.
        measured: A row's figures, one a seed; a row with fewer than two decides nothing.
        condition: What is measured, for the pairs' third place.
    """
    order = Order()
    deviation = pooled_deviation(measured)
    for pair in itertools.combinations(printed, 2):
        worse, better = sorted(pair, key=printed.__getitem__)
        if printed[worse] == printed[better]:
            continue
        ours = [measured.get(row, ()) for row in (better, worse)]
        kind = order.undecided
        if min(map(len, ours)) >= 2:
            lead = statistics.fmean(ours[0]) - statistics.fmean(ours[1])
            needed = ERRORS * deviation * math.sqrt(sum(1 / len(values) for values in ours))
            if abs(lead) > needed:
                kind = order.confirmed if lead > 0 else order.refuted
        kind.append((better, worse, condition))
    return order


def pooled_deviation(measured: Mapping[str, Sequence[float]]) -> float:
    """Standard deviation of the seeds around their row's mean; NaN where no row has two."""
    rows = [values for values in measured.values() if len(values) >= 2]
    if not rows:
        return math.nan
    squares = sum(statistics.variance(values) * (len(values) - 1) for values in rows)
    return math.sqrt(squares / sum(len(values) - 1 for values in rows))
