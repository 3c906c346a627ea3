"""The guided frame autoencoder, our replacement for FCA²'s own.

FCA²'s decoder must rebuild every frame of a group from three channels, at the size of the result.
But the LQ frames are still available at that point and show where everything is. Therefore a code
is the group's key frame, cleaned with the help of its neighbours. A frame of the result is the
enlarged LQ frame plus the detail that super-resolution added to the code, warped by the motion
between the LQ frames. Two small networks, both at the size of the LQ frames, correct this. They
start at zero, and the result is good without them, so everything trains in one stage from random
weights.

The networks see one pair of a key frame and another frame at a time, and pairs are averaged, so one
set of weights works for groups of any size.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.geometry import CENTRED, check_phase
from fca2_plugin.layers.dense_flow import DenseFlow
from fca2_plugin.layers.enlarge import BicubicEnlarge, BilinearCells
from fca2_plugin.layers.quick_start import start_silent
from fca2_plugin.layers.residual import ResidualBlocksWithInputConv
from fca2_plugin.nets.codes import Codes
from fca2_plugin.nets.spec import NetSpec
from fca2_plugin.ops.frame_groups import FrameGroup, fixed_groups, pick_frames
from fca2_plugin.ops.grouping import ChannelGrouping
from fca2_plugin.ops.pieces import images_at_once, stack_frames
from fca2_plugin.ops.warp import CellGrid, cell_grid, flow_warp, warp_to_cells

__all__ = ["Guide", "GuidedAutoencoder"]

# A pair is trusted by sigmoid(_TRUST - _DOUBT * error): 0.98 at an error of 5/255, 0.5 at 15/255.
_TRUST, _DOUBT = 6.0, 100.0


class Guide(NamedTuple):
    """Side information for ``decode``; p is the number of (frame, key frame) pairs.

    Attributes:
        frames: LQ frames, (n, t, 3, h, w).
        groups: The frames of each code.
        flow: Warps a key frame onto the other frame of its pair, (n, p, 2, h, w), float32.
        difference: The frame minus the warped key frame, (n, p, 3, h, w).
    """

    frames: Tensor
    groups: tuple[FrameGroup, ...]
    flow: Tensor
    difference: Tensor


class _Pair(NamedTuple):
    """A frame and one of the key frames from which it is made."""

    number: int  # among all pairs, in the guide's order
    code: int
    frame: int


class GuidedAutoencoder(nn.Module):
    """Encodes groups of frames into their key frames, and decodes with the LQ frames' guidance.

    ::

        x (n,t,3,h,w) - key frames -------------(+)- codes (n,K,3,h,w)
               |            |                    |
               +---- neighbours warped - cleaner +

        codes (n,K,3,s*h,s*w) - less enlarged key frames - warped - fusion - mean over codes
                                                                                |
        x (n,t,3,h,w) ------------------------------- enlarged ----------------(+)- x'

    Args:
        n_subs: Channels in a group, a multiple of 3.
        n_ovls: Channels shared by neighbouring groups, a multiple of 3.
        clean_channels: Width of the network that cleans codes; 0 leaves it out, so that codes are
            unchanged key frames.
        clean_blocks: Residual blocks of that network.
        mid_channels: Width of the network that fuses the detail from several codes.
        num_blocks: Residual blocks of that network.
        scale: The largest scale of the VSR network; its divisors also work.
        phase: Position of the LQ pixels in the blocks of the VSR network's result, a word of
            ``fca2_plugin.geometry``.

    Shape:
        (n, t, 3, h, w) to the same, any t >= 1.

    Raises:
        ValueError: The numbers of the groups are out of range or cut frames, or the phase is
            unknown.

    Example:
        >>> net = GuidedAutoencoder(clean_channels=8, mid_channels=8, num_blocks=1)
        >>> codes = net.encode(torch.rand(1, 7, 3, 16, 16))
        >>> codes.images.shape
        torch.Size([1, 3, 3, 16, 16])
    """

    spec = NetSpec(scale=1)
    takes_groups = True

    def __init__(
        self,
        n_subs: int = 9,
        n_ovls: int = 3,
        clean_channels: int = 32,
        clean_blocks: int = 4,
        mid_channels: int = 48,
        num_blocks: int = 3,
        scale: int = 4,
        phase: str = CENTRED,
    ) -> None:
        super().__init__()
        self.grouping = ChannelGrouping(n_subs, n_ovls)
        if n_subs % 3 or n_ovls % 3:
            raise ValueError(
                f"GuidedAutoencoder needs groups of whole frames, but n_subs={n_subs}, "
                f"n_ovls={n_ovls} cut frames between colours; choose multiples of 3"
            )
        self.scale = scale
        self.flow = DenseFlow()
        self.use_phase(phase)
        cells = scale**2
        self.cleaner = None
        if clean_channels:
            self.key_head = nn.Conv2d(3, clean_channels, 3, padding=1)
            self.neighbour_head = nn.Conv2d(6, clean_channels, 3, padding=1)
            self.cleaner = nn.Sequential(
                ResidualBlocksWithInputConv(clean_channels, clean_channels, clean_blocks),
                nn.Conv2d(clean_channels, 3, 3, padding=1),
            )
        self.fusion = nn.Sequential(
            ResidualBlocksWithInputConv(3 * cells + 7, mid_channels, num_blocks),
            nn.Conv2d(mid_channels, 4 * cells, 3, padding=1),
        )
        for network in filter(None, (self.cleaner, self.fusion)):
            start_silent(network[-1])

    def use_phase(self, phase: str) -> None:
        """Set the position of LQ pixels, which only the VSR network knows; weights do not change.

        Raises:
            ValueError: The phase is unknown.
        """
        self.phase = check_phase(phase)
        scales = [s for s in range(1, self.scale + 1) if self.scale % s == 0]
        self.enlarge = nn.ModuleDict({str(s): BicubicEnlarge(s, phase) for s in scales})
        self.smooth = nn.ModuleDict({str(s): BilinearCells(s) for s in scales})

    @property
    def has_plain_codes(self) -> bool:
        """Whether codes are always unchanged key frames, even after training."""
        return self.cleaner is None

    @property
    def min_frames(self) -> int:
        """Frames that fill one group."""
        return self.grouping.n_subs // 3

    def num_codes(self, num_frames: int) -> int:
        """K, the number of codes for ``num_frames`` frames."""
        return len(fixed_groups(self.grouping, num_frames))

    def plan(self, num_frames: int) -> tuple[FrameGroup, ...]:
        """The groups of ``num_frames`` frames by ``n_subs`` and ``n_ovls``."""
        return fixed_groups(self.grouping, num_frames)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))

    def encode(self, x: Tensor, groups: Sequence[FrameGroup] | None = None) -> Codes:
        """Encode frames (n, t, 3, h, w) to codes (n, K, 3, h, w) and the guide to decode them.

        Without gradients, only a few groups are processed at a time.

        Args:
            x: LQ frames.
            groups: Which frames share a code; None uses the groups of ``n_subs`` and ``n_ovls``.
        """
        groups = tuple(groups or self.plan(x.shape[1]))
        at_once = images_at_once(len(groups), x.shape[0] * x.shape[-2] * x.shape[-1], x.device)
        parts = [
            self._encode(x, groups[start : start + at_once])
            for start in range(0, len(groups), at_once)
        ]
        codes, flow, difference = map(_joined, zip(*parts, strict=True))
        return Codes(codes, Guide(x, groups, flow, difference))

    def decode(self, codes: Codes) -> Tensor:
        """Decode codes (n, K, 3, s*h, s*w) to frames (n, t, 3, s*h, s*w).

        Without gradients, only a few frames are processed at a time.

        Raises:
            ValueError: The number of codes differs from that of groups, or the codes' scale does
                not divide ``scale``.
        """
        images, guide = codes
        scale = self._scale(images, guide)
        keys = pick_frames(guide.frames, [group.key for group in guide.groups])
        detail = images - _each(self.enlarge[str(scale)], keys)  # (n, K, 3, s*h, s*w)
        frames = {group.key: images[:, k] for k, group in enumerate(guide.groups)}
        made_from: dict[int, list[_Pair]] = {}
        for pair in _pairs(guide.groups):
            made_from.setdefault(pair.frame, []).append(pair)
        others = sorted(made_from, key=lambda frame: (len(made_from[frame]), frame))
        pixels = images.shape[0] * images.shape[-2] * images.shape[-1]
        at_once = max(images_at_once(len(others), pixels, images.device), 1)
        grid = cell_grid(guide.flow, scale)
        for start in range(0, len(others), at_once):
            wanted = {frame: made_from[frame] for frame in others[start : start + at_once]}
            frames |= self._carry(detail, guide, wanted, grid, scale)
        num_frames = guide.frames.shape[1]
        return stack_frames((frames.pop(frame) for frame in range(num_frames)), num_frames)

    def _encode(self, x: Tensor, groups: Sequence[FrameGroup]) -> tuple[Tensor, Tensor, Tensor]:
        """Compute codes, flow and difference of some groups; see ``Guide`` for the last two."""
        keys = pick_frames(x, [group.key for group in groups])  # (n, K, 3, h, w)
        pairs = _pairs(groups)
        if not pairs:
            nothing = x.new_zeros(x.shape[0], 0, *x.shape[2:])
            codes = self._clean(keys, torch.zeros_like(keys[:, :, :1]))
            return codes, nothing[:, :, :2].float(), nothing
        members = pick_frames(x, [pair.frame for pair in pairs])  # (n, p, 3, h, w)
        partners = pick_frames(keys, [pair.code for pair in pairs])
        if self.has_plain_codes:
            flow, difference = self._compare(members, partners)
            return keys, flow, difference
        both = torch.cat([members, partners], dim=1), torch.cat([partners, members], dim=1)
        flow, difference = self._compare(*both)
        difference, of_keys = difference.chunk(2, dim=1)
        nearby = self._see_neighbours(partners, of_keys.neg())
        codes = self._clean(keys, _mean_by_group(nearby, groups))
        return codes, flow[:, : len(pairs)], difference

    def _compare(self, ref: Tensor, supp: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the flow that brings ``supp`` onto ``ref``, and the remaining difference."""
        flow = self.flow(ref.flatten(0, 1), supp.flatten(0, 1)).unflatten(0, ref.shape[:2])
        return flow, ref - _warp(supp, flow)

    def _see_neighbours(self, keys: Tensor, difference: Tensor) -> Tensor:
        """Compute features of a neighbour for its key frame, (n, p, c, h, w)."""
        trust = torch.sigmoid(_logits(difference))
        return _each(self.neighbour_head, torch.cat([keys, trust * difference], dim=2)) * trust

    def _clean(self, keys: Tensor, nearby: Tensor) -> Tensor:
        """Correct key frames with the cleaning network, (n, K, 3, h, w)."""
        if self.has_plain_codes:
            return keys
        seen = F.leaky_relu(_each(self.key_head, keys) + nearby, 0.1)
        return keys + _each(self.cleaner, seen)

    def _carry(
        self,
        detail: Tensor,
        guide: Guide,
        made_from: Mapping[int, Sequence[_Pair]],
        grid: CellGrid,
        scale: int,
    ) -> dict[int, Tensor]:
        """Enlarge frames and add detail: the mean over all their codes, weighted by trust.

        Args:
            detail: Detail of the key frames, (n, K, 3, s*h, s*w).
            guide: Guide of all frames.
            made_from: All pairs of some frames, in the order of their numbers.
            grid: Positions of the pixels of the codes.
            scale: Scale of the codes.

        Returns:
            The frames by their indices, (n, 3, s*h, s*w).
        """
        pairs = [pair for found in made_from.values() for pair in found]
        index, codes, order = zip(*pairs, strict=True)
        ratio = self.scale // scale
        smooth = self.smooth[str(scale)]
        flow = smooth(pick_frames(guide.flow, index).mul(grid.step).flatten(0, 2)[:, None])
        flow = flow.unflatten(0, (-1, 2))
        cells = warp_to_cells(pick_frames(detail, codes).flatten(0, 1), flow, grid)
        cells = _repeat_cells(cells, 3, ratio).unflatten(0, (-1, len(pairs)))
        difference = pick_frames(guide.difference, index)
        logits = _logits(difference)
        seen = [cells, pick_frames(guide.frames, order), difference, logits / _TRUST]
        correction, doubt = _each(self.fusion, torch.cat(seen, dim=2)).split(
            [3 * self.scale**2, self.scale**2], dim=2
        )
        logits = _each(_repeat_cells, _each(smooth, logits), 1, ratio)
        trust = torch.sigmoid(logits + doubt)
        weighted = ((cells + correction).unflatten(2, (3, -1)) * trust[:, :, None]).flatten(2, 3)
        counts = [len(found) for found in made_from.values()]
        mean = _divide(_sum_by_frame(weighted, counts), _sum_by_frame(trust, counts))
        base = _each(self.enlarge[str(scale)].cells, pick_frames(guide.frames, list(made_from)))
        made = base + _each(_mean_cells, mean, 3, ratio)
        made = F.pixel_shuffle(made.to(detail.dtype), scale)
        return dict(zip(made_from, made.unbind(1), strict=True))

    def _scale(self, codes: Tensor, guide: Guide) -> int:
        """The scale of codes over LQ frames."""
        num_codes, h, w = codes.shape[1], *guide.frames.shape[-2:]
        scale = codes.shape[-1] // w
        if num_codes != len(guide.groups):
            raise ValueError(
                f"got {num_codes} codes; the guide's {guide.frames.shape[1]} frames make "
                f"{len(guide.groups)} groups, and every group has one code"
            )
        if codes.shape[-2:] != (scale * h, scale * w) or not scale or self.scale % scale:
            raise ValueError(
                f"codes of {tuple(codes.shape[-2:])} pixels do not fit LQ frames of {(h, w)} with "
                f"scale={self.scale}; expected codes that are larger by a divisor of the scale, or "
                "set autoencoder=dict(scale=...) to the VSR network's"
            )
        return scale


def _pairs(groups: Sequence[FrameGroup]) -> list[_Pair]:
    """List the pairs of every group's members with its key frame."""
    found = [(k, f) for k, group in enumerate(groups) for f in group.members]
    return [_Pair(number, k, f) for number, (k, f) in enumerate(found)]


def _joined(parts: list[Tensor] | tuple[Tensor, ...]) -> Tensor:
    """Join pieces of a clip's frames or pairs."""
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)


def _each(function, x: Tensor, *args) -> Tensor:
    """Apply a function to all frames of a clip as one batch."""
    return function(x.flatten(0, 1), *args).unflatten(0, x.shape[:2])


def _warp(x: Tensor, flow: Tensor) -> Tensor:
    flow = flow.flatten(0, 1).permute(0, 2, 3, 1)
    return flow_warp(x.flatten(0, 1), flow, padding_mode="border").unflatten(0, x.shape[:2])


def _repeat_cells(x: Tensor, channels: int, ratio: int) -> Tensor:
    """Repeat each pixel of cells (b, channels*s*s, h, w) to those of a scale ratio times larger."""
    if ratio == 1:
        return x
    scale = math.isqrt(x.shape[1] // channels)
    x = x.unflatten(1, (channels, scale, 1, scale, 1))
    return x.expand(-1, -1, -1, ratio, -1, ratio, -1, -1).flatten(1, 5)


def _mean_cells(x: Tensor, channels: int, ratio: int) -> Tensor:
    """Undo ``_repeat_cells`` by the mean."""
    if ratio == 1:
        return x
    scale = math.isqrt(x.shape[1] // channels) // ratio
    return x.unflatten(1, (channels, scale, ratio, scale, ratio)).mean(dim=(3, 5)).flatten(1, 3)


def _logits(difference: Tensor) -> Tensor:
    """Compute how far to trust a pair, (n, p, 1, h, w), from its difference after warping."""
    error = difference.abs().mean(dim=2, keepdim=True)
    error = _each(F.avg_pool2d, F.pad(error, (1, 1, 1, 1, 0, 0), mode="replicate"), 3, 1)
    return _TRUST - _DOUBT * error


def _mean_by_group(pairs: Tensor, groups: Sequence[FrameGroup]) -> Tensor:
    """Average pairs (n, p, c, h, w) by group, (n, K, c, h, w); zero for a group of one frame.

    All groups of the same size take one operation.
    """
    sizes = [len(group.members) for group in groups]
    parts = pairs.split(sizes, dim=1)
    means: dict[int, Tensor] = {}
    for size in set(sizes):
        found = [k for k, other in enumerate(sizes) if other == size]
        if size:
            mean = torch.stack([parts[k] for k in found], dim=1).mean(dim=2)
        else:
            mean = pairs.new_zeros(pairs.shape[0], len(found), *pairs.shape[2:])
        means |= zip(found, mean.unbind(1), strict=True)
    return torch.stack([means[k] for k in range(len(groups))], dim=1)


def _sum_by_frame(pairs: Tensor, counts: Sequence[int]) -> Tensor:
    """Sum pairs (n, p, c, h, w) by frame, (n, f, c, h, w), given each frame's number of pairs."""
    sums, start = [], 0
    for count, same in groupby(counts):
        number = len(list(same))
        part = pairs[:, start : start + number * count].unflatten(1, (number, count))
        sums.append(part.sum(dim=2) if count > 1 else part[:, :, 0])
        start += number * count
    return _joined(sums)


def _divide(total: Tensor, weight: Tensor) -> Tensor:
    """The weighted mean of several codes; a single code that is not trusted fades out."""
    return (total.unflatten(2, (3, -1)) / weight[:, :, None].clamp_min(1)).flatten(2, 3)
