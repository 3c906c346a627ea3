"""What FFmpeg does to decoded frames before they are looked at."""

from collections.abc import Iterable, Iterator
from typing import Any

from fca2_plugin._optional import require
from fca2_plugin.codec.frames import reformat
from fca2_plugin.codec.picture import planar_format
from fca2_plugin.codec.scan import Scan

__all__ = ["conform", "deinterlace"]

# frame by frame, and only those that say that they are interlaced
BWDIF = "mode=send_frame:parity=auto:deint=interlaced"


def conform(frames: Iterable[Any], known: Scan) -> Iterator[Any]:
    """Bring frames whose size or format changes in mid-stream to those of the first."""
    for frame in frames:
        if (frame.width, frame.height, frame.format.name) != (
            known.width,
            known.height,
            known.pix_fmt,
        ):
            time, base = frame.pts, frame.time_base
            frame = reformat(
                frame, known.width, known.height, known.pix_fmt, interpolation="BICUBIC"
            )
            frame.pts, frame.time_base = time, base
        yield frame


def deinterlace(frames: Iterable[Any]) -> Iterator[Any]:
    """Make whole pictures of interlaced ones, as many as there were, by FFmpeg's bwdif.

    A picture depends on the frames beside it.
    """
    av = require("av", "video")
    graph = None
    for count, frame in enumerate(frames):
        if graph is None:
            graph = _graph(frame)
        # a filter looks at the order of times alone, and some frames have none
        frame.pts = count
        graph.vpush(frame)
        yield from _ready(graph, av)
    if graph is not None:
        graph.vpush(None)
        yield from _ready(graph, av)


def _graph(frame: Any) -> Any:
    av = require("av", "video")
    graph = av.filter.Graph()
    graph.threads = 1
    given = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    nodes = [given, graph.add("bwdif", BWDIF), graph.add("buffersink")]
    planar = planar_format(frame.format.name).name
    if not frame.format.name.startswith("yuv") or frame.format.name.startswith("yuyv"):
        nodes.insert(1, graph.add("format", f"pix_fmts={planar}"))  # bwdif wants planes
    graph.link_nodes(*nodes)
    graph.configure()
    return graph


def _ready(graph: Any, av: Any) -> Iterator[Any]:
    while True:
        try:
            yield graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
