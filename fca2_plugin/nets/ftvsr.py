"""FTVSR: frequency-transformer VSR for compressed video (Qiu et al., ECCV 2022).

A trajectory-aware body (TTVSR) super-resolves the clip. A frequency transformer then propagates in
both directions over 8 x 8 DCT bands of the result, where coding noise is easier to separate from
detail than between pixels. Structure and widths follow the published code. Its 45,807,663
parameters (FCA²'s tables print 10.8 M) include 24,576 fixed DCT coefficients, which are computed
here.

Two differences from the published code are intentional:

* Any size works. Clips are padded, where the published code adds zeros or needs tiles, and
  attention does not store a table of scores, so whole frames fit into memory.
* The output adds the body's result once. The published code adds it twice, because the inverse
  transform of an unchanged spectrum is the frame itself. ``doubled_skip=True`` also adds it twice,
  for weights that were trained this way.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.checkpoints import load_part
from fca2_plugin.layers.frequency_attention import NUM_BANDS, FrequencyAttention
from fca2_plugin.layers.residual import ResidualBlocksWithInputConv
from fca2_plugin.layers.spynet import SPyNet
from fca2_plugin.layers.trajectory_attention import TrajectoryAttention, TrajectoryMemory
from fca2_plugin.nets.spec import NetSpec
from fca2_plugin.ops.dct import BLOCK, block_dct, block_idct
from fca2_plugin.ops.padding import pad_space
from fca2_plugin.ops.warp import flow_warp

__all__ = ["FTVSRNet"]

_SCALE = 4
_PAIRS_AT_ONCE = 4  # of the flow network, whose features are 64 channels at the result's size
_MULTIPLE = 16  # LQ pixels: 64 of the result, which are 8 x 8 blocks of 8 x 8 pixels


class _TrajectoryBody(nn.Module):
    """TTVSR: both directions share one attention and one trunk."""

    def __init__(self, mid_channels: int, num_blocks: int, keyframe_stride: int) -> None:
        super().__init__()
        self.keyframe_stride = keyframe_stride
        self.extract = ResidualBlocksWithInputConv(3, mid_channels, 5)
        self.attention = TrajectoryAttention(mid_channels)
        self.trunk = ResidualBlocksWithInputConv(2 * mid_channels, mid_channels, num_blocks)
        self.fusion = nn.Conv2d(3 * mid_channels, mid_channels, 1)
        self.upsample = nn.Sequential(
            nn.Conv2d(mid_channels, 4 * mid_channels, 3, padding=1),
            nn.PixelShuffle(2),
            nn.LeakyReLU(0.1),
            nn.Conv2d(mid_channels, 4 * mid_channels, 3, padding=1),
            nn.PixelShuffle(2),
            nn.LeakyReLU(0.1),
            nn.Conv2d(mid_channels, mid_channels, 3, padding=1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(mid_channels, 3, 3, padding=1),
        )

    def forward(self, lq: Tensor, flows: tuple[Tensor, Tensor]) -> Tensor:
        n, t = lq.shape[:2]
        features = list(self.extract(lq.flatten(0, 1)).unflatten(0, (n, t)).unbind(1))
        to_previous, to_next = flows
        last = t - 1
        backward_keys = set(range(0, last, self.keyframe_stride))
        backward = self._propagate(features[::-1], to_next.flip(1), backward_keys)
        forward = self._propagate(features, to_previous, set(range(0, t, self.keyframe_stride)))
        sr = []
        for index in range(t):
            mixed = torch.cat([backward[last - index], features[index], forward[index]], dim=1)
            base = F.interpolate(
                lq[:, index], scale_factor=_SCALE, mode="bilinear", align_corners=False
            )
            sr.append(self.upsample(F.leaky_relu(self.fusion(mixed), 0.1)) + base)
        return torch.stack(sr, dim=1)

    def _propagate(self, features: list[Tensor], flows: Tensor, keys: set[int]) -> list[Tensor]:
        """Propagate from the first of ``features`` to the last; ``flows`` lead one frame back."""
        memory = TrajectoryMemory()
        state = torch.zeros_like(features[0])
        states = []
        for index, current in enumerate(features):
            if index:
                flow = flows[:, index - 1]
                state = flow_warp(state, flow.permute(0, 2, 3, 1), padding_mode="border")
                memory.move(flow)
            if len(memory):
                state = self.attention(current, state, memory)
            state = self.trunk(torch.cat([current, state], dim=1))
            states.append(state)
            if index in keys:
                memory.add(current, state)
        return states


class _FrequencyTransformer(nn.Module):
    """FTT: corrects the result's spectrum, frame by frame in both directions."""

    def __init__(self, band_channels: int, num_blocks: int, num_heads: int) -> None:
        super().__init__()
        width, spectrum = NUM_BANDS * band_channels, 3 * NUM_BANDS
        self.embed = nn.Conv2d(spectrum, width, 1)
        self.extract = ResidualBlocksWithInputConv(width, width, num_blocks)
        self.attention = FrequencyAttention(band_channels, num_heads)
        self.trunk = ResidualBlocksWithInputConv(2 * width, width, num_blocks)
        self.fusion = nn.Sequential(
            nn.Conv2d(3 * width, width, 1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(width, width, 1),
            nn.Conv2d(width, spectrum, 1),
        )

    def forward(self, sr: Tensor, base: Tensor, flows: tuple[Tensor, Tensor]) -> Tensor:
        """Correct the spectrum, (n, t, 192, h/8, w/8), from the result and bilinear x4."""
        n, t = sr.shape[:2]
        sr, base = (self._extract(x.flatten(0, 1)).unflatten(0, (n, t)) for x in (sr, base))
        to_previous, to_next = (self._at_blocks(flow) for flow in flows)
        backward = self._propagate(sr.flip(1), base.flip(1), to_next.flip(1))[::-1]
        forward = self._propagate(sr, base, to_previous)
        return torch.stack(
            [
                self.fusion(torch.cat([backward[index], sr[:, index], forward[index]], dim=1))
                for index in range(t)
            ],
            dim=1,
        )

    def _extract(self, frames: Tensor) -> Tensor:
        spectrum = block_dct(frames)
        # scale each band to unit length over space: bands differ by orders of magnitude
        spectrum = F.normalize(spectrum.flatten(2), dim=2).view_as(spectrum)
        return self.extract(self.embed(spectrum))

    @staticmethod
    def _at_blocks(flow: Tensor) -> Tensor:
        """Convert flow between frames (n, t-1, 2, h, w) to flow between their blocks."""
        # the flow at a block's centre is the mean of its four middle pixels
        smaller = F.interpolate(flow.flatten(0, 1), scale_factor=1 / BLOCK, mode="bilinear")
        return (smaller / BLOCK).unflatten(0, flow.shape[:2])

    def _propagate(self, sr: Tensor, base: Tensor, flows: Tensor) -> list[Tensor]:
        state = torch.zeros_like(sr[:, 0])
        states = []
        for index in range(sr.shape[1]):
            current = sr[:, index]
            if index:
                flow = flows[:, index - 1].permute(0, 2, 3, 1)
                state = flow_warp(state, flow, padding_mode="border")
                here = self.attention(base[:, index], current, current)
                state = self.attention(here, state, state)
            state = self.trunk(torch.cat([current, state], dim=1))
            states.append(state)
        return states


class FTVSRNet(nn.Module):
    """Super-resolves a clip by its trajectories, then by the frequencies of the result.

    ::

        lq - SPyNet - flows -+
        lq ------------ trajectory body - sr' -+- DCT - frequency transformer - inverse -(+)- sr
        lq - bilinear x4 ----------------------+--------------- skip ---------------------+

    Args:
        mid_channels: Width of the body.
        num_blocks: Residual blocks of the body's trunk.
        keyframe_stride: Distance between remembered frames; 3 on REDS, 1 on the short clips of
            Vimeo-90K.
        band_channels: Channels of a frequency band; 0 leaves out the frequency transformer, which
            gives TTVSR.
        num_band_blocks: Residual blocks of the frequency transformer's trunks.
        num_heads: Attention heads of the frequency transformer.
        doubled_skip: Add the body's result twice, as the published weights expect.
        spynet_pretrained: File or URL of the first weights of SPyNet, under MMagic's names.

    Shape:
        (n, t, 3, h, w) in [0, 1] to (n, t, 3, 4h, 4w), any size and length.

    Raises:
        ValueError: ``keyframe_stride`` is below 1, the heads do not divide the tokens' width, or
            the file of SPyNet contains other weights.
        FileNotFoundError: The file of SPyNet does not exist.

    Example:
        >>> net = FTVSRNet(mid_channels=8, num_blocks=1, num_band_blocks=1)
        >>> net(torch.rand(1, 2, 3, 16, 16)).shape
        torch.Size([1, 2, 3, 64, 64])
    """

    spec = NetSpec(scale=_SCALE)

    def __init__(
        self,
        mid_channels: int = 64,
        num_blocks: int = 60,
        keyframe_stride: int = 3,
        band_channels: int = 8,
        num_band_blocks: int = 3,
        num_heads: int = 4,
        doubled_skip: bool = False,
        spynet_pretrained: str | None = None,
    ) -> None:
        super().__init__()
        if keyframe_stride < 1:
            raise ValueError(f"keyframe_stride must be at least 1, got {keyframe_stride}")
        if num_heads < 1 or NUM_BANDS * band_channels % num_heads:
            raise ValueError(
                f"num_heads={num_heads} does not divide the width of the tokens, "
                f"{NUM_BANDS * band_channels} (64 * band_channels); choose 1, 2, 4 or 8"
            )
        self.doubled_skip = doubled_skip
        self.spynet = SPyNet()
        if spynet_pretrained is not None:
            load_part(self.spynet, spynet_pretrained, "spynet")
        self.body = _TrajectoryBody(mid_channels, num_blocks, keyframe_stride)
        self.frequency = (
            _FrequencyTransformer(band_channels, num_band_blocks, num_heads)
            if band_channels
            else None
        )

    def forward(self, lq: Tensor) -> Tensor:
        h, w = lq.shape[-2:]
        lq = pad_space(lq, _MULTIPLE)
        sr = self.body(lq, self._flows(lq))
        if self.frequency is not None:
            n, t = sr.shape[:2]
            base = F.interpolate(lq.flatten(0, 1), scale_factor=_SCALE, mode="bilinear")
            change = self.frequency(sr, base.unflatten(0, (n, t)), self._flows(sr))
            change = block_idct(change.flatten(0, 1)).unflatten(0, (n, t))
            sr = (2 * sr if self.doubled_skip else sr) + change
        return sr[..., : _SCALE * h, : _SCALE * w]

    def _flows(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Compute flow from each frame to the previous and the next one, (n, t-1, 2, h, w)."""
        n, t, _, h, w = frames.shape
        if t == 1:
            empty = frames.new_zeros(n, 0, 2, h, w)
            return empty, empty
        early = frames[:, :-1].flatten(0, 1).split(_PAIRS_AT_ONCE)
        late = frames[:, 1:].flatten(0, 1).split(_PAIRS_AT_ONCE)
        return tuple(
            torch.cat(list(map(self.spynet, ref, supp))).unflatten(0, (n, t - 1))
            for ref, supp in ((late, early), (early, late))
        )
