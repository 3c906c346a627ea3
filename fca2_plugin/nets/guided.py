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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial, reduce
from itertools import chain, groupby
from operator import attrgetter
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
from fca2_plugin.ops.frame_groups import FrameGroup, fixed_groups, groups_of, pick_frames
from fca2_plugin.ops.grouping import ChannelGrouping
from fca2_plugin.ops.pairs import (
    Pair,
    batches_of,
    list_pairs,
    mean_by_group,
    pairs_by_frame,
    sum_by_frame,
)
from fca2_plugin.ops.pieces import images_at_once, in_pieces, stack_frames
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
        num_codes, num_frames = images.shape[1], guide.frames.shape[1]
        if num_codes != len(guide.groups):
            raise ValueError(
                f"got {num_codes} codes; the guide's {num_frames} frames make {len(guide.groups)} "
                "groups, and every group has one code"
            )
        return stack_frames(self.stream_decoded([images], guide), num_frames)

    def stream_decoded(
        self, images: Iterable[Tensor], guide: Guide, keep: slice = slice(None)
    ) -> Iterator[Tensor]:
        """Decode some frames in order; see ``StreamsDecoded``."""
        wanted = range(guide.frames.shape[1])[keep]
        made_from = pairs_by_frame(guide.groups, wanted)
        codes = _CodesInUse(self, iter(images), guide, wanted, made_from)
        grid = cell_grid(guide.flow, codes.scale)
        at_once = images_at_once(len(made_from), codes.pixels, guide.flow.device)
        for batch in batches_of(wanted, made_from, max(at_once, 1)):
            frames = codes.take(batch)  # key frames
            others = [frame for frame in batch if frame in made_from]
            others.sort(key=lambda frame: len(made_from[frame]))
            if others:
                pairs = {frame: made_from[frame] for frame in others}
                frames |= self._carry(codes, guide, pairs, grid)
            codes.drop_after(batch[-1])
            for frame in batch:
                yield frames.pop(frame)

    def _encode(self, x: Tensor, groups: Sequence[FrameGroup]) -> tuple[Tensor, Tensor, Tensor]:
        """Compute codes, flow and difference of some groups; see ``Guide`` for the last two."""
        keys = pick_frames(x, [group.key for group in groups])  # (n, K, 3, h, w)
        pairs = list_pairs(groups)
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
        codes = self._clean(keys, mean_by_group(nearby, groups))
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
        codes: "_CodesInUse",
        guide: Guide,
        made_from: Mapping[int, Sequence[Pair]],
        grid: CellGrid,
    ) -> dict[int, Tensor]:
        """Enlarge frames and add detail: the mean over all their codes, weighted by trust.

        Args:
            codes: The codes, of which it needs the detail.
            guide: Guide of all frames.
            made_from: All pairs of some frames, in the order of their numbers.
            grid: Positions of the pixels of the codes.

        Returns:
            The frames by their indices, (n, 3, s*h, s*w).
        """
        pairs = [pair for found in made_from.values() for pair in found]
        at_once = len(pairs)
        if len(made_from) == 1:  # a large frame may take its codes one after the other
            at_once = images_at_once(len(pairs), codes.pixels, guide.flow.device)
        pieces = (pairs[start : start + at_once] for start in range(0, len(pairs), at_once))
        sums = [self._sum_pairs(codes, guide, piece, grid) for piece in pieces]
        total, weight = (reduce(torch.add, found) for found in zip(*sums, strict=True))
        enlarge = self.enlarge[str(codes.scale)].cells
        base = _each(enlarge, pick_frames(guide.frames, list(made_from)))
        made = base + _each(_mean_cells, _divide(total, weight), 3, self.scale // codes.scale)
        made = F.pixel_shuffle(made.to(codes.dtype), codes.scale)
        return dict(zip(made_from, made.unbind(1), strict=True))

    def _sum_pairs(
        self, codes: "_CodesInUse", guide: Guide, pairs: Sequence[Pair], grid: CellGrid
    ) -> tuple[Tensor, Tensor]:
        """Sum the weighted detail of each frame's pairs, and the weights, (n, f, c, h, w)."""
        cells = self._warp_detail(codes, guide, pairs, grid)
        cells = _repeat_cells(cells, 3, self.scale // codes.scale).unflatten(0, (-1, len(pairs)))
        weighted, trust = self._weigh(cells, guide, pairs, codes.scale)
        counts = [len(list(same)) for _, same in groupby(pairs, key=attrgetter("frame"))]
        return sum_by_frame(weighted, counts), sum_by_frame(trust, counts)

    def _warp_detail(
        self, codes: "_CodesInUse", guide: Guide, pairs: Sequence[Pair], grid: CellGrid
    ) -> Tensor:
        """Warp each pair's detail onto the other frame, to cells (n*p, 3*s*s, h, w)."""
        flow = pick_frames(guide.flow, [pair.number for pair in pairs]).mul(grid.step)
        flow = self.smooth[str(codes.scale)](flow.flatten(0, 2)[:, None]).unflatten(0, (-1, 2))
        images = torch.stack([codes.detail[pair.code] for pair in pairs], dim=1).flatten(0, 1)
        return warp_to_cells(images, flow, grid)

    def _weigh(
        self, cells: Tensor, guide: Guide, pairs: Sequence[Pair], scale: int
    ) -> tuple[Tensor, Tensor]:
        """Correct warped detail, and weigh it by how far each pair is trusted.

        Args:
            cells: Warped detail, (n, p, 3*s*s, h, w), s the largest scale.
            guide: Guide of all frames.
            pairs: p pairs.
            scale: Scale of the codes.

        Returns:
            The detail times its weight, and the weight, (n, p, s*s, h, w).
        """
        difference = pick_frames(guide.difference, [pair.number for pair in pairs])
        frames = pick_frames(guide.frames, [pair.frame for pair in pairs])
        logits = _logits(difference)
        seen = torch.cat([cells, frames, difference, logits / _TRUST], dim=2)
        correction, doubt = _each(partial(in_pieces, self.fusion), seen).split(
            [3 * self.scale**2, self.scale**2], dim=2
        )
        del seen
        logits = _each(self.smooth[str(scale)], logits)
        trust = torch.sigmoid(_each(_repeat_cells, logits, 1, self.scale // scale) + doubt)
        weighted = (cells + correction).unflatten(2, (3, -1)) * trust[:, :, None]
        return weighted.flatten(2, 3), trust

    def scale_of(self, codes: Tensor, frames: Tensor) -> int:
        """Return the scale of codes over LQ frames.

        Raises:
            ValueError: It does not divide ``scale``.
        """
        h, w = frames.shape[-2:]
        scale = codes.shape[-1] // w
        if codes.shape[-2:] != (scale * h, scale * w) or not scale or self.scale % scale:
            raise ValueError(
                f"codes of {tuple(codes.shape[-2:])} pixels do not fit LQ frames of {(h, w)} with "
                f"scale={self.scale}; expected codes that are larger by a divisor of the scale, or "
                "set autoencoder=dict(scale=...) to the VSR network's"
            )
        return scale


class _CodesInUse:
    """Super-resolved codes, from when a frame needs them until the last frame that does.

    Args:
        net: The autoencoder.
        parts: Parts of the codes in order, (n, k, 3, s*h, s*w).
        guide: The guide of all frames.
        wanted: The frames that are wanted.
        made_from: Those of them that are not key frames, with their pairs.

    Attributes:
        detail: What super-resolution added to the codes in use, (n, 3, s*h, s*w).
        scale: s.
        pixels: Pixels of one code of all clips.
        dtype: Type of the codes.
    """

    def __init__(
        self,
        net: GuidedAutoencoder,
        parts: Iterator[Tensor],
        guide: Guide,
        wanted: range,
        made_from: Mapping[int, Sequence[Pair]],
    ) -> None:
        first = next(parts)
        self.scale = net.scale_of(first, guide.frames)
        self.pixels = first.shape[0] * first.shape[-2] * first.shape[-1]
        self.dtype = first.dtype
        self.detail: dict[int, Tensor] = {}
        self._images: dict[int, Tensor] = {}
        self._parts = chain([first], parts)
        self._enlarge = net.enlarge[str(self.scale)]
        self._frames, self._keys = guide.frames, [group.key for group in guide.groups]
        self._next = groups_of(guide.groups, wanted).start
        plain = {key: [k] for k, key in enumerate(self._keys) if key in wanted}
        carried = {f: [pair.code for pair in pairs] for f, pairs in made_from.items()}
        self._needs = plain | carried
        self._plain = plain.keys() - carried.keys()
        self._last_use = {k: f for f in made_from for k in carried[f]}

    def take(self, batch: Sequence[int]) -> dict[int, Tensor]:
        """Fetch the codes that some frames need; return those of them that are key frames."""
        last = max(code for frame in batch for code in self._needs[frame])
        while self._next <= last:
            self._fetch()
        return {f: self._images.pop(self._needs[f][0]) for f in batch if f in self._plain}

    def _fetch(self) -> None:
        part = next(self._parts)
        numbers = range(self._next, self._next + part.shape[1])
        self._next = numbers.stop
        keys = [self._keys[k] for k in numbers]
        detail = part - _each(self._enlarge, pick_frames(self._frames, keys))
        for k, image, its_detail in zip(numbers, part.unbind(1), detail.unbind(1), strict=True):
            if self._keys[k] in self._plain:
                self._images[k] = image
            if k in self._last_use:
                self.detail[k] = its_detail

    def drop_after(self, frame: int) -> None:
        """Release the detail that no frame after this one needs."""
        for code in [code for code in self.detail if self._last_use[code] <= frame]:
            del self.detail[code]


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


def _divide(total: Tensor, weight: Tensor) -> Tensor:
    """The weighted mean of several codes; a single code that is not trusted fades out."""
    return (total.unflatten(2, (3, -1)) / weight[:, :, None].clamp_min(1)).flatten(2, 3)
