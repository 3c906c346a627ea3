"""Runs a network on a clip of any size and length: fits the clip, checks and cuts the result."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from fca2_plugin.nets.spec import NetSpec
from fca2_plugin.ops.padding import mirror_time, pad_space

__all__ = ["StreamsFrames", "check_takes_clips", "run_fitted", "stream_fitted"]


@runtime_checkable
class StreamsFrames(Protocol):
    """A network from clips to clips that can return its result frame by frame.

    Frames of the result are many times larger than those of the input, so whoever runs a long clip
    needs much less memory if only one of them exists at a time. Nothing is computed for frames that
    nobody wants.
    """

    def stream_frames(self, lq: Tensor, *, keep: slice = slice(None)) -> Iterator[Tensor]:
        """Yield the frames ``keep`` of ``forward(lq)[:, keep]`` in order, (n, 3, s*h, s*w)."""


def run_fitted(net: nn.Module, spec: NetSpec, clip: Tensor, name: str) -> Tensor:
    """Pad a clip to the size that the network needs, run the network, and crop its result.

    Args:
        net: A network from clips to clips.
        spec: The network's requirements on its input.
        clip: (n, t, c, h, w).
        name: What the network is called in an error.

    Returns:
        (n, t, c, s*h, s*w).

    Raises:
        ValueError: The result does not have as many frames, each s times as high and wide.
    """
    t, _, h, w = clip.shape[1:]
    padded = _fit(clip, spec)
    result = net(padded)
    scale = _check_output(padded, result, name)
    return result[:, :t, :, : h * scale, : w * scale]


def stream_fitted(
    net: nn.Module, spec: NetSpec, clip: Tensor, name: str, keep: slice = slice(None)
) -> Iterator[Tensor]:
    """Yield frames of ``run_fitted(net, spec, clip, name)[:, keep]``, one at a time if possible.

    Args:
        net: A network from clips to clips.
        spec: The network's requirements on its input.
        clip: (n, t, c, h, w).
        name: What the network is called in an error.
        keep: The frames that are wanted.

    Yields:
        (n, c, s*h, s*w).
    """
    if not isinstance(net, StreamsFrames):
        yield from run_fitted(net, spec, clip, name)[:, keep].unbind(1)
        return
    t, _, h, w = clip.shape[1:]
    padded = _fit(clip, spec)
    wanted = range(t)[keep]
    for frame in net.stream_frames(padded, keep=slice(wanted.start, wanted.stop)):
        scale = _check_output(padded[:, :1], frame[:, None], name)
        yield frame[..., : h * scale, : w * scale]


def _fit(clip: Tensor, spec: NetSpec) -> Tensor:
    return pad_space(mirror_time(clip, spec.min_frames), spec.size_multiple, spec.min_size)


def check_takes_clips(net: nn.Module | None, spec: NetSpec, owner: str, slot: str) -> None:
    """Check that a network takes clips, not windows or images.

    Raises:
        ValueError: It takes windows or images; the message names the adapter to put around it.
    """
    if spec.num_frames is None and not spec.center_only:
        return
    name, window = type(net).__name__, spec.num_frames or "some"
    takes, adapter = (
        ("images, not clips", "FCA2FramesAsBatch")
        if spec.num_frames == 1
        else (f"{window} frames and returns the middle one", "FCA2SlidingWindow")
    )
    raise ValueError(
        f"{name} takes {takes}, but {owner} needs a network from clips to clips; give it {slot} of "
        f"type {adapter} with net of type {name}"
    )


def _check_output(clip: Tensor, result: Tensor, name: str) -> int:
    """The scale of ``result`` over ``clip``; both must have the same number of frames."""
    shape = tuple(result.shape) if isinstance(result, Tensor) else type(result).__name__
    sizes_fit = (
        isinstance(result, Tensor)
        and result.ndim == 5
        and result.shape[:3] == clip.shape[:3]
        and all(
            big % small == 0 for big, small in zip(result.shape[3:], clip.shape[3:], strict=True)
        )
        and result.shape[3] // clip.shape[3] == result.shape[4] // clip.shape[4]
    )
    if not sizes_fit:
        raise ValueError(
            f"{name} returned {shape} for a clip of {tuple(clip.shape)}; expected as many frames, "
            "each s times as high and wide; put a network that returns one frame for a window "
            "into FCA2SlidingWindow, and a network for images into FCA2FramesAsBatch"
        )
    return result.shape[3] // clip.shape[3]
