"""Real codecs through PyAV: settings, an in-memory round trip, video files, raw YUV, probing.

Frames are numpy ``uint8`` RGB of shape (h, w, 3); raw video comes as Y, U and V planes. Importing
this package does not import PyAV; the functions that need it do
(PyAV, the extra ``video``).
"""

from fca2_plugin.codec.encoders import available_codecs
from fca2_plugin.codec.frame_info import FrameInfo, frame_infos
from fca2_plugin.codec.lowdelay import LowDelay, encode_lowdelay
from fca2_plugin.codec.roundtrip import encode_decode, stream_through
from fca2_plugin.codec.settings import CodecSettings
from fca2_plugin.codec.versions import library_versions
from fca2_plugin.codec.video import StreamInfo, count_frames, probe, read_video, write_video
from fca2_plugin.codec.yuv import YuvFile, video_planes, write_yuv

__all__ = [
    "CodecSettings",
    "FrameInfo",
    "LowDelay",
    "StreamInfo",
    "YuvFile",
    "available_codecs",
    "count_frames",
    "encode_decode",
    "encode_lowdelay",
    "frame_infos",
    "library_versions",
    "probe",
    "read_video",
    "stream_through",
    "video_planes",
    "write_video",
    "write_yuv",
]
