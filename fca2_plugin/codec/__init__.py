"""Real codecs through PyAV: settings, an in-memory round trip, and video files.

Frames are numpy ``uint8`` RGB of shape (h, w, 3). Importing this package does not import PyAV;
the functions that need it do (``pip install 'fca2_plugin[video]'``).
"""

from fca2_plugin.codec.roundtrip import encode_decode
from fca2_plugin.codec.settings import CodecSettings
from fca2_plugin.codec.versions import library_versions
from fca2_plugin.codec.video import StreamInfo, count_frames, probe, read_video, write_video

__all__ = [
    "CodecSettings",
    "StreamInfo",
    "count_frames",
    "encode_decode",
    "library_versions",
    "probe",
    "read_video",
    "write_video",
]
