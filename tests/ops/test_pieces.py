"""Batches in pieces against the whole batch."""

import pytest
import torch
from torch import nn

from fca2_plugin.ops import pieces
from fca2_plugin.ops.pieces import images_at_once, in_pieces


@pytest.mark.parametrize(
    ("number", "pixels", "expected"),
    [(7, 2**19, 1), (7, 2**20, 1), (7, 2**18, 2), (7, 64 * 64, 7), (200, 64 * 64, 128), (0, 9, 0)],
)
def test_images_of_a_piece(number, pixels, expected):
    with torch.no_grad():
        assert images_at_once(number, pixels) == expected
    assert images_at_once(number, pixels) == number  # a gradient is wanted


@pytest.mark.parametrize("budget", [1, 90, 190, 10**6])
@pytest.mark.parametrize("number", [1, 2, 5])
def test_pieces_are_the_whole(monkeypatch, budget, number):
    monkeypatch.setattr(pieces, "_PIXELS", budget)
    conv, x = nn.Conv2d(3, 2, 3, padding=1), torch.rand(number, 3, 9, 10)
    sizes = []

    def run(batch):
        sizes.append(len(batch))
        return conv(batch)

    with torch.no_grad():
        torch.testing.assert_close(in_pieces(run, x), conv(x))
    assert sum(sizes) == number and max(sizes) == min(max(budget // 90, 1), number)
    in_pieces(run, x)
    assert sizes[-1] == number


def test_no_image():
    with torch.no_grad():
        assert in_pieces(nn.Identity(), torch.rand(0, 3, 4, 4)).shape == (0, 3, 4, 4)
