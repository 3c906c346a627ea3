"""What to ask of an encoder.

The compressed data of COMISR and FCA² come from ``ffmpeg -i lossless.mp4 -vcodec libx264 -crf 25``:
preset medium, 10 frames per second, and YUV 4:4:4, because ffmpeg keeps full chroma when its input
is RGB. ``yuv444p`` is therefore as published, and ``yuv420p`` is what real video looks like.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from fca2_plugin._suggest import check_choice

__all__ = ["CodecSettings", "apply_settings", "check_even", "decoder_name", "padded_size"]

PRESETS = "ultrafast superfast veryfast faster fast medium slow slower veryslow placebo".split()
PIX_FMTS = {"yuv444p": 1, "yuv420p": 2}  # name -> chroma subsampling, the same in h and w
MAX_QUANTIZER = 51  # both encoders, 8 bit
DECODERS = {"libx264": "h264", "libx265": "hevc"}  # encoder -> decoder
MIN_SIDE = {"libx264": 1, "libx265": 16}  # measured: x265 refuses anything smaller

BT601 = 5  # the matrix of swscale's default, under the number that PyAV and H.264 share
LIMITED_RANGE = 1


@dataclass(frozen=True)
class CodecSettings:
    """Settings of one encode.

    Args:
        codec: ``libx264`` or ``libx265``.
        crf: Constant rate factor, 0 (lossless YUV with x264) to 51.
        qp: Constant quantizer, 0 to 51. Give ``crf`` or ``qp``; with neither the encoder
            uses its own default (CRF 23 for x264, 28 for x265).
        preset: x264's and x265's speed preset.
        pix_fmt: ``yuv444p`` (the published data) or ``yuv420p`` (real video).
        fps: Frames per second. It moves the bits a little even at a fixed CRF.
        threads: Encoder threads; 1 is reproducible, 0 lets the encoder choose.

    Raises:
        ValueError: A value is out of range, unknown, or ``crf`` and ``qp`` are both given.
    """

    codec: str = "libx264"
    crf: int | None = None
    qp: int | None = None
    preset: str = "medium"
    pix_fmt: str = "yuv444p"
    fps: Fraction | int = 10
    threads: int = 1

    def __post_init__(self) -> None:
        check_choice("codec", self.codec, DECODERS)
        check_choice("preset", self.preset, PRESETS)
        check_choice("pix_fmt", self.pix_fmt, PIX_FMTS)
        if self.crf is not None and self.qp is not None:
            raise ValueError(
                f"crf={self.crf} and qp={self.qp} exclude each other; give only one of them"
            )
        for name in ("crf", "qp"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int) and 0 <= value <= MAX_QUANTIZER):
                raise ValueError(
                    f"{name} must be a whole number from 0 to {MAX_QUANTIZER}, got {value!r}"
                )
        if not isinstance(self.fps, int | Fraction) or self.fps <= 0:
            raise ValueError(f"fps must be a positive int or Fraction, got {self.fps!r}")
        if not isinstance(self.threads, int) or self.threads < 0:
            raise ValueError(f"threads must be 0 (automatic) or more, got {self.threads!r}")


def decoder_name(settings: CodecSettings) -> str:
    """Return the name of the decoder that reads what ``settings.codec`` writes."""
    return DECODERS[settings.codec]


def padded_size(height: int, width: int, settings: CodecSettings) -> tuple[int, int]:
    """Return the smallest frame size that the encoder takes and that holds (height, width)."""
    step, least = PIX_FMTS[settings.pix_fmt], MIN_SIDE[settings.codec]
    return tuple(-(-max(side, least) // step) * step for side in (height, width))


def check_even(height: int, width: int, settings: CodecSettings) -> None:
    """Refuse a size that a file cannot hold.

    Raises:
        ValueError: The encoder would have to pad the frames.
    """
    needed = padded_size(height, width, settings)
    if needed != (height, width):
        raise ValueError(
            f"{settings.codec} with {settings.pix_fmt} cannot write frames of {width}x{height}; "
            f"use pix_fmt='yuv444p', or crop or pad them, for example to {needed[1]}x{needed[0]}"
        )


def apply_settings(context: Any, height: int, width: int, settings: CodecSettings) -> None:
    """Set up a PyAV encoder ``context`` for frames of (height, width), before it is opened."""
    context.width, context.height = width, height
    context.pix_fmt = settings.pix_fmt
    context.framerate = settings.fps
    context.time_base = 1 / Fraction(settings.fps)
    context.thread_count = settings.threads
    context.colorspace, context.color_range = BT601, LIMITED_RANGE
    options = {"preset": settings.preset}
    if settings.crf is not None:
        options["crf"] = str(settings.crf)
    if settings.codec == "libx265":  # it has no qp option of its own, and talks on stderr
        options["x265-params"] = "log-level=none"
        if settings.qp is not None:
            options["x265-params"] += f":qp={settings.qp}"
    elif settings.qp is not None:
        options["qp"] = str(settings.qp)
    context.options = options
