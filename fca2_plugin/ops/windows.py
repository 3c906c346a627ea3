"""Windows of neighbouring frames, one around every frame of a clip."""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from fca2_plugin._suggest import check_choice
from fca2_plugin.ops.frame_groups import pick_frames

__all__ = ["BORDERS", "map_windows", "peak_indices", "pick_windows", "window_indices"]

BORDERS = ("replicate", "reflection", "reflection_circle", "circle")


def window_indices(num_frames: int, window: int, border: str = "reflection") -> list[list[int]]:
    """List the frames of each window, with one window around every frame.

    The names of ``border`` are BasicSR's. At frame 0, a window of 5 contains
    ``replicate`` 0 0 0 1 2, ``reflection`` 2 1 0 1 2, ``reflection_circle`` 4 3 0 1 2,
    ``circle`` 3 4 0 1 2. A clip that is too short is reflected as often as needed.

    Args:
        num_frames: Frames of the clip.
        window: Frames of a window, odd.
        border: What replaces frames before the first and after the last.

    Raises:
        ValueError: The window is even, or the border is unknown.

    Example:
        >>> window_indices(3, 3, border="replicate")
        [[0, 0, 1], [0, 1, 2], [1, 2, 2]]
    """
    check_choice("border", border, BORDERS)
    if window < 1 or window % 2 == 0:
        raise ValueError(f"a window of {window} frames has no middle frame; expected an odd number")
    last, reach = num_frames - 1, window // 2

    def inside(index: int, center: int) -> int:
        if border == "replicate":
            return min(max(index, 0), last)
        if border == "reflection_circle" and index < 0:
            index = center + reach - index
        elif border == "reflection_circle" and index > last:
            index = center - reach + last - index
        elif border == "circle" and not 0 <= index <= last:
            index += window if index < 0 else -window
        index %= max(2 * last, 1)
        return min(index, 2 * last - index)

    return [
        [inside(index, center) for index in range(center - reach, center + reach + 1)]
        for center in range(num_frames)
    ]


def peak_indices(num_frames: int, peaks: Iterable[int]) -> list[list[int]]:
    """List the last peak before each frame, the frame itself, and the first peak after it.

    The frame itself replaces a missing peak, as in MFQE.

    Args:
        num_frames: Frames of the clip.
        peaks: Numbers of the frames of high quality.

    Raises:
        ValueError: A peak outside of the clip.
    """
    peaks = sorted(set(peaks))
    outside = [peak for peak in peaks if not 0 <= peak < num_frames]
    if outside:
        raise ValueError(
            f"peaks {outside} are not in the clip of {num_frames} frames; expected numbers from 0 "
            f"to {num_frames - 1}"
        )
    return [
        [
            max((peak for peak in peaks if peak < frame), default=frame),
            frame,
            min((peak for peak in peaks if peak > frame), default=frame),
        ]
        for frame in range(num_frames)
    ]


def pick_windows(clip: Tensor, windows: Sequence[Sequence[int]]) -> Tensor:
    """Gather windows of a clip (n, t, ...), given by frame numbers, as a batch (n*k, f, ...)."""
    frames = pick_frames(clip, [frame for window in windows for frame in window])
    return frames.unflatten(1, (len(windows), -1)).flatten(0, 1)


def map_windows(
    function: Callable[[Tensor], Tensor],
    clip: Tensor,
    windows: Sequence[Sequence[int]],
    at_once: int | None = None,
) -> Tensor:
    """Run a function on many windows of a clip, some of them at once.

    Args:
        function: Maps windows (b, f, ...) to frames (b, ...).
        clip: (n, t, ...).
        windows: Numbers of the frames of each window; all windows have the same length.
        at_once: Windows of every clip that are gathered and run as one batch without gradients;
            None for all. With gradients all run at once, because everything is kept anyway.

    Shape:
        returns (n, len(windows), ...).

    Example:
        >>> clip = torch.rand(1, 3, 3, 8, 8)
        >>> smooth = map_windows(lambda window: window.mean(1), clip, window_indices(3, 3))
        >>> smooth.shape
        torch.Size([1, 3, 3, 8, 8])
    """
    at_once = None if torch.is_grad_enabled() else at_once
    size = at_once or len(windows)
    parts = [windows[start : start + size] for start in range(0, len(windows), size)]
    frames = [
        function(pick_windows(clip, some)).unflatten(0, (len(clip), len(some))) for some in parts
    ]
    return torch.cat(frames, dim=1) if len(frames) > 1 else frames[0]
