"""What to ask of an encoder.

The compressed data of COMISR and FCA² come from ``ffmpeg -i lossless.mp4 -vcodec libx264 -crf 25``:
preset medium, 10 frames per second, and YUV 4:4:4, because ffmpeg keeps full chroma when its input
is RGB. ``yuv444p`` is therefore as published, and ``yuv420p`` is what real video looks like.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from fca2_plugin._suggest import check_choice
from fca2_plugin.codec.colors import BT601, LIMITED
from fca2_plugin.codec.encoders import ENCODERS, MIN_SIDE, PLATFORM_GOP, PLATFORM_RANGE

__all__ = ["CodecSettings", "apply_settings", "check_even", "padded_size"]

PIX_FMTS = {"yuv444p": 1, "yuv420p": 2}  # name -> chroma subsampling, the same in h and w
MAX_QUANTIZER = 51  # x264 and x265, 8 bit
MAX_BITS = 100  # for each pixel: more than an uncompressed picture has


@dataclass(frozen=True)
class CodecSettings:
    """Settings of one encode.

    Give at most one of ``crf``, ``qp`` and ``bits_per_pixel``. With none, x264 and x265 use their
    own defaults (CRF 23 and 28), VP9 and AV1 the rate of a video site (see ``codec.encoders``).

    Args:
        codec: ``libx264``, ``libx265``, ``libvpx-vp9`` or ``libsvtav1``.
        crf: Constant rate factor of x264 or x265, 0 (lossless YUV with x264) to 51.
        qp: Constant quantizer of x264 or x265, 0 to 51.
        bits_per_pixel: Average rate of VP9 or AV1: bits for each pixel of each frame.
        preset: The encoder's speed: ``ultrafast`` to ``placebo`` for x264 and x265 (``medium``),
            0 (slow) to 8 for VP9 (2) and AV1 (4).
        pix_fmt: ``yuv444p`` (the published data) or ``yuv420p`` (real video, and all of AV1).
        fps: Frames per second. It moves the bits a little even at a fixed CRF.
        threads: Encoder threads; 1 is reproducible, 0 lets the encoder choose.

    Raises:
        ValueError: A value is out of range, unknown, not for this codec, or several rates are
            given.

    Example:
        >>> CodecSettings("libx264", crf=25).crf
        25
    """

    codec: str = "libx264"
    crf: int | None = None
    qp: int | None = None
    preset: str = None  # type: ignore[assignment]  # the next two become the encoder's own
    pix_fmt: str = None  # type: ignore[assignment]
    fps: Fraction | int = 10
    threads: int = 1
    bits_per_pixel: float | None = None

    def __post_init__(self) -> None:
        if self.codec == "libaom-av1":
            raise ValueError("PyAV's wheels no longer contain libaom; use libsvtav1 for AV1")
        check_choice("codec", self.codec, ENCODERS)
        encoder = ENCODERS[self.codec]
        if self.preset is None:
            object.__setattr__(self, "preset", encoder.preset)
        check_choice(f"preset of {self.codec}", self.preset, encoder.presets)
        if self.pix_fmt is None:
            object.__setattr__(self, "pix_fmt", encoder.pix_fmts[0])
        check_choice("pix_fmt", self.pix_fmt, PIX_FMTS)
        if self.pix_fmt not in encoder.pix_fmts:
            raise ValueError(
                f"{self.codec} does not take pix_fmt {self.pix_fmt}; set "
                f"{' or '.join(encoder.pix_fmts)} instead"
            )
        self._check_rate()
        if not isinstance(self.fps, int | Fraction) or self.fps <= 0:
            raise ValueError(f"fps must be a positive int or Fraction, got {self.fps!r}")
        if not isinstance(self.threads, int) or self.threads < 0:
            raise ValueError(f"threads must be 0 (automatic) or more, got {self.threads!r}")

    def _check_rate(self) -> None:
        encoder = ENCODERS[self.codec]
        given = {
            name: value
            for name in ("crf", "qp", "bits_per_pixel")
            if (value := getattr(self, name)) is not None
        }
        if len(given) > 1:
            text = " and ".join(f"{name}={value}" for name, value in given.items())
            raise ValueError(f"{text} exclude each other; give only one of them")
        for name, value in given.items():
            if name not in encoder.rates:
                raise ValueError(
                    f"{self.codec} does not take {name}; set {' or '.join(encoder.rates)} instead"
                )
            if name == "bits_per_pixel":
                if not 0 < value <= MAX_BITS:
                    raise ValueError(
                        f"bits_per_pixel (bitrate) must be above 0 and at most {MAX_BITS}, got "
                        f"{value!r}"
                    )
            elif not (isinstance(value, int) and 0 <= value <= MAX_QUANTIZER):
                raise ValueError(
                    f"{name} must be a whole number from 0 to {MAX_QUANTIZER}, got {value!r}"
                )
        if not given:
            object.__setattr__(self, "bits_per_pixel", encoder.bits_per_pixel)


def padded_size(height: int, width: int, settings: CodecSettings) -> tuple[int, int]:
    """Return the smallest frame size that the encoder takes and that holds (height, width)."""
    step, least = PIX_FMTS[settings.pix_fmt], MIN_SIDE.get(settings.codec, 1)
    return -(-max(height, least) // step) * step, -(-max(width, least) // step) * step


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
    context.colorspace, context.color_range = BT601, LIMITED
    if settings.bits_per_pixel is None:
        context.options = _quantizer_options(settings)
    else:
        rate = settings.bits_per_pixel * width * height * settings.fps
        context.bit_rate = round(rate)
        context.gop_size = PLATFORM_GOP
        context.options = _bitrate_options(settings, rate)


def _quantizer_options(settings: CodecSettings) -> dict[str, str]:
    options = {"preset": settings.preset}
    if settings.crf is not None:
        options["crf"] = str(settings.crf)
    if settings.codec == "libx265":  # it has no qp option of its own, and talks on stderr
        options["x265-params"] = "log-level=none"
        if settings.threads == 1:
            # by default it codes rows in parallel where the machine has cores: other bits
            options["x265-params"] += ":pools=none"
        if settings.qp is not None:
            options["x265-params"] += f":qp={settings.qp}"
    elif settings.qp is not None:
        options["qp"] = str(settings.qp)
    return options


def _bitrate_options(settings: CodecSettings, rate: float) -> dict[str, str]:
    if settings.codec == "libsvtav1":
        cores = f"lp={settings.threads}" if settings.threads else ""
        return {"preset": settings.preset, "svtav1-params": cores}
    return {
        "cpu-used": settings.preset,
        "row-mt": "0",
        "tile-columns": "0",
        "minrate": str(round(rate * PLATFORM_RANGE[0])),
        "maxrate": str(round(rate * PLATFORM_RANGE[1])),
        "deadline": "good",
    }
