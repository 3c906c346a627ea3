"""Which libraries wrote a data set.

x264's output changes between its builds, so a compressed data set is only reproducible with the
version beside it.
"""

import functools
import re

import numpy as np

from fca2_plugin._optional import require
from fca2_plugin.codec.frames import rgb_to_yuv
from fca2_plugin.codec.settings import CodecSettings, apply_settings

__all__ = ["library_versions"]

_BANNER = re.compile(rb"x26[45] (?:- core|\(build) [^-)\x00]*")  # in the stream's first SEI message
_PROBE_SIDE = 64


@functools.lru_cache
def library_versions(codec: str = "libx264") -> dict[str, str]:
    """Return the versions of PyAV, FFmpeg's libraries and the encoder that do the work.

    Args:
        codec: The encoder to ask; one tiny frame is encoded for it.
    """
    av = require("av", "video")
    settings = CodecSettings(codec=codec, preset="ultrafast")
    encoder = av.CodecContext.create(codec, "w")
    apply_settings(encoder, _PROBE_SIDE, _PROBE_SIDE, settings)
    grey = np.full((_PROBE_SIDE, _PROBE_SIDE, 3), 128, np.uint8)
    packets = [*encoder.encode(rgb_to_yuv(grey, settings.pix_fmt)), *encoder.encode(None)]
    banner = _BANNER.search(b"".join(map(bytes, packets)))
    versions = {"av": av.__version__}
    for name in ("libavcodec", "libavformat", "libswscale"):
        versions[name] = ".".join(map(str, av.library_versions[name]))
    versions[codec] = banner[0].decode().strip().replace("(", "") if banner else "unknown"
    return versions
