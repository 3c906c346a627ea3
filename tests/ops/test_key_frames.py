"""Key frames spread over a clip, by its length and the types of its frames."""

import itertools

import pytest

from fca2_plugin.ops.key_frames import _B, spread_keys


@pytest.mark.parametrize(
    ("num_frames", "num_keys", "keys"),
    [
        (1, 1, (0,)),
        (2, 2, (0, 1)),
        (7, 3, (0, 3, 6)),
        (14, 6, (0, 3, 5, 8, 10, 13)),
        (14, 7, (0, 2, 4, 7, 9, 11, 13)),
        (5, 5, (0, 1, 2, 3, 4)),
    ],
)
def test_even(num_frames, num_keys, keys):
    assert spread_keys(num_frames, num_keys) == keys
    assert spread_keys(num_frames, num_keys, "P" * num_frames) == keys
    assert spread_keys(num_frames, num_keys, "?" * num_frames) == keys


def cost(keys, types) -> float:
    gaps = [b - a for a, b in itertools.pairwise(keys)]
    return sum((gap - 1) ** 2 / 2 for gap in gaps) + _B * sum(types[k] == "B" for k in keys[1:-1])


@pytest.mark.parametrize(
    "types", ["IBBBPBBBPBBBP", "IBPBPPPBBBBBP", "IBBBBBBBBBBBB", "BBIBBPBBPBBBP"]
)
@pytest.mark.parametrize("num_keys", [4, 6, 7])
def test_types_by_trying_all(types, num_keys):
    last = len(types) - 1
    longest = -(-last // (num_keys - 1)) + 1
    choices = [
        keys
        for inner in itertools.combinations(range(1, last), num_keys - 2)
        for keys in [(0, *inner, last)]
        if max(b - a for a, b in itertools.pairwise(keys)) <= longest
    ]
    best = min(cost(keys, types) for keys in choices)
    assert cost(spread_keys(len(types), num_keys, types), types) == pytest.approx(best)


@pytest.mark.parametrize("types", [None, "IBBBP", "IBP", "IBBBBBBBBBBBBBBBPPPPPPPPPPPPPPPP", "PB"])
def test_any_length_and_density(types):
    for num_frames in range(2, 60):
        kinds = types and (types * num_frames)[:num_frames]
        for num_keys in {2, -(-3 * num_frames // 7), num_frames // 2, num_frames}:
            num_keys = min(max(num_keys, 2), num_frames)
            keys = spread_keys(num_frames, num_keys, kinds)
            assert len(keys) == num_keys and keys[0] == 0 and keys[-1] == num_frames - 1
            gaps = [b - a for a, b in itertools.pairwise(keys)]
            assert min(gaps) >= 1 and max(gaps) <= -(-(num_frames - 1) // (num_keys - 1)) + 1


def test_what_does_not_fit_raises():
    with pytest.raises(ValueError, match="8 key frames do not fit a clip of 7 frames; .* 2 to 7"):
        spread_keys(7, 8)
    with pytest.raises(ValueError, match="1 key frames do not fit a clip of 7"):
        spread_keys(7, 1)
    with pytest.raises(ValueError, match="got the types of 3 frames for a clip of 7"):
        spread_keys(7, 3, "IPP")
