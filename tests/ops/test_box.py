"""Means over windows, by sums of shifted maps, against torch's pooling."""

import pytest
import torch
from torch.nn import functional as F

from fca2_plugin.ops.box import box_mean


@pytest.mark.parametrize("size", [1, 3, 5, 7, 9])
@pytest.mark.parametrize(("h", "w"), [(1, 1), (2, 9), (8, 3), (17, 31)])
def test_as_pooling(size, h, w):
    x = torch.rand(2, 3, h, w)
    before = x.clone()
    expected = F.avg_pool2d(x, size, 1, size // 2, count_include_pad=False)
    torch.testing.assert_close(box_mean(x, size), expected, rtol=1e-6, atol=1e-6)
    assert torch.equal(x, before)


def test_elsewhere_it_is_pooling():
    x = torch.rand(1, 1, 9, 9, device="meta")
    assert box_mean(x, 5).shape == x.shape
