"""The block transform against scipy's."""

import pytest
import torch
from scipy import fft

from fca2_plugin.ops.dct import BLOCK, block_dct, block_idct


def image(c: int = 3, h: int = 16, w: int = 24) -> torch.Tensor:
    return torch.rand(2, c, h, w, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(("channel", "row", "column"), [(0, 0, 0), (1, 1, 2), (2, 0, 1)])
def test_a_block_equals_scipys(channel, row, column):
    x = image()
    y, x0 = BLOCK * row, BLOCK * column
    block = x[1, channel, y : y + BLOCK, x0 : x0 + BLOCK]
    expected = torch.from_numpy(fft.dctn(block.numpy(), norm="ortho")).flatten()
    got = block_dct(x)[1, 64 * channel : 64 * (channel + 1), row, column]
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_inverse_undoes_it(channels):
    x = image(channels)
    torch.testing.assert_close(block_idct(block_dct(x)), x, rtol=0, atol=1e-12)
    torch.testing.assert_close(block_dct(x).square().sum(), x.square().sum())
