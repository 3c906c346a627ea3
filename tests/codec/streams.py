"""Coded streams for the tests, and FFmpeg's own reading of HEVC headers."""

import re

import av
import av.logging
import numpy as np
from av.bitstream import BitStreamFilterContext

from fca2_plugin.codec.hevc import HevcHeaders
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


def headers_as_ffmpeg_reads_them(path, replaced=None):
    """Types and QPs by trace_headers, the filter that logs each syntax element; in coding order.

    ``replaced`` is read instead of the packets of the file.
    """
    level, skipped = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.TRACE)
    av.logging.set_skip_repeated(False)
    try:
        with av.open(str(path)) as container, av.logging.Capture() as logs:
            stream = container.streams.video[0]
            traced = BitStreamFilterContext("trace_headers", stream)
            if replaced is not None:
                logs.clear()
            for packet in container.demux(stream) if replaced is None else [av.Packet(replaced)]:
                packet.stream = stream
                traced.filter(packet if packet.size else None)
            lines = [text for _, _, text in logs]
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skipped)
    read = {name: [] for name in ("init_qp_minus26", "slice_qp_delta", "slice_type")}
    for line in lines:
        found = re.search(r"(\w+) +[01]+ = (-?\d+)", line)
        if found and found[1] in read:
            read[found[1]].append(int(found[2]))
    assert len(set(read["init_qp_minus26"])) == 1
    start = 26 + read["init_qp_minus26"][0]
    kinds = ["BPI"[number] for number in read["slice_type"]]
    return list(zip(kinds, [start + delta for delta in read["slice_qp_delta"]], strict=True))


def slices_of(path):
    """The same by our reader."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        headers = HevcHeaders(stream.codec_context.extradata)
        packets = [bytes(packet) for packet in container.demux(stream) if packet.size]
    return [(found.kind, found.qp) for data in packets for found in headers.read(data)]
