"""Optical flow: known motion, OpenCV's DIS on the same frames, any size, no host's autocast."""

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from fca2_plugin.ops.flow import dense_flow
from fca2_plugin.ops.warp import flow_warp


def texture(h: int = 80, w: int = 96, seed: int = 0) -> torch.Tensor:
    """Blobs of several sizes, (1, 3, h, w) in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    noise = [torch.rand(1, 3, h // s + 2, w // s + 2, generator=generator) for s in (3, 6, 12)]
    size = (h, w)
    return sum(F.interpolate(x, size=size, mode="bicubic") for x in noise).div(3).clamp(0, 1)


def moved(x: torch.Tensor, dx: float, dy: float) -> torch.Tensor:
    flow = torch.tensor([dx, dy]).expand(len(x), *x.shape[-2:], 2)
    return flow_warp(x, flow, padding_mode="border")


@pytest.mark.parametrize(
    ("dx", "dy"), [(0, 0), (1, 0), (0, -2), (0.5, 0.25), (-1.75, 3.5), (7, -5), (-10, 4)]
)
def test_known_shifts(dx, dy):
    """``ref`` shows at p what ``supp`` shows at p + (dx, dy)."""
    supp = texture()
    flow = dense_flow(moved(supp, dx, dy), supp)[..., 16:-16, 16:-16]
    error = (flow - torch.tensor([dx, dy]).view(1, 2, 1, 1)).abs()
    assert error.mean() < 0.05
    assert error.max() < 0.5


def test_flat_frames_do_not_move():
    assert not dense_flow(torch.full((1, 3, 20, 20), 0.5), torch.full((1, 3, 20, 20), 0.5)).any()


@pytest.mark.parametrize("seed", range(3))
def test_as_good_as_dis_where_two_things_move(seed):
    """A square over a background, each its own way: the warped frame is about as near as DIS's.

    The motion's edge is where smoothing costs; on real clips the two are equal or ours is nearer.
    """
    back, front = texture(seed=seed), texture(seed=seed + 10)
    mask = torch.zeros(1, 1, 80, 96)
    mask[..., 24:56, 30:66] = 1
    supp = back * (1 - mask) + front * mask
    moved_mask = moved(mask, 2.5, -1.5)
    ref = moved(back, -1.25, 0.75) * (1 - moved_mask) + moved(front, 2.5, -1.5) * moved_mask

    def error(flow: torch.Tensor) -> float:
        warped = flow_warp(supp, flow.permute(0, 2, 3, 1), padding_mode="border")
        return (warped - ref).abs()[..., 8:-8, 8:-8].mean().item()

    grey = [(x[0].mean(dim=0) * 255).round().byte().numpy() for x in (ref, supp)]
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*grey, None)
    theirs = error(torch.from_numpy(np.moveaxis(dis, -1, 0))[None])
    ours = error(dense_flow(ref, supp))
    assert ours < 1.2 * theirs
    assert ours < 0.3 * error(torch.zeros(1, 2, 80, 96))


@pytest.mark.parametrize(("h", "w"), [(1, 1), (2, 3), (9, 33), (17, 16), (65, 31)])
def test_odd_sizes(h, w):
    flow = dense_flow(torch.rand(2, 3, h, w), torch.rand(2, 3, h, w))
    assert flow.shape == (2, 2, h, w)
    assert flow.isfinite().all()


def test_pairs_of_a_batch_do_not_meet():
    first, second = texture(seed=1), texture(seed=2)
    ref, supp = torch.cat([first, second]), torch.cat([moved(first, 1, 1), moved(second, -2, 0)])
    alone = torch.cat([dense_flow(ref[:1], supp[:1]), dense_flow(ref[1:], supp[1:])])
    torch.testing.assert_close(dense_flow(ref, supp), alone, rtol=1e-4, atol=1e-4)


def test_float32_whatever_the_frames_are():
    ref = texture().bfloat16()
    supp = moved(texture(), 2, 1).bfloat16()
    expected = dense_flow(ref.float(), supp.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        flow = dense_flow(ref, supp)
    assert flow.dtype == torch.float32
    assert torch.equal(flow, expected)


def test_no_gradient():
    assert not dense_flow(texture().requires_grad_(), texture(seed=1)).requires_grad
