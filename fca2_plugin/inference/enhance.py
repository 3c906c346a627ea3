"""Enhancing a whole video frame by frame, with the window of one frame in memory."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

__all__ = ["enhance_video"]


@torch.inference_mode()
def enhance_video(
    network: nn.Module,
    luma: np.ndarray,
    peaks: np.ndarray | None,
    device: torch.device | str,
) -> Iterator[np.ndarray]:
    """Enhance a video frame by frame; only the frames of one window are in memory.

    Args:
        network: An ``Enhancer`` for luma, or a pair of them, in evaluation mode on ``device``.
        luma: Y planes (n, h, w), ``uint8``, read as they are needed.
        peaks: Which frames are of peak quality, (n,) bool, for a network that ``uses_peaks``.
        device: Where the network is.

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
