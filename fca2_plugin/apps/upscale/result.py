"""What an upscale tells while it runs, and at its end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Progress", "ProgressCallback", "UpscaleResult"]


@dataclass(frozen=True)
class Progress:
    """The progress of an upscale.

    Args:
        source: The file.
        stage: ``scan`` (decoding once, looking for cuts), ``upscale`` or ``join``.
        done: Number of finished frames.
        total: Number of all frames; None if the file does not tell.
        fps: Frames per second in this run.
        seconds_left: Estimate for this stage; None if unknown.
        share: Share of the stage's work that is done, including frames inside the network.

    Example:
        >>> Progress(Path("in.mp4"), "upscale", done=30, total=120, share=0.25).stage
        'upscale'
    """

    source: Path
    stage: str
    done: int
    total: int | None
    fps: float | None = None
    seconds_left: float | None = None
    share: float | None = None


ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True)
class UpscaleResult:
    """The result of an upscale.

    Args:
        out: The file.
        num_frames: Number of its frames; 0 if there was nothing left to do.
        height: Height of a frame.
        width: Width of a frame.
        seconds: Time of this run.
        resumed_frames: Frames that an earlier run had finished.
        notes: Notes for the user, one sentence each.

    Example:
        >>> UpscaleResult(Path("out.mp4"), num_frames=120, height=576, width=704).num_frames
        120
    """

    out: Path
    num_frames: int = 0
    height: int = 0
    width: int = 0
    seconds: float = 0.0
    resumed_frames: int = 0
    notes: tuple[str, ...] = ()
