"""Attention along motion trajectories over a memory of earlier frames (TTVSR, CVPR 2022).

Frames are cut into cells of 4 x 4 pixels. For every earlier key frame, a map contains the earlier
place of each cell of the current frame. Attention compares a cell only with these places, takes the
features of the best match (hard), and weighs them by their similarity (soft).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.ops.warp import flow_warp

__all__ = ["CELL", "TrajectoryAttention", "TrajectoryMemory"]

CELL = 4
_REACHES = (0, 1, 2)  # pixels by which the three kinds of remembered cells reach beyond their own


class _Stack:
    """A growing (n, k, ...) tensor: one block of memory without gradients, a list with them."""

    def __init__(self) -> None:
        self.items: list[Tensor] = []
        self.block: Tensor | None = None
        self.size = 0

    def append(self, item: Tensor) -> None:
        if torch.is_grad_enabled() or self.items:
            self.items.append(item)
            return
        size = self.size
        if self.block is None or size == self.block.shape[1]:
            grown = item.new_empty(item.shape[0], max(2 * size, 1), *item.shape[1:])
            if self.block is not None:
                grown[:, :size] = self.block
            self.block = grown
        self.block[:, size] = item
        self.size = size + 1

    def read(self) -> Tensor:
        return torch.stack(self.items, dim=1) if self.block is None else self.block[:, : self.size]


class TrajectoryMemory:
    """The memory of key frames in one direction of propagation.

    Attributes:
        places: Where each cell of the current frame lay in each key frame, (n, k, 2, h/4, w/4),
            in cells, (x, y).
    """

    def __init__(self) -> None:
        self.places: Tensor | None = None
        self.indices = _Stack()
        self.values = _Stack()

    def __len__(self) -> int:
        return 0 if self.places is None else self.places.shape[1]

    def move(self, flow: Tensor) -> None:
        """Move all places to the next frame along ``flow`` (n, 2, h, w), in pixels."""
        if self.places is None:
            return
        flow = F.avg_pool2d(flow, CELL) / CELL
        moved = flow_warp(self.places.flatten(1, 2), flow.permute(0, 2, 3, 1), "nearest", "border")
        self.places = moved.unflatten(1, (-1, 2))

    def add(self, index: Tensor, features: Tensor) -> None:
        """Remember a key frame: its index for comparison, and its values.

        Shape:
            both (n, c, h, w), sides in multiples of 4.
        """
        n, _, h, w = features.shape
        self.indices.append(F.normalize(_cells(index), dim=1))
        self.values.append(torch.cat([_cells(features, reach) for reach in _REACHES], dim=1))
        # float32 or better: bfloat16 can only count to 256 cells
        dtype = torch.promote_types(features.dtype, torch.float32)
        ys, xs = torch.meshgrid(
            torch.arange(h // CELL, device=features.device, dtype=dtype),
            torch.arange(w // CELL, device=features.device, dtype=dtype),
            indexing="ij",
        )
        here = torch.stack([xs, ys]).expand(n, 1, -1, -1, -1)
        self.places = here if self.places is None else torch.cat([self.places, here], dim=1)

    def look_up(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Find each cell's most similar predecessor.

        Shape:
            index: (n, c, h, w); returns its values (n, 3*16*c, cells) and the similarity
            (n, 1, cells).
        """
        assert self.places is not None  # the memory contains a key frame
        w = self.places.shape[-1]
        columns, rows = self.places.round().long().unbind(2)  # (n, k, h/4, w/4)
        columns, rows = columns.clamp(0, w - 1), rows.clamp(0, self.places.shape[-2] - 1)
        places = (rows * w + columns).flatten(2)  # (n, k, cells)
        query = F.normalize(_cells(index), dim=1)
        keys = self.indices.read()
        # key frame by key frame, so that memory does not grow with their number
        likeness = torch.stack(
            [
                (query * keys[:, k].gather(2, places[:, k, None].expand_as(query))).sum(dim=1)
                for k in range(len(self))
            ],
            dim=1,
        )
        best, chosen = likeness.max(dim=1, keepdim=True)  # (n, 1, cells)
        at = places.gather(1, chosen)
        batch = torch.arange(len(query), device=query.device)[:, None]
        values = self.values.read()[batch, chosen[:, 0], :, at[:, 0]]  # (n, cells, 48*c)
        return values.transpose(1, 2), best


def _cells(x: Tensor, reach: int = 0) -> Tensor:
    """Cut into cells that reach over their neighbours, scaled back to 4 x 4: (n, 16*c, cells)."""
    side = CELL + 2 * reach
    cells = F.unfold(x, side, padding=reach, stride=CELL)
    if not reach:
        return cells
    n, _, count = cells.shape
    cells = cells.transpose(1, 2).reshape(n * count, -1, side, side)
    cells = F.adaptive_avg_pool2d(cells, CELL)
    return cells.reshape(n, count, -1).transpose(1, 2)


class TrajectoryAttention(nn.Module):
    """Adds to ``anchor`` what the memory contains along the trajectories of ``index``.

    Shape:
        index, anchor: (n, channels, h, w), sides in multiples of 4; returns the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fusion = nn.Conv2d(len(_REACHES) * channels, channels, 3, padding=1)

    def forward(self, index: Tensor, anchor: Tensor, memory: TrajectoryMemory) -> Tensor:
        size = anchor.shape[-2:]
        values, likeness = memory.look_up(index)
        # the three kinds are consecutive, so one fold turns them into (n, 3*c, h, w)
        features = F.fold(values, size, CELL, stride=CELL)
        weights = F.fold(likeness.expand(-1, CELL**2, -1), size, CELL, stride=CELL)
        return anchor + self.fusion(features) * weights
