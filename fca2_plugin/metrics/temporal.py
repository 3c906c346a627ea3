"""Consistency in time: tOF and warping error.

tOF (TecoGAN, Chu et al., TOG 2020): how far the motion in the result is from that in the ground
truth. Both flows are OpenCV's Farneback on grey frames with the arguments of TecoGAN's published
evaluation; the flows are cut to multiples of 32 inside a border, and the length of their difference
is averaged over pixels, then over pairs of frames. In pixels, lower is better.

Warping error (Lai et al., ECCV 2018): how much of a frame is not its neighbour moved. The next
frame of the result is warped back by the flow of the ground truth, and the squared difference
(values in [0, 1]) is averaged over the pixels that are not occluded and over channels, then over
pairs. Occlusions and motion boundaries are found as in Ruder et al. (GCPR 2016), which Lai et al.
use. The flow is not theirs (FlowNet2): it is OpenCV's DIS, or torchvision's RAFT with given
weights, and the metric's name says which. Lower is better; the ground truth itself is not at 0.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fca2_plugin.metrics.protocols import crop_to_32

__all__ = ["TemporalOpticalFlow", "WarpError", "dis_flow", "raft_flow", "visible"]

#: pyr_scale, levels, winsize, iterations, poly_n, poly_sigma, flags: TecoGAN's evaluation
FARNEBACK = (0.5, 3, 15, 3, 5, 1.2, 0)
#: Ruder et al., eqs. 5 and 6: disocclusion and motion boundary
OCCLUSION = (0.01, 0.5)
BOUNDARY = (0.01, 0.002)
_NO_FLOW: Any = None  # to start from; OpenCV's types ask for one

Flow = Callable[[np.ndarray, np.ndarray], np.ndarray]  # RGB frames a, b to (h, w, 2), a to b


class TemporalOpticalFlow:
    """tOF of a clip; one value for each pair of neighbours."""

    name = "tof"

    def __init__(self) -> None:
        self.values: list[float] = []
        self._before: tuple[np.ndarray, np.ndarray] | None = None

    def add(self, sr: np.ndarray, gt: np.ndarray) -> None:
        """Take the next frames.

        Raises:
            ValueError: They are too small for the crop.
        """
        now = (_grey(sr), _grey(gt))
        if self._before is not None:
            sr_flow, gt_flow = (
                crop_to_32(cv2.calcOpticalFlowFarneback(a, b, _NO_FLOW, *FARNEBACK))
                for a, b in zip(self._before, now, strict=True)
            )
            self.values.append(float(np.mean(np.linalg.norm(gt_flow - sr_flow, axis=-1))))
        self._before = now

    def finish(self) -> list[float]:
        """Return the values."""
        return self.values


class WarpError:
    """Warping error of a clip; one value for each pair of neighbours.

    Args:
        flow: ``dis_flow``, or what ``raft_flow`` returns.
        name: What the values are called, with the flow in it.
    """

    def __init__(self, flow: Flow, name: str = "warp_dis") -> None:
        self.name = name
        self.flow = flow
        self.values: list[float] = []
        self._before: tuple[np.ndarray, np.ndarray] | None = None

    def add(self, sr: np.ndarray, gt: np.ndarray) -> None:
        """Take the next frames."""
        if self._before is not None:
            sr_before, gt_before = self._before
            forward, backward = self.flow(gt_before, gt), self.flow(gt, gt_before)
            seen = visible(forward, backward)
            warped, before = _warp(sr / np.float32(255), forward), sr_before / np.float32(255)
            difference = ((warped - before) ** 2)[seen] if seen.any() else (warped - before) ** 2
            self.values.append(float(np.mean(difference, dtype=np.float64)))
        self._before = (sr, gt)

    def finish(self) -> list[float]:
        """Return the values."""
        return self.values


def visible(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """Return where a pixel of the first frame is seen in the second, off motion boundaries.

    Args:
        forward: Flow from the first frame to the second.
        backward: Flow from the second to the first.

    Shape: (h, w, 2) twice to (h, w).
    """
    returned = _warp(backward, forward)
    size = _squared(forward)
    height, width = size.shape
    x, y = forward[..., 0] + np.arange(width), forward[..., 1] + np.arange(height)[:, None]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    share, least = OCCLUSION
    occluded = _squared(forward + returned) > share * (size + _squared(returned)) + least
    gradient = sum(
        _squared(np.diff(forward, axis=axis, append=_last(forward, axis))) for axis in (0, 1)
    )
    share, least = BOUNDARY
    return inside & ~occluded & (gradient <= share * size + least)


def _last(flow: np.ndarray, axis: int) -> np.ndarray:
    """The last row or column again, behind which nothing changes."""
    return np.take(flow, [-1], axis=axis)


def _squared(flow: np.ndarray) -> np.ndarray:
    return np.sum(flow * flow, axis=-1)


def _warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Bilinear: pixel p of the output is the image at p + flow(p), edges repeated."""
    height, width = flow.shape[:2]
    x = (flow[..., 0] + np.arange(width)).astype(np.float32)
    y = (flow[..., 1] + np.arange(height)[:, None]).astype(np.float32)
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _grey(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def dis_flow(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dense inverse search (Kroeger et al., ECCV 2016), OpenCV's medium preset."""
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return dis.calc(_grey(a), _grey(b), _NO_FLOW)


def raft_flow(weights: str | Path) -> Flow:
    """Return torchvision's RAFT (large) with the weights of a local file.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It contains something else.
    """
    import torch
    from torchvision.models.optical_flow import raft_large

    from fca2_plugin.metrics.perceptual import load_weights

    network = load_weights(raft_large(), weights, "torchvision's raft_large").eval()

    def to_input(frame: np.ndarray) -> torch.Tensor:
        tensor = torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 127.5 - 1
        height, width = frame.shape[:2]  # RAFT takes multiples of 8, from 128
        pad = (max(-width % 8, 128 - width), max(-height % 8, 128 - height))
        return torch.nn.functional.pad(tensor, (0, pad[0], 0, pad[1]), mode="replicate")

    @torch.inference_mode()
    def flow(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        height, width = a.shape[:2]
        found = network(to_input(a), to_input(b))[-1][0, :, :height, :width]
        return found.permute(1, 2, 0).numpy()

    return flow
