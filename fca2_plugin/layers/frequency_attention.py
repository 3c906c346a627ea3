"""Attention between patches of single frequency bands (FTVSR, ECCV 2022)."""

from torch import Size, Tensor, nn
from torch.nn import functional as F

from fca2_plugin.ops.dct import BLOCK

__all__ = ["NUM_BANDS", "FrequencyAttention"]

NUM_BANDS = BLOCK**2
_PATCH = 8


class FrequencyAttention(nn.Module):
    """Transformer layer whose tokens are patches of 8 x 8 positions of one frequency band.

    All patches of all bands attend to each other. The result is added to the values, not to the
    queries, as in the published code. torch's fused attention does not store a table of scores, so
    memory grows with the number of patches, not with its square.

    Args:
        band_channels: Channels of a band; a token contains 64 times as many numbers.
        num_heads: Attention heads.

    Shape:
        query, key, value: (n, 64 * band_channels, h, w), sides in multiples of 8; returns the same.
    """

    def __init__(self, band_channels: int = 8, num_heads: int = 4) -> None:
        super().__init__()
        self.band_channels = band_channels
        self.num_heads = num_heads
        width = band_channels * _PATCH**2
        self.to_query, self.to_key, self.to_value = (nn.Linear(width, width) for _ in range(3))
        # projections inside the published layer's multi-head attention, in its order
        self.in_projection = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.out_projection = nn.Linear(width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix, self.last = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        size = query.shape[-2:]
        query, key, value = (self._to_tokens(x) for x in (query, key, value))
        query, key, value = self.to_query(query), self.to_key(key), self.to_value(value)
        tokens = self.norm1(value + self._attend(query, key, value))
        tokens = self.norm2(tokens + F.leaky_relu(self.mix(tokens), 0.1))
        return self._from_tokens(self.last(tokens), size)

    def _attend(self, *inputs: Tensor) -> Tensor:
        heads = [
            project(x).unflatten(2, (self.num_heads, -1)).transpose(1, 2)  # (n, heads, tokens, d)
            for project, x in zip(self.in_projection, inputs, strict=True)
        ]
        mixed = F.scaled_dot_product_attention(*heads)
        return self.out_projection(mixed.transpose(1, 2).flatten(2))

    def _to_tokens(self, x: Tensor) -> Tensor:
        """Arrange (n, 64*c, h, w) as tokens (n, 64 * patches, 64*c)."""
        bands = x.reshape(-1, self.band_channels, *x.shape[-2:])
        patches = F.unfold(bands, _PATCH, stride=_PATCH).transpose(1, 2)
        return patches.reshape(x.shape[0], -1, patches.shape[-1])

    def _from_tokens(self, tokens: Tensor, size: Size) -> Tensor:
        n = tokens.shape[0]
        patches = tokens.reshape(n * NUM_BANDS, -1, tokens.shape[-1]).transpose(1, 2)
        return F.fold(patches, size, _PATCH, stride=_PATCH).reshape(n, -1, *size)
