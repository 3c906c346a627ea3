"""The QPs of HEVC, which only FFmpeg's filter ``trace_headers`` tells: its decoder does not."""

import contextlib
import os
import re
import statistics
from collections.abc import Iterator
from typing import Any

from fca2_plugin._optional import require
from fca2_plugin.codec.container import open_media

__all__ = ["slice_qps"]

_ELEMENT = re.compile(r"(\w+) +[01]+ = (-?\d+)$")  # of ITU-T H.265, 7.3, and its value
_START = 26  # init_qp_minus26


def slice_qps(path: str | os.PathLike) -> Iterator[float | None]:
    """Yield the mean luma QP of each coded frame's slice headers, in coding order.

    What ``cu_qp_delta`` adds inside a slice is not seen. FFmpeg's log is this function's own while
    it runs: nothing else should decode in this process meanwhile.

    Args:
        path: A file whose first video is HEVC.

    Yields:
        The QP; ``None`` where FFmpeg cannot read the headers, as those of further layers.
    """
    av = require("av", "video")
    first_qps: dict[int, int] = {}  # of picture parameter sets
    with open_media(path) as container, _log_of(av) as log:
        stream = container.streams.video[0]
        tracing = av.BitStreamFilterContext("trace_headers", stream)
        for packet in container.demux(stream):
            if not packet.size:
                continue
            with contextlib.suppress(av.error.FFmpegError):
                tracing.filter(packet)
            qps = list(_read(log, first_qps))
            log.clear()
            yield statistics.mean(qps) if qps else None


def _read(log: list[tuple[int, str, str]], first_qps: dict[int, int]) -> Iterator[int]:
    """Keep what parameter sets say, and yield the QPs of slices."""
    number = 0  # of the set that is spoken of
    for *_, line in log:
        found = _ELEMENT.search(line.rstrip())
        match found and (found[1], int(found[2])):
            case ("pps_pic_parameter_set_id" | "slice_pic_parameter_set_id", number):
                pass
            case ("init_qp_minus26", value):
                first_qps[number] = _START + value
            case ("slice_qp_delta", value) if number in first_qps:
                yield first_qps[number] + value


@contextlib.contextmanager
def _log_of(av: Any) -> Iterator[list[tuple[int, str, str]]]:
    """Yield a list that FFmpeg's whole log is appended to."""
    level, skips = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.TRACE)
    av.logging.set_skip_repeated(False)
    try:
        with av.logging.Capture() as log:
            yield log
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skips)
