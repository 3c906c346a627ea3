"""The encoders, and what each of them takes.

VP9 and AV1 stand in, locally, for a video that was uploaded to a video site and came back: the site
itself cannot be asked for the same bits twice. Their rate is Google's published target for VP9 on
demand at 320x240 and 30 frames per second, the size nearest to LQ frames: 150 kb/s, which is 0.065
bits for each pixel, held between 50 % and 145 % of that, with a key frame every 240 frames. AV1
gets 30 % less for the same quality, a saving that is often reported and not Google's number; its
encoder, SVT-AV1, takes an average alone. Sites encode in two passes; PyAV has one, and a clip of a
few dozen frames comes out larger than its target, because its key frame weighs more.
"""

import os
from dataclasses import dataclass
from typing import Any

from fca2_plugin._optional import require

__all__ = [
    "ENCODERS",
    "MIN_SIDE",
    "PLATFORM_GOP",
    "PLATFORM_RANGE",
    "PRESETS",
    "Encoder",
    "available_codecs",
    "find_encoder",
    "open_decoder",
    "open_encoder",
    "silence",
]

PLATFORM_BITS_PER_PIXEL = 0.065  # 150 kb/s / (320 * 240 * 30 per second)
AV1_SHARE = 0.7
PLATFORM_RANGE = (0.5, 1.45)
PLATFORM_GOP = 240

#: Of x264 and x265.
PRESETS = tuple(
    "ultrafast superfast veryfast faster fast medium slow slower veryslow placebo".split()
)
CPU_USED = tuple("012345678")
# x265 refuses frames below 16, and writes past its memory on some below 64 (seen with build 199:
# the process aborts, most often at a width of 48). SVT-AV1 has no rate control below 64.
MIN_SIDE = {"libx265": 64, "libsvtav1": 64}


@dataclass(frozen=True)
class Encoder:
    """What one encoder takes.

    Args:
        short: The codec's everyday name.
        decoder: PyAV's name of a decoder that reads what it writes.
        suffix: Of a file with nothing but its packets.
        presets: Speeds, by its own names.
        preset: The speed to use where none is asked for.
        rates: The fields of ``CodecSettings`` that can set its rate.
        bits_per_pixel: Its rate where none is asked for; None leaves it to the encoder.
        pix_fmts: What it codes; the first is used where none is asked for.
    """

    short: str
    decoder: str
    suffix: str
    presets: tuple[str, ...] = PRESETS
    preset: str = "medium"
    rates: tuple[str, ...] = ("crf", "qp")
    bits_per_pixel: float | None = None
    pix_fmts: tuple[str, ...] = ("yuv444p", "yuv420p")


#: By PyAV's names.
ENCODERS: dict[str, Encoder] = {
    "libx264": Encoder("x264", "h264", ".264"),
    "libx265": Encoder("x265", "hevc", ".265"),
    "libvpx-vp9": Encoder(
        "vp9",
        "libvpx-vp9",
        ".ivf",
        presets=CPU_USED,
        preset="2",
        rates=("bits_per_pixel",),
        bits_per_pixel=PLATFORM_BITS_PER_PIXEL,
    ),
    "libsvtav1": Encoder(
        "av1",
        "libdav1d",
        ".ivf",
        presets=CPU_USED,
        preset="4",
        rates=("bits_per_pixel",),
        bits_per_pixel=round(AV1_SHARE * PLATFORM_BITS_PER_PIXEL, 4),
        pix_fmts=("yuv420p",),
    ),
}


def available_codecs() -> list[str]:
    """Return the short names of the codecs that the installed PyAV can write.

    Example:
        >>> "x264" in available_codecs()
        True
    """
    return [entry.short for name, entry in ENCODERS.items() if find_encoder(name)]


def find_encoder(name: str) -> Any:
    """Return PyAV's description of an encoder; None if the installed PyAV lacks it."""
    av = require("av", "video")
    try:
        return av.Codec(name, "w")
    except av.codec.codec.UnknownCodecError:
        return None


def open_encoder(name: str) -> Any:
    """Create PyAV's encoder context.

    Raises:
        ValueError: The installed PyAV lacks it.
    """
    if not find_encoder(name):
        raise ValueError(
            f"this PyAV has no encoder {name} for {ENCODERS[name].short}; it can write "
            f"{', '.join(available_codecs()) or 'none of our codecs'}: choose one of these, or "
            "install av from PyPI, where the wheels contain all of them"
        )
    silence(name)
    return require("av", "video").CodecContext.create(name, "w")


def silence(name: str) -> None:
    """Keep an encoder from describing itself on standard error; x265 has an option for that."""
    if name == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "-1")


def open_decoder(name: str) -> Any:
    """Create the context of the decoder that reads what the encoder ``name`` writes."""
    return require("av", "video").CodecContext.create(ENCODERS[name].decoder, "r")
