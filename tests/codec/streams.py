"""Coded streams for the tests."""

import av
import numpy as np

from tests.codec.footage import moving_planes


def encode(path, codec, options, num_frames=12, preset="medium", container_format=None):
    """Encode moving planes with an encoder's own option string."""
    key = {"libx264": "x264-params", "libx265": "x265-params"}[codec]
    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.options = {"preset": preset, key: f"log-level=none:{options}".lstrip(":")}
        for frame in moving_planes(num_frames, 64, 96):
            packed = np.concatenate([plane.ravel() for plane in frame]).reshape(96, 96)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(packed, format="yuv420p")))
        container.mux(stream.encode(None))
    return path
