"""What an upscale tells while it runs, and at its end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Progress", "ProgressCallback", "UpscaleResult"]


@dataclass(frozen=True)
class Progress:
    """Where an upscale stands.

    Args:
        source: The file.
        stage: ``scan`` (decoding once, looking for cuts), ``upscale`` or ``join``.
        done: Frames.
        total: Frames, None where the file does not say.
        fps: Frames per second in this run.
        seconds_left: Of this stage, None where nobody knows.
        share: Of the stage's work that is done, frames that are still in the network included.

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
    """What was made.

    Args:
        out: The file.
        num_frames: Its frames; 0 where nothing was left to do.
        height: Of a frame.
        width: Of a frame.
        seconds: That this run took.
        resumed_frames: Frames that an earlier run had finished.
        notes: What there is to know, a sentence each.

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
