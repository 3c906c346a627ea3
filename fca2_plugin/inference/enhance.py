"""Enhance a whole video frame by frame, with only one window in memory."""

from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from statistics import fmean

import numpy as np
import torch
from torch import nn

from fca2_plugin.data import MfqePair
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.metrics import get_protocol
from fca2_plugin.nets.enhancer import Enhancer
from fca2_plugin.nets.mfqe import MFQE2PairNet

__all__ = ["enhance_pair", "enhance_video", "score_enhancer"]


@torch.inference_mode()
def enhance_video(
    network: Enhancer | MFQE2PairNet,
    luma: np.ndarray,
    peaks: np.ndarray | None,
    device: torch.device | str,
) -> Iterator[np.ndarray]:
    """Enhance a video frame by frame; only the frames of one window are in memory.

    Args:
        network: An ``Enhancer`` for luma, or a pair of them, in evaluation mode on ``device``.
        luma: Y planes (n, h, w), ``uint8``, read as they are needed.
        peaks: Which frames are of peak quality, (n,) bool, for a network that ``uses_peaks``.
        device: Device of the network.

    Yields:
        (h, w) ``float32``, neither clipped nor rounded.
    """
    found = None if peaks is None else np.flatnonzero(peaks).tolist()
    state = None
    for index, window in enumerate(network.windows(len(luma), found)):
        lq = torch.from_numpy(luma[window]).to(device)
        is_peak = peaks is not None and bool(peaks[index])
        frame, state = network.step(lq[None].float() / 255, state, is_peak)
        yield frame[0, 0].float().cpu().numpy()


def enhance_pair(runner: ClipRunner, pair: MfqePair) -> Iterator[np.ndarray]:
    """Enhance the coded video of a pair, passing its peaks if the network uses them.

    Raises:
        ValueError: A frame holds NaN or infinity.
    """
    peaks = pair.peaks() if runner.network.uses_peaks else None
    frames = enhance_video(runner.network, pair.coded.luma, peaks, runner.device)
    for index, frame in enumerate(frames):
        if not np.isfinite(frame).all():
            raise ValueError(f"{pair.name}: {runner.not_finite(index)}")
        yield frame


def score_enhancer(network: nn.Module, pair: MfqePair, device: str | None = None) -> dict:
    """Measure a network on a video as ``fca2 evaluate --protocol mfqe`` does.

    Args:
        network: For luma, at scale 1; a copy of it runs, for it may be in the middle of training.
        pair: The video.
        device: Where the network runs; a GPU where there is one.

    Returns:
        Means by measure of ``Protocol.measure``, and ``frames`` with the values of each frame.
    """
    protocol = get_protocol("mfqe")
    values: dict[str, list[float]] = defaultdict(list)
    settings = InferenceSettings(device and str(device))
    runner = ClipRunner(deepcopy(network), type(network).__name__, settings)
    for triple in zip(enhance_pair(runner, pair), pair.raw.luma, pair.coded.luma, strict=True):
        for name, value in protocol.measure(*triple).items():
            values[name].append(value)
    return {**{name: fmean(of) for name, of in values.items()}, "frames": dict(values)}
