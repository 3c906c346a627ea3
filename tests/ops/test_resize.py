"""Bicubic enlarging in tensors against the one in arrays."""

import numpy as np
import pytest
import torch

from fca2_plugin.data import bicubic_upsample
from fca2_plugin.geometry import PHASES
from fca2_plugin.ops.resize import bicubic_enlarge, displace


@pytest.mark.parametrize("where", PHASES)
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize(("h", "w"), [(9, 7), (6, 12)])
def test_equals_the_floor_of_the_tables(scale, h, w, where):
    """But for the edges, which the floor mirrors as MATLAB does."""
    frame = np.random.default_rng(0).integers(0, 256, (h, w, 3), np.uint8)
    x = torch.from_numpy(frame).permute(2, 0, 1)[None].double()
    large = bicubic_enlarge(x, scale, where, a=-0.5)
    got = large[0].permute(1, 2, 0).round().clamp(0, 255).byte().numpy()
    inner = np.s_[2 * scale : -2 * scale, 2 * scale : -2 * scale]
    assert np.array_equal(got[inner], bicubic_upsample(frame, scale, where)[inner])


def test_keeps_pixels_on_their_grid_and_flat_colours():
    x = torch.rand(2, 3, 6, 5, dtype=torch.float64)
    torch.testing.assert_close(bicubic_enlarge(x, 4, "first")[..., ::4, ::4], x)
    flat = torch.full((1, 1, 3, 3), 0.3, dtype=torch.float64)
    torch.testing.assert_close(bicubic_enlarge(flat, 3), flat.new_full((1, 1, 9, 9), 0.3))


@pytest.mark.parametrize("pixels", [-2.0, -1.5, -0.5, 0.0, 0.5, 1.5, 2.0, 3.0])
def test_displace_moves_right_and_down(pixels):
    rows, columns = torch.meshgrid(*[torch.arange(40.0)] * 2, indexing="ij")
    moved = displace(torch.sin(rows / 4) + torch.cos(columns / 5), pixels)
    expected = torch.sin((rows - pixels) / 4) + torch.cos((columns - pixels) / 5)
    inner = np.s_[8:-8, 8:-8]
    torch.testing.assert_close(moved[inner], expected[inner], atol=1e-3, rtol=0)


def test_displace_keeps_shapes_and_whole_pixels():
    x = torch.rand(2, 3, 4, 9, 7)
    assert displace(x, 0) is x
    torch.testing.assert_close(displace(x, 2)[..., 2:, 2:], x[..., :-2, :-2])
    torch.testing.assert_close(displace(x, -1)[..., :-1, :-1], x[..., 1:, 1:])


def test_autocast_does_not_change_the_brightness():
    grey = torch.full((1, 3, 6, 5), 0.7)
    with torch.autocast("cpu", torch.bfloat16):
        large = bicubic_enlarge(grey, 4)
    torch.testing.assert_close(large, torch.full((1, 3, 24, 20), 0.7))
