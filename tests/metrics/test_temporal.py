"""tOF and warping error on clips whose motion is known."""

import cv2
import numpy as np
import pytest
import torch

from fca2_plugin.metrics import METRICS, start_metrics
from fca2_plugin.metrics.temporal import (
    TemporalOpticalFlow,
    WarpError,
    dis_flow,
    raft_flow,
    visible,
)

HEIGHT, WIDTH = 64, 80


def drifting(num_frames: int, step: int) -> list[np.ndarray]:
    """Smooth noise that moves right by ``step`` pixels a frame."""
    rng = np.random.default_rng(0)
    canvas = rng.integers(0, 256, (HEIGHT, WIDTH + num_frames * step + step, 3)).astype(np.float32)
    canvas = cv2.GaussianBlur(canvas, (0, 0), 2)
    canvas = cv2.normalize(canvas, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    starts = [(num_frames - t) * step for t in range(num_frames)]
    return [np.ascontiguousarray(canvas[:, s : s + WIDTH]) for s in starts]


def run(measure, sr, gt):
    for pair in zip(sr, gt, strict=True):
        measure.add(*pair)
    return measure.finish()


def test_tof_is_the_difference_of_motion():
    still, moving = [drifting(1, 1)[0]] * 3, drifting(3, 1)
    assert run(TemporalOpticalFlow(), moving, moving) == [0.0, 0.0]
    assert run(TemporalOpticalFlow(), still, moving) == pytest.approx([1, 1], abs=0.15)
    assert run(TemporalOpticalFlow(), drifting(3, 2), moving) == pytest.approx([1, 1], abs=0.15)


def test_tof_is_tecogans():
    """Written out once more: grey, Farneback with its arguments, crop, norm, mean."""
    sr, gt = drifting(2, 1), drifting(2, 2)
    flows = []
    for a, b in (sr, gt):
        grey = [cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in (a, b)]
        flow = cv2.calcOpticalFlowFarneback(*grey, None, 0.5, 3, 15, 3, 5, 1.2, 0)
        flows.append(flow[16:48, 8:72])
    expected = np.sqrt(((flows[0] - flows[1]) ** 2).sum(-1)).mean()
    assert run(TemporalOpticalFlow(), sr, gt) == pytest.approx([expected], rel=1e-6)


def test_tof_needs_pixels():
    small = [np.zeros((40, 60, 3), np.uint8)] * 2
    with pytest.raises(ValueError, match="at least 48x48 pixels, got 60x40"):
        run(TemporalOpticalFlow(), small, small)


def test_warping_by_the_true_flow_leaves_nothing():
    clip = drifting(2, 3)

    def flow(a, b):
        return np.full((HEIGHT, WIDTH, 2), (3 if a is clip[0] else -3, 0), np.float32)

    assert run(WarpError(flow), clip, clip) == pytest.approx([0], abs=1e-12)


def test_warping_error_is_the_mean_square_where_both_are_seen():
    gt = [np.full((HEIGHT, WIDTH, 3), 100, np.uint8)] * 2
    sr = [gt[0], gt[0] + np.uint8(51)]

    def still(a, b):
        return np.zeros((HEIGHT, WIDTH, 2), np.float32)

    assert run(WarpError(still), sr, gt) == pytest.approx([0.2**2], rel=1e-5)
    assert run(WarpError(still), gt, gt) == [0]


def test_flicker_costs_and_ground_truth_hardly():
    gt = drifting(3, 1)
    flicker = [
        np.clip(f.astype(int) + 12 * (i % 2), 0, 255).astype(np.uint8) for i, f in enumerate(gt)
    ]
    quiet = run(WarpError(dis_flow), gt, gt)
    assert len(quiet) == 2 and max(quiet) < 2e-4
    assert min(run(WarpError(dis_flow), flicker, gt)) > 5 * max(quiet)


def test_what_is_covered_is_not_visible():
    """A block moves right by 4 over a still ground: what it covers next, and its edges, go."""
    forward = np.zeros((32, 48, 2), np.float32)
    backward = np.zeros((32, 48, 2), np.float32)
    forward[8:24, 10:20, 0] = 4
    backward[8:24, 14:24, 0] = -4
    seen = visible(forward, backward)
    assert not seen[10:22, 20:24].any()  # ground that the block will cover
    assert seen[10:22, 12:18].all()  # the block itself
    assert seen[:6].all() and seen[:, 30:].all()  # ground far from it
    assert not seen[12, 9] and not seen[12, 19]  # edges of motion
    outside = np.full((8, 8, 2), (3, 0), np.float32)
    assert visible(outside, -outside)[:, :5].all()
    assert not visible(outside, -outside)[:, 5:].any()


def test_raft_with_weights_of_ones_own(tmp_path):
    from torchvision.models.optical_flow import raft_large

    torch.manual_seed(0)
    network = raft_large().eval()
    torch.save(network.state_dict(), tmp_path / "raft.pth")
    flow = raft_flow(tmp_path / "raft.pth")
    a, b = (np.random.default_rng(i).integers(0, 256, (128, 136, 3), np.uint8) for i in range(2))
    found = flow(a, b)
    assert found.shape == (128, 136, 2)
    tensors = [torch.from_numpy(x).permute(2, 0, 1)[None] / 127.5 - 1 for x in (a, b)]
    with torch.inference_mode():
        expected = network(*tensors)[-1][0].permute(1, 2, 0).numpy()
    assert np.allclose(found, expected, atol=1e-4)
    (measure,) = start_metrics(["warp"], raft_weights=tmp_path / "raft.pth")
    assert measure.name == "warp_raft"


def test_weights_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file .*raft.pth with the weights of"):
        raft_flow(tmp_path / "raft.pth")
    torch.save({"a": torch.zeros(1)}, tmp_path / "raft.pth")
    with pytest.raises(ValueError, match="raft.pth does not contain the weights of torchvision's"):
        raft_flow(tmp_path / "raft.pth")


def test_names():
    started = start_metrics(["psnr", "tof", "ssim", "warp", "tof"])
    assert [measure.name for measure in started] == ["tof", "warp_dis"]
    assert {"psnr", "ssim", "tof", "warp", "lpips", "vmaf"} == set(METRICS)
    with pytest.raises(ValueError, match="unknown metric 'lpip' .did you mean 'lpips'"):
        start_metrics(["lpip"])
