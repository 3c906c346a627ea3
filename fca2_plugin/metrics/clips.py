"""The measures of whole clips beside PSNR and SSIM, by name.

Each has a ``name``, takes the frames in order with ``add(sr, gt)`` and returns its values with
``finish()``: one a frame, or one a pair of neighbours.
"""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any
from typing import Protocol as TypeProtocol

import numpy as np

from fca2_plugin._suggest import check_choice
from fca2_plugin.metrics.temporal import TemporalOpticalFlow, WarpError, dis_flow, raft_flow
from fca2_plugin.metrics.vmaf import Vmaf

__all__ = ["METRICS", "ClipMetric", "start_metrics"]

#: What ``fca2 evaluate --metrics`` takes. The first two are the protocol's, and always there.
METRICS = ("psnr", "ssim", "tof", "warp", "lpips", "vmaf")


class ClipMetric(TypeProtocol):
    """What ``start_metrics`` returns for each name."""

    name: str

    def add(self, sr: np.ndarray, gt: np.ndarray) -> None: ...

    def finish(self) -> list[float]: ...


def start_metrics(
    names: Iterable[str],
    *,
    lpips_weights: str | Path | None = None,
    raft_weights: str | Path | None = None,
) -> list[ClipMetric]:
    """Return new measures for one clip, without PSNR and SSIM, which a protocol computes.

    Args:
        names: Keys of ``METRICS``.
        lpips_weights: Local file of AlexNet's weights for LPIPS.
        raft_weights: Local file of RAFT's weights for the warping error; by default it uses DIS.

    Raises:
        FileNotFoundError: Weights or programs that a measure needs are not there.
        ModuleNotFoundError: A package that it needs is not installed.
        ValueError: An unknown name, or a file of other weights.

    Example:
        >>> len(start_metrics(["psnr", "tof"]))
        1
    """
    makers: dict[str, Callable[[], ClipMetric]] = {
        "tof": TemporalOpticalFlow,
        "warp": lambda: _warp_error(None if raft_weights is None else str(raft_weights)),
        "lpips": lambda: _lpips(None if lpips_weights is None else str(lpips_weights)),
        "vmaf": Vmaf,
    }
    names = [check_choice("metric", name, METRICS) for name in dict.fromkeys(names)]
    return [makers[name]() for name in names if name in makers]


_raft = cache(raft_flow)  # one network for all clips


def _warp_error(raft_weights: str | None) -> WarpError:
    if raft_weights is None:
        return WarpError(dis_flow)
    return WarpError(_raft(raft_weights), "warp_raft")


def _lpips(weights: str | None) -> ClipMetric:
    from fca2_plugin.metrics.perceptual import Lpips, lpips_network  # needs torch, the rest not

    if weights not in _lpips_networks:
        _lpips_networks[weights] = lpips_network(weights)
    return Lpips(_lpips_networks[weights])


_lpips_networks: dict[str | None, Any] = {}
