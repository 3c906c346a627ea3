"""Residual blocks: their start, and the parameters of the released model."""

import torch
from torch.nn import functional as F

from fca2_plugin.layers.residual import ResidualBlockNoBN, ResidualBlocksWithInputConv


def count(net: torch.nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def test_block_starts_near_the_identity():
    torch.manual_seed(0)
    x = torch.randn(2, 64, 9, 7)
    with torch.no_grad():
        change = ResidualBlockNoBN()(x) - x
    assert 0 < change.std() < 0.05 * x.std()


def test_block_is_its_formula():
    torch.manual_seed(0)
    block, x = ResidualBlockNoBN(4), torch.randn(2, 4, 5, 6)
    before = x.clone()
    with torch.no_grad():
        hidden = F.conv2d(x, block.conv1.weight, block.conv1.bias, padding=1).clamp_min(0)
        expected = x + F.conv2d(hidden, block.conv2.weight, block.conv2.bias, padding=1)
        torch.testing.assert_close(block(x), expected)
    assert torch.equal(x, before)


def test_parameters_of_the_released_model():
    assert count(ResidualBlocksWithInputConv(6, 3, num_blocks=30)) == 5_205  # flow_net
    cleaning_body = count(ResidualBlocksWithInputConv(3, 64, num_blocks=20))
    assert cleaning_body + 64 * 3 * 9 + 3 == 1_480_643


def test_shape_with_other_widths():
    assert ResidualBlocksWithInputConv(5, 8, num_blocks=2)(torch.rand(2, 5, 7, 9)).shape == (
        2,
        8,
        7,
        9,
    )
