"""What FFmpeg does to decoded frames before they are looked at."""

from collections.abc import Iterable, Iterator
from typing import Any

from fca2_plugin._optional import require
from fca2_plugin.codec.frames import reformat
from fca2_plugin.codec.picture import planar_format
from fca2_plugin.codec.scan import Scan

__all__ = ["conform", "deinterlace"]

# frame by frame, and only those that say that they are interlaced
BWDIF = "mode=send_frame:parity={order}:deint=interlaced"
# the fields of one film frame beside each other; what stays combed says that it is interlaced.
# It looks at 8 bits, and takes the fields of its second input
FIELDMATCH = "order={order}:combmatch=full:ppsrc=1"


def conform(frames: Iterable[Any], known: Scan) -> Iterator[Any]:
    """Bring frames whose size or format changes in mid-stream to those of the first."""
    for frame in frames:  # one that is like the first is passed on as it is
        yield reformat(frame, known.width, known.height, known.pix_fmt, interpolation="BICUBIC")


def deinterlace(frames: Iterable[Any], film: str = "") -> Iterator[Any]:
    """Make whole pictures of interlaced ones, as many as there were, by FFmpeg's filters.

    A picture depends on the frames beside it.

    Args:
        frames: Decoded ``av.VideoFrame``.
        film: ``tff`` or ``bff`` for film in 3:2 pulldown, whose fields are put back together; only
            what stays combed then is deinterlaced.
    """
    av = require("av", "video")
    graph = None
    for count, frame in enumerate(frames):
        if graph is None:
            graph = _graph(frame, film)
        # a filter looks at the order of times alone, and some frames have none
        frame.pts = count
        graph.vpush(frame)
        yield from _ready(graph, av)
    if graph is not None:
        if film:  # fieldmatch keeps its last frame for itself
            frame.pts = count + 1
            graph.vpush(frame)
        graph.vpush(None)
        yield from _ready(graph, av)


def _graph(frame: Any, film: str) -> Any:
    av = require("av", "video")
    graph = av.filter.Graph()
    graph.threads = 1
    given = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    nodes = [given]
    if not frame.format.name.startswith("yuv") or frame.format.name.startswith("yuyv"):
        planar = planar_format(frame.format.name).name
        nodes.append(graph.add("format", f"pix_fmts={planar}"))  # the filters want planes
    if film:
        nodes += [graph.add("split"), graph.add("fieldmatch", FIELDMATCH.format(order=film))]
        nodes[-2].link_to(nodes[-1], 1, 1)
    nodes += [graph.add("bwdif", BWDIF.format(order=film or "auto")), graph.add("buffersink")]
    graph.link_nodes(*nodes)
    graph.configure()
    return graph


def _ready(graph: Any, av: Any) -> Iterator[Any]:
    while True:
        try:
            yield graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
