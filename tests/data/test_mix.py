"""fca2_plugin.data.mix: the shares of Sec. IV-A."""

from collections import Counter

import numpy as np
import pytest

from fca2_plugin.data import CrfMix


def test_half_raw_and_the_rest_even():
    mix, rng = CrfMix(), np.random.default_rng(0)
    counts = Counter(mix.draw(rng) for _ in range(12_000))
    assert counts.keys() == {None, 15, 25, 35}
    assert abs(counts[None] - 6000) < 200
    assert all(abs(counts[crf] - 2000) < 150 for crf in (15, 25, 35))
    assert type(next(crf for crf in counts if crf)) is int


def test_a_seed_fixes_the_draws():
    draws = [[CrfMix().draw(rng) for _ in range(20)] for rng in map(np.random.default_rng, (3, 3))]
    assert draws[0] == draws[1]


def test_the_ends_of_the_range():
    rng = np.random.default_rng(0)
    assert {CrfMix((), 1).draw(rng) for _ in range(20)} == {None}
    assert {CrfMix([25], 0).draw(rng) for _ in range(20)} == {25}


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"raw_prob": 1.5}, "raw_prob must lie between 0 and 1, got 1.5"),
        ({"raw_prob": -0.1}, "raw_prob must lie between 0 and 1, got -0.1"),
        ({"crfs": (15, 60)}, "crfs must be whole numbers from 0 to 51, got 60"),
        ({"crfs": ("15",)}, "crfs must be whole numbers from 0 to 51, got '15'"),
        ({"crfs": ()}, "crfs is empty but raw_prob is 0.5"),
    ],
)
def test_bad_mixes(kwargs, message):
    with pytest.raises(ValueError, match=message):
        CrfMix(**kwargs)
