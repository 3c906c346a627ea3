"""Bicubic enlarging in tensors against the one in arrays."""

import numpy as np
import pytest
import torch

from fca2_plugin.data import bicubic_upsample
from fca2_plugin.ops.resize import bicubic_enlarge


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize(("h", "w"), [(9, 7), (6, 12)])
def test_equals_the_floor_of_the_tables(scale, h, w):
    """But for the edges, which the floor mirrors as MATLAB does."""
    frame = np.random.default_rng(0).integers(0, 256, (h, w, 3), np.uint8)
    x = torch.from_numpy(frame).permute(2, 0, 1)[None].double()
    large = bicubic_enlarge(x, scale, a=-0.5)
    got = large[0].permute(1, 2, 0).round().clamp(0, 255).byte().numpy()
    inner = np.s_[scale : -2 * scale, scale : -2 * scale]
    assert np.array_equal(got[inner], bicubic_upsample(frame, scale)[inner])


def test_keeps_pixels_on_their_grid_and_flat_colours():
    x = torch.rand(2, 3, 6, 5, dtype=torch.float64)
    torch.testing.assert_close(bicubic_enlarge(x, 4)[..., ::4, ::4], x)
    flat = torch.full((1, 1, 3, 3), 0.3, dtype=torch.float64)
    torch.testing.assert_close(bicubic_enlarge(flat, 3), flat.new_full((1, 1, 9, 9), 0.3))
