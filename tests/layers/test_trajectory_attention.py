"""Trajectory attention against loops over cells and key frames."""

import pytest
import torch
from torch.nn import functional as F

from fca2_plugin.layers.trajectory_attention import CELL, TrajectoryAttention, TrajectoryMemory


def features(seed: int, c: int = 2, h: int = 12, w: int = 16) -> torch.Tensor:
    return torch.rand(2, c, h, w, generator=torch.Generator().manual_seed(seed))


def shift(dx: float, dy: float, like: torch.Tensor) -> torch.Tensor:
    n, _, h, w = like.shape
    return like.new_tensor((dx, dy)).view(1, 2, 1, 1).expand(n, 2, h, w)


def cell(x: torch.Tensor, b: int, row: int, column: int, reach: int = 0) -> torch.Tensor:
    """A cell of (n, c, h, w) and what is around it, scaled back to 4 x 4, as a loop has it."""
    padded = F.pad(x, (reach,) * 4)
    top, left = CELL * row, CELL * column
    side = CELL + 2 * reach
    piece = padded[b : b + 1, :, top : top + side, left : left + side]
    return F.adaptive_avg_pool2d(piece, CELL).flatten()


@pytest.mark.parametrize("gradients", [False, True])
def test_the_best_place_of_all_key_frames(gradients):
    frames = [features(seed) for seed in range(5)]
    flows = [shift(*d, frames[0]) for d in ((0, 0), (4, 0), (-4, 4), (9, 1), (0, -4))]
    memory = TrajectoryMemory()
    with torch.set_grad_enabled(gradients):
        for index, frame in enumerate(frames[:-1]):
            memory.move(flows[index])
            memory.add(frame, 2 * frame)
        memory.move(flows[-1])
        values, likeness = memory.look_up(frames[-1])
    rows, columns = 12 // CELL, 16 // CELL
    for b in range(2):
        for row in range(rows):
            for column in range(columns):
                query = F.normalize(cell(frames[-1], b, row, column), dim=0)
                candidates = []
                for key in range(4):
                    y, x = float(row), float(column)
                    for flow in flows[:key:-1]:  # back in time, to the nearest cell, in bounds
                        dx, dy = flow[0, 0, 0, 0] / CELL, flow[0, 1, 0, 0] / CELL
                        x = min(max(round(x + float(dx)), 0), columns - 1)
                        y = min(max(round(y + float(dy)), 0), rows - 1)
                    index = F.normalize(cell(frames[key], b, int(y), int(x)), dim=0)
                    candidates.append((float(query @ index), key, int(y), int(x)))
                best, key, y, x = max(candidates)
                at = row * columns + column
                assert float(likeness[b, 0, at]) == pytest.approx(best, abs=1e-5)
                expected = torch.cat([cell(2 * frames[key], b, y, x, reach) for reach in range(3)])
                torch.testing.assert_close(values[b, :, at], expected)


def test_attention_adds_weighted_memory():
    torch.manual_seed(0)
    attention = TrajectoryAttention(2)
    memory = TrajectoryMemory()
    frame, anchor = features(0), features(1)
    memory.add(frame, anchor)
    out = attention(frame, anchor, memory)
    assert out.shape == anchor.shape
    # the frame's own cells: likeness 1 everywhere
    values = torch.cat(
        [
            anchor,
            *(
                F.fold(
                    torch.stack(
                        [
                            torch.stack(
                                [
                                    cell(anchor, b, row, column, reach)
                                    for row in range(3)
                                    for column in range(4)
                                ],
                                dim=1,
                            )
                            for b in range(2)
                        ]
                    ),
                    (12, 16),
                    CELL,
                    stride=CELL,
                )
                for reach in (1, 2)
            ),
        ],
        dim=1,
    )
    torch.testing.assert_close(out, anchor + attention.fusion(values))


def test_both_kinds_of_memory_agree_and_pass_gradients():
    frames = [features(seed).requires_grad_() for seed in range(4)]
    results = []
    for enabled in (True, False):
        memory = TrajectoryMemory()
        with torch.set_grad_enabled(enabled):
            for frame in frames[:-1]:
                memory.move(shift(1.0, 2.0, frame))
                memory.add(frame, frame)
            results.append(memory.look_up(frames[-1]))
        assert len(memory) == 3
    for learning, frozen in zip(*results, strict=True):
        assert torch.equal(learning, frozen)
        assert not frozen.requires_grad
    sum(result.sum() for result in results[0]).backward()
    assert all(frame.grad is not None for frame in frames)
