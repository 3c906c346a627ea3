"""What a user can choose."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fca2_plugin._suggest import check_choice
from fca2_plugin.codec.colors import MATRICES, RANGES
from fca2_plugin.codec.segment import OutputSettings
from fca2_plugin.geometry import check_phase
from fca2_plugin.inference.settings import InferenceSettings

__all__ = ["AUTO", "UpscaleOptions"]

AUTO, OFF = "auto", "off"


@dataclass(frozen=True)
class UpscaleOptions:
    """Settings of an upscale; the defaults suit most videos.

    Args:
        codec: The encoder by its FFmpeg name; by default libx264, or libvpx-vp9 for WebM.
        crf: Constant quality on the encoder's own scale; 18 for libx264.
        encoder_preset: The encoder's speed.
        pix_fmt: Pixel format; by default as in the source, with at most 10 bits.
        encoder_options: Other options of the encoder, by their FFmpeg names.
        encoder_threads: A fixed number, so that every machine writes the same bits.
        drop_unsupported: Leave out sound and subtitles that the container cannot hold.
        keep_going: Skip damaged parts of the source.
        cuts: Whether scene cuts end a chunk.
        cut_threshold: How much the mean pixel must change at a cut, 0 to 255.
        chunk: Frames that the network sees at once; None follows the memory budget.
        context: How many of these frames, at each end, are only context; None follows the network.
        tile: Side of a tile; None follows the memory budget, 0 takes whole frames.
        tile_overlap: Pixels that neighbouring tiles share.
        memory_budget_gib: What the network may use; by what is free where None.
        device: A GPU where there is one.
        dtype: Of the convolutions, as ``InferenceSettings`` has it.
        phase: Where LQ pixels lay in the network's training, a word of ``fca2_plugin.geometry``;
            what checkpoint and config say where None.
        fca2: Put FCA² of this preset around the network of a config, untrained: ``fast``.
        segment: Frames that are encoded on their own; a stopped job goes on at one's end.
        resume: Go on where an earlier job for the same result stopped.
        overwrite: Replace the result, and forget a stopped job.
        preview_seconds: Write only so much, the bicubic picture on the left.
        preview_start: Seconds into the video at which a preview begins.
        start: Seconds into the video at which the result begins, with its sound.
        end: Seconds into the video at which it ends.
        height: Lines of the result as it is shown; the width follows.
        scale: How much larger the result is, in place of ``height``; the network's own by default.
        strength: 1 is the network's picture, 0 the bicubic one, and between them a blend.
        deinterlace: ``auto`` makes whole pictures of interlaced ones, ``off`` leaves them.
        crop: ``auto`` takes black bars away, ``W:H:X:Y`` all but a part of that size and place.
        stream: The source's stream with the pictures; the best one where None.
        source_matrix: What the source's colours are made with, in place of what it says: a name of
            ``codec.colors.MATRICES``.
        source_range: Likewise, a name of ``RANGES``.

    Example:
        >>> UpscaleOptions(codec="libx265", crf=20, overwrite=True).crf
        20
    """

    codec: str | None = None
    crf: int | None = None
    encoder_preset: str | None = None
    pix_fmt: str | None = None
    encoder_options: Mapping[str, str] = field(default_factory=dict)
    encoder_threads: int = OutputSettings.threads
    drop_unsupported: bool = False
    keep_going: bool = False
    cuts: bool = True
    cut_threshold: float = 15.0
    chunk: int | None = None
    context: int | None = None
    tile: int | None = None
    tile_overlap: int = 16
    memory_budget_gib: float | None = None
    device: str | None = None
    dtype: str = InferenceSettings.dtype
    phase: str | None = None
    fca2: str | None = None
    segment: int = 240
    resume: bool = False
    overwrite: bool = False
    preview_seconds: float | None = None
    preview_start: float = 0.0
    start: float | None = None
    end: float | None = None
    height: int | None = None
    scale: float | None = None
    strength: float = 1.0
    deinterlace: str = OFF
    crop: str | None = None
    stream: int | None = None
    source_matrix: str | None = None
    source_range: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", self.settings.dtype)  # bf16 is bfloat16
        if self.phase is not None:
            check_phase(self.phase)
        check_choice("deinterlace", self.deinterlace, (AUTO, OFF))
        for name, known in (("source_matrix", MATRICES), ("source_range", RANGES)):
            if getattr(self, name) is not None:
                check_choice(name, getattr(self, name), known)
        self._check_numbers()
        self._check_together()

    def _check_numbers(self) -> None:
        at_least = {
            "chunk": 1,
            "context": 0,
            "tile": 0,
            "tile_overlap": 0,
            "segment": 1,
            "encoder_threads": 1,
            "preview_start": 0,
            "start": 0,
            "stream": 0,
        }
        for name, least in at_least.items():
            value = getattr(self, name)
            if value is not None and not least <= value < math.inf:
                raise ValueError(f"{name} must be at least {least}, got {value}")
        for name in ("memory_budget_gib", "preview_seconds", "end", "height", "scale"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{name} must be above 0 and finite, got {value}")
        for name, most in (("crf", 63), ("cut_threshold", 255)):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= most:
                raise ValueError(f"{name} must be from 0 to {most}, got {value}")
        if not 0 <= self.strength <= 1:
            raise ValueError(
                f"strength must be between 0 (the bicubic picture) and 1 (the network's), got "
                f"{self.strength}"
            )
        if self.crop not in (None, AUTO) and not re.fullmatch(r"\d+:\d+:\d+:\d+", self.crop):
            raise ValueError(
                "crop must be auto, or W:H:X:Y in pixels of the source such as 1920:800:0:140, "
                f"got {self.crop!r}"
            )

    def _check_together(self) -> None:
        if self.resume and self.overwrite:
            raise ValueError(
                "resume continues an interrupted job and overwrite discards it; give only one of "
                "them"
            )
        if self.height is not None and self.scale is not None:
            raise ValueError(
                "height and scale both set the size of the result; give only one of them"
            )
        if self.preview_seconds is not None and (self.start, self.end) != (None, None):
            raise ValueError(
                "preview and preview_start choose the part of the video; leave out start and end"
            )
        if self.preview_start and self.preview_seconds is None:
            raise ValueError(
                "preview_start is where a preview begins; add preview, or give start for a part"
            )
        if self.end is not None and self.end <= (self.start or 0):
            raise ValueError(
                f"end must be after start, got end {self.end:g} and start {self.start or 0:g}"
            )

    @property
    def part(self) -> tuple[float, float | None]:
        """From when to when, in seconds into the video; None is its end."""
        if self.preview_seconds is not None:
            return self.preview_start, self.preview_start + self.preview_seconds
        return self.start or 0.0, self.end

    @property
    def output(self) -> OutputSettings:
        """How the result is encoded, as far as that was chosen."""
        return OutputSettings(
            self.codec or "",
            self.pix_fmt or "",
            self.crf,
            self.encoder_preset,
            dict(self.encoder_options),
            self.encoder_threads,
        )

    @property
    def settings(self) -> InferenceSettings:
        """How the network runs."""
        return InferenceSettings(self.device, self.dtype)

    @property
    def network(self) -> dict[str, Any]:
        """What ``load_runner`` takes of them."""
        return {"settings": self.settings, "phase": self.phase, "fca2": self.fca2}
