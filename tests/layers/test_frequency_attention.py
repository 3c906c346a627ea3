"""Frequency attention against torch's own multi-head layer on hand-cut tokens."""

import torch
from torch import nn

from fca2_plugin.layers.frequency_attention import NUM_BANDS, FrequencyAttention


def bands(seed: int, n: int = 2, c: int = 1, h: int = 8, w: int = 16) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, NUM_BANDS * c, h, w, generator=generator)


def cut(x: torch.Tensor) -> torch.Tensor:
    """Tokens by loops: band by band, patch by patch, row by row."""
    n, channels, h, w = x.shape
    c = channels // NUM_BANDS
    tokens = [
        x[:, c * band : c * (band + 1), top : top + 8, left : left + 8].flatten(1)
        for band in range(NUM_BANDS)
        for top in range(0, h, 8)
        for left in range(0, w, 8)
    ]
    return torch.stack(tokens, dim=1)


@torch.no_grad()
def test_equals_torchs_transformer_parts():
    torch.manual_seed(0)
    layer = FrequencyAttention(band_channels=1, num_heads=4)
    reference = nn.MultiheadAttention(64, 4, batch_first=True)
    weights = [p.weight for p in layer.in_projection]
    reference.in_proj_weight.copy_(torch.cat(weights))
    reference.in_proj_bias.copy_(torch.cat([p.bias for p in layer.in_projection]))
    reference.out_proj.load_state_dict(layer.out_projection.state_dict())
    query, key, value = (bands(seed) for seed in range(3))
    values = layer.to_value(cut(value))
    mixed, _ = reference(layer.to_query(cut(query)), layer.to_key(cut(key)), values)
    tokens = layer.norm1(values + mixed)
    tokens = layer.norm2(tokens + nn.functional.leaky_relu(layer.mix(tokens), 0.1))
    expected = layer.last(tokens)
    torch.testing.assert_close(cut(layer(query, key, value)), expected, rtol=1e-4, atol=1e-5)


def test_tokens_and_back_are_the_identity():
    layer = FrequencyAttention(band_channels=2)
    x = bands(0, c=2)
    assert torch.equal(layer._from_tokens(layer._to_tokens(x), x.shape[-2:]), x)
