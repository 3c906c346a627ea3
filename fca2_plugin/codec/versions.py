"""Which libraries wrote a data set.

An encoder's output changes between its builds, so a compressed data set is only reproducible with
the version beside it. x264 and x265 write theirs into the stream; libvpx and SVT-AV1, which PyAV
does not ask, are found among the libraries that this process has loaded.
"""

import ctypes
import functools
import re
from pathlib import Path

import numpy as np

from fca2_plugin._optional import require
from fca2_plugin.codec.encoders import open_encoder
from fca2_plugin.codec.frames import rgb_to_yuv
from fca2_plugin.codec.settings import CodecSettings, apply_settings

__all__ = ["library_versions"]

_BANNER = re.compile(rb"x26[45] (?:- core|\(build) [^-)\x00]*")  # in the stream's first SEI message
_PROBE_SIDE = 64
_LOADED = {  # encoder -> its library's file name, and the function that names its version
    "libvpx-vp9": ("libvpx", "vpx_codec_version_str"),
    "libsvtav1": ("libSvtAv1Enc", "svt_av1_get_version"),
}


@functools.lru_cache
def library_versions(codec: str = "libx264") -> dict[str, str]:
    """Return the versions of PyAV, FFmpeg's libraries and the encoder that do the work.

    Args:
        codec: The encoder to ask; one tiny frame is encoded for it.

    Raises:
        ValueError: The installed PyAV lacks the encoder.

    Example:
        >>> "av" in library_versions()
        True
    """
    av = require("av", "video")
    versions = {"av": av.__version__}
    for name in ("libavcodec", "libavformat", "libswscale"):
        versions[name] = ".".join(map(str, av.library_versions[name]))
    versions[codec] = _loaded_version(codec) if codec in _LOADED else _banner(codec)
    return versions


def _banner(codec: str) -> str:
    settings = CodecSettings(codec=codec, preset="ultrafast")
    encoder = open_encoder(codec)
    apply_settings(encoder, _PROBE_SIDE, _PROBE_SIDE, settings)
    grey = np.full((_PROBE_SIDE, _PROBE_SIDE, 3), 128, np.uint8)
    packets = [*encoder.encode(rgb_to_yuv(grey, settings.pix_fmt)), *encoder.encode(None)]
    banner = _BANNER.search(b"".join(map(bytes, packets)))
    return banner[0].decode().strip().replace("(", "") if banner else "unknown"


def _loaded_version(codec: str) -> str:
    open_encoder(codec)  # loads the library
    library, function = _LOADED[codec]
    maps = Path("/proc/self/maps")  # Linux only
    for line in maps.read_text().splitlines() if maps.exists() else ():
        path = Path(line.split(maxsplit=5)[-1])
        if path.name.startswith(library):
            ask = getattr(ctypes.CDLL(str(path)), function)
            ask.restype = ctypes.c_char_p
            return f"{library} {ask().decode()}"
    return "unknown"
