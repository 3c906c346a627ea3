"""Padding against index loops."""

import numpy as np
import pytest
import torch

from fca2_plugin.ops.padding import extend_time, mirror_time, pad_space

SIZES = [(1, 1), (3, 2), (8, 8), (5, 9), (64, 64), (63, 65), (20, 70), (9, 3), (3, 9)]


def numbered(*shape: int) -> torch.Tensor:
    return torch.arange(np.prod(shape), dtype=torch.float32).reshape(shape)


@pytest.mark.parametrize(("multiple", "min_size"), [(1, 1), (8, 1), (1, 64), (8, 64), (5, 7)])
@pytest.mark.parametrize(("h", "w"), SIZES)
def test_pad_space_is_numpys(h, w, multiple, min_size):
    x = numbered(2, 3, h, w)
    padded = pad_space(x, multiple, min_size)
    sides = []
    for side in (h, w):
        full = max(side, min_size)
        while full % multiple:
            full += 1
        sides.append(full)
    missing = (sides[0] - h, sides[1] - w)
    assert padded.shape == (2, 3, *sides)
    mode = "reflect" if missing[0] < h and missing[1] < w else "edge"
    expected = np.pad(x.numpy(), ((0, 0), (0, 0), (0, missing[0]), (0, missing[1])), mode=mode)
    np.testing.assert_array_equal(padded.numpy(), expected)
    assert torch.equal(padded[..., :h, :w], x)


@pytest.mark.parametrize("lead", [(), (3,), (2, 3), (2, 4, 3)])
def test_pad_space_takes_any_leading_axes(lead):
    x = numbered(*lead, 5, 6)
    padded = pad_space(x, 4)
    assert padded.shape == (*lead, 8, 8)
    assert torch.equal(padded[..., :5, :6], x)


def test_what_fits_is_returned_as_it_is():
    x = numbered(1, 4, 3, 8, 16)
    assert pad_space(x, 8, 8) is x
    assert extend_time(x, 4) is x and extend_time(x, 2) is x
    assert mirror_time(x, 4) is x and mirror_time(x, 2) is x


@pytest.mark.parametrize(
    ("t", "order"), [(1, "000000000"), (2, "010101010"), (3, "012101210"), (5, "012343210")]
)
def test_mirror_time_order(t, order):
    x = numbered(2, t, 3, 2, 2)
    for num_frames in range(t, 10):
        index = [int(frame) for frame in order[:num_frames]]
        assert torch.equal(mirror_time(x, num_frames), x[:, index])


@pytest.mark.parametrize("t", [1, 2, 3])
def test_extend_time_repeats_the_last_frame(t):
    x = numbered(2, t, 3, 2, 2)
    for num_frames in range(t, 10):
        index = [min(i, t - 1) for i in range(num_frames)]
        assert torch.equal(extend_time(x, num_frames), x[:, index])


def test_input_unchanged():
    x = numbered(1, 2, 3, 5, 5)
    before = x.clone()
    for padded in (pad_space(x, 8), extend_time(x, 4), mirror_time(x, 4)):
        padded.zero_()
        assert torch.equal(x, before)


def test_gradient_counts_the_copies():
    x = numbered(1, 2, 1, 1, 1).requires_grad_()
    extend_time(x, 5).sum().backward()
    assert x.grad.flatten().tolist() == [1, 4]
