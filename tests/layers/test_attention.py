"""Channel attention and the context block."""

import pytest
import torch

from fca2_plugin.layers.attention import ChannelAttention, ContextBlock


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


@torch.no_grad()
def test_context_is_one_vector_for_a_frame():
    torch.manual_seed(0)
    block, x = ContextBlock(4), torch.rand(2, 4, 3, 5)
    weights = torch.softmax(block.mask(x).view(2, 15), dim=1).view(2, 1, 3, 5)
    context = (x * weights).sum(dim=(2, 3), keepdim=True)
    torch.testing.assert_close(block(x), x + block.transform(context))


@torch.no_grad()
def test_context_does_not_know_where_pixels_are():
    torch.manual_seed(0)
    block, x = ContextBlock(4), torch.rand(1, 4, 6, 6)
    torch.testing.assert_close(block(x.flip(-1)), block(x).flip(-1))


def test_context_block_of_tgafnet_has_2080_parameters():
    assert sum(p.numel() for p in ContextBlock(32).parameters()) == 2_080
