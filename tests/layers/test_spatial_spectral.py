"""The spatial-spectral body: published sizes, formula, and its pooled attention."""

import pytest
import torch

from fca2_plugin.layers.spatial_spectral import (
    ChannelAttention,
    SpatialSpectralBlock,
    SpatialSpectralBody,
)


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


@pytest.mark.parametrize(("channels", "squeezed"), [(64, 21), (16, 5), (3, 1), (2, 1), (1, 1)])
def test_attention_squeezes_to_a_third_and_never_to_nothing(channels, squeezed):
    attention = ChannelAttention(channels)
    assert attention.weigh[0].out_channels == squeezed
    assert attention(torch.rand(1, channels, 4, 4)).shape == (1, channels, 4, 4)


def test_attention_is_one_weight_for_a_channel():
    torch.manual_seed(0)
    x = 1 + torch.rand(2, 6, 5, 4)
    with torch.no_grad():
        weights = ChannelAttention(6)(x) / x
    torch.testing.assert_close(weights, weights[..., :1, :1].expand_as(weights))
    assert ((weights > 0) & (weights < 1)).all()


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
