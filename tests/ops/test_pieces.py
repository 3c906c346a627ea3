"""Batches in pieces against the whole batch."""

import weakref

import pytest
import torch
from torch import nn

from fca2_plugin.ops import pieces
from fca2_plugin.ops.pieces import images_at_once, in_pieces, join_pieces, stack_frames

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("number", "pixels", "expected"),
    [(7, 2**17, 1), (7, 2**20, 1), (7, 2**16, 2), (7, 64 * 64, 7), (200, 64 * 64, 32), (0, 9, 0)],
)
def test_images_of_a_piece(number, pixels, expected):
    with torch.no_grad():
        assert images_at_once(number, pixels, CPU) == expected
        assert images_at_once(number, pixels, torch.device("cuda")) >= expected
    assert images_at_once(number, pixels, CPU) == number  # a gradient is wanted


@pytest.mark.parametrize("budget", [1, 90, 190, 10**6])
@pytest.mark.parametrize("number", [1, 2, 5])
def test_pieces_are_the_whole(monkeypatch, budget, number):
    monkeypatch.setitem(pieces._PIXELS, "cpu", budget)
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


def test_pieces_are_let_go():
    """No piece is held when the next one is made; a single one is the batch itself."""
    alive = []

    def make(sizes):
        for size in sizes:
            assert not any(piece() is not None for piece in alive)
            piece = torch.rand(size, 2)
            alive.append(weakref.ref(piece))
            kept.append(piece.clone())
            yield piece
            del piece

    kept = []
    joined = join_pieces(make([2, 3, 1]), 6)
    assert torch.equal(joined, torch.cat(kept))
    whole = torch.rand(4, 2)
    assert join_pieces([whole], 4) is whole


@pytest.mark.parametrize("number", [1, 4])
def test_frames_are_stacked_and_let_go(number):
    kept, alive = torch.rand(2, number, 3, 4, 5), []

    def frames():
        for index in range(number):
            assert not any(frame() is not None for frame in alive)
            frame = kept[:, index].clone()
            alive.append(weakref.ref(frame))
            yield frame
            del frame

    with torch.no_grad():
        assert torch.equal(stack_frames(frames(), number), kept)
    wanted = kept.clone().requires_grad_()
    stack_frames(wanted.unbind(1), number).sum().backward()
    assert wanted.grad.eq(1).all()
