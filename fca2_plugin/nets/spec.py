"""Requirements of networks on their input, as data for padding, the benchmark and tests."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from fca2_plugin.geometry import check_phase

__all__ = [
    "RECURRENT_CONTEXT",
    "HostSpecs",
    "NetSpec",
    "check_phases_agree",
    "context_of",
    "find_spec",
    "image_spec",
    "shuffle_spec",
    "window_spec",
]


#: Frames after which a recurrent network has forgotten the border of a clip, by and large.
RECURRENT_CONTEXT = 8


@dataclass(frozen=True)
class NetSpec:
    """Requirements of a network on its input.

    Args:
        scale: Upscaling factor; None if it depends on parts that the user chooses.
        num_frames: Number of frames it takes; None means any, 1 an image (n, c, h, w).
        min_frames: Smallest number of frames it takes.
        center_only: Whether it returns only the centre frame.
        size_multiple: Height and width must be multiples of this.
        min_size: Height and width must be at least this.
        in_channels: Channels of a frame.
        color: ``rgb`` or ``y``.
        phase: Position of LQ pixels in their blocks that a fixed filter in it assumes, a word of
            ``fca2_plugin.geometry``; None for a network that learns the position.

    Raises:
        ValueError: The phase is unknown.

    Example:
        >>> spec = NetSpec(scale=4, num_frames=7, center_only=True, size_multiple=4)
        >>> spec.scale, spec.num_frames
        (4, 7)
    """

    scale: int | None = 4
    num_frames: int | None = None
    min_frames: int = 1
    center_only: bool = False
    size_multiple: int = 1
    min_size: int = 1
    in_channels: int = 3
    color: str = "rgb"
    phase: str | None = None

    def __post_init__(self) -> None:
        if self.phase is not None:
            check_phase(self.phase)


#: What a host's networks ask for without saying so in data, by class name.
HostSpecs = Mapping[str, Callable[[Any], NetSpec]]


def image_spec(scale: int | None, size_multiple: int = 1) -> NetSpec:
    """Return the requirements of a network that takes images."""
    return NetSpec(scale, num_frames=1, size_multiple=size_multiple)


def window_spec(net: nn.Module, scale: int, num_frames: int, size_multiple: int = 1) -> NetSpec:
    """Return the requirements of a network that returns the middle frame of a window.

    Raises:
        ValueError: The network was built to return another frame.
    """
    middle = num_frames // 2
    index = getattr(net, "center_frame_idx", middle)
    if index != middle:
        raise ValueError(
            f"{type(net).__name__} takes {num_frames} frames and was built with "
            f"center_frame_idx={index}; expected the middle one, center_frame_idx={middle}"
        )
    return NetSpec(scale, num_frames, center_only=True, size_multiple=size_multiple)


def shuffle_spec(net: nn.Module) -> NetSpec:
    """Return the requirements of an image network that enlarges by pixel shuffles."""
    factors = [m.upscale_factor for m in net.modules() if isinstance(m, nn.PixelShuffle)]
    return image_spec(math.prod(factors))


def find_spec(net: nn.Module | None, host_specs: HostSpecs) -> NetSpec | None:
    """Return the network's ``spec``, or its entry in the host's table, or None."""
    if net is None:
        return None
    describe = host_specs.get(type(net).__name__)
    return getattr(net, "spec", None) or (describe(net) if describe else None)


def context_of(net: nn.Module | None) -> int:
    """Return the number of frames on each side of a window that affect its result, or should.

    Networks of this package have ``context_frames``; any other network is assumed to be recurrent.
    """
    return 0 if net is None else getattr(net, "context_frames", RECURRENT_CONTEXT)


def check_phases_agree(net: nn.Module | None, phase: str) -> None:
    """Check that the data have the position of LQ pixels for which the network was built.

    Args:
        net: The network.
        phase: Phase of its training data.

    Raises:
        ValueError: The phases differ.
    """
    own = getattr(getattr(net, "spec", None), "phase", None)
    if own is not None and own != phase:
        raise ValueError(
            f"the training data have LQ pixels that are {phase!r} in their blocks, but "
            f"{type(net).__name__} enlarges pixels that are {own!r}; set phase={phase!r} in the "
            "network's settings, or choose another degradation"
        )
