"""The spatial-spectral body: published sizes and formula."""

import pytest
import torch

from fca2_plugin.layers.spatial_spectral import SpatialSpectralBlock, SpatialSpectralBody


@pytest.mark.parametrize(
    ("name", "settings", "parameters"),
    [
        ("encoder", (9, 64, 3, 3), 261_826),
        ("decoder", (3, 64, 9, 3), 261_832),
        ("trunk", (21, 16, 21, 2), 16_815),
    ],
)
def test_parameters_of_the_released_model(name, settings, parameters):
    body = SpatialSpectralBody(*settings)
    assert sum(p.numel() for p in body.parameters()) == parameters, name


def test_block_adds_a_tenth_of_each_branch():
    torch.manual_seed(0)
    block, x = SpatialSpectralBlock(6), torch.rand(1, 6, 5, 5)
    with torch.no_grad():
        half = x + 0.1 * block.spatial(x)
        torch.testing.assert_close(block(x), half + 0.1 * block.spectral(half))


def test_body_skips_its_blocks():
    torch.manual_seed(0)
    body, x = SpatialSpectralBody(9, 8, 3, 2), torch.rand(2, 9, 7, 5)
    before = x.clone()
    with torch.no_grad():
        head = body.head(x)
        torch.testing.assert_close(body(x), body.tail(head + body.blocks(head)))
    assert body(x).shape == (2, 3, 7, 5)
    assert torch.equal(x, before)
