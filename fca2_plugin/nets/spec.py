"""What a network asks of its input, as data that padding, benchmark and tests read."""

from dataclasses import dataclass

__all__ = ["NetSpec"]


@dataclass(frozen=True)
class NetSpec:
    """What a network asks of its input.

    Args:
        scale: Upscaling factor; None when it follows from parts chosen by the user.
        num_frames: Frames it takes; None is any number.
        min_frames: Fewest frames it takes.
        center_only: It returns the centre frame only.
        size_multiple: Height and width must be multiples of this.
        min_size: Height and width must be at least this.
        in_channels: Channels of a frame.
        color: ``rgb`` or ``y``.
    """

    scale: int | None = 4
    num_frames: int | None = None
    min_frames: int = 1
    center_only: bool = False
    size_multiple: int = 1
    min_size: int = 1
    in_channels: int = 3
    color: str = "rgb"
