"""Run a network over the windows of a clip, with few frames in memory."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.tiles import run_tiled
from fca2_plugin.inference.windows import Window

__all__ = ["Result", "run_windows", "to_clip", "to_frames"]

Frame = TypeVar("Frame")


@dataclass(frozen=True)
class Result(Generic[Frame]):
    """A frame and its result.

    Args:
        number: Number of the frame in the clip.
        source: The input frame.
        image: (c, s*h, s*w), on the network's device; neither clipped nor rounded.
        seconds: Time in the network since the frame before; the first frame of a window includes
            what all of its frames share.
    """

    number: int
    source: Frame
    image: Tensor
    seconds: float


@torch.inference_mode()
def run_windows(
    runner: ClipRunner,
    frames: Iterator[Frame],
    windows: Iterable[Window],
    to_tensor: Callable[[Sequence[Frame]], Tensor],
    *,
    first: int = 0,
    tile: int | None = None,
    overlap: int = 0,
    types: str = "",
) -> Iterator[Result[Frame]]:
    """Run a network over a clip; only the frames of one window are in memory.

    Of its result, only few frames are if the network can be streamed (``ClipRunner.stream``).

    Args:
        runner: The network.
        frames: The clip's frames from number ``first`` on, of any kind.
        windows: The windows to run, in order.
        to_tensor: Converts frames to (1, t, c, h, w) in [0, 1].
        first: Number of the first of ``frames``.
        tile: Side of a tile; None runs whole frames.
        overlap: Pixels that tiles share.
        types: How each frame of the clip was coded, for networks that use this for planning.

    Yields:
        The frames that the windows keep, in order.

    Raises:
        ValueError: The network returned another shape, or NaN or infinity.
    """
    held: deque[Frame] = deque()  # from frame ``first`` on
    for window in windows:
        while first < window.start:
            held.popleft() if held else next(frames)
            first += 1
        while len(held) < window.stop - window.start:
            held.append(next(frames))
        seen = list(held)[: window.stop - window.start]
        shot_types = types[slice(*window.shot)]
        groups = runner.plan_window(window.shot, window.start, window.stop, shot_types)
        clip = to_tensor(seen)
        stream = partial(runner.stream, groups=groups, keep=window.keep)
        images = run_tiled(stream, clip, runner.scale, tile, overlap)
        del clip
        for offset in range(len(seen))[window.keep]:
            begun = time.perf_counter()
            image = next(images)
            _wait(runner.device)
            seconds = time.perf_counter() - begun
            if not image.sum().isfinite():  # a tenth of the time of asking every pixel
                raise ValueError(runner.not_finite(window.start + offset))
            yield Result(window.start + offset, seen[offset], image, seconds)


def to_clip(frames: Sequence[np.ndarray], device: torch.device | str) -> Tensor:
    """Convert ``uint8`` frames, RGB or luma planes, to (1, t, c, h, w) in [0, 1]."""
    clip = torch.from_numpy(np.stack(frames)).to(device)
    clip = clip[:, None] if clip.ndim == 3 else clip.permute(0, 3, 1, 2)
    return clip[None].float() / 255


def to_frames(clip: Tensor) -> list[np.ndarray]:
    """Convert (1, t, 3, h, w) to ``uint8`` RGB frames: clip to [0, 1], times 255, round."""
    frames = (clip[0].clamp(0, 1) * 255).round().byte()
    return list(frames.permute(0, 2, 3, 1).cpu().numpy())


def _wait(device: torch.device) -> None:
    if device.type == "cuda":  # otherwise only the launches would be timed
        torch.cuda.synchronize(device)
