"""What a coded video says about itself: ``fca2 probe``."""

import os
from collections import Counter
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from fca2_plugin.codec import frame_infos, probe
from fca2_plugin.data.pqf import peaks_from_qps

__all__ = ["probe_stream", "render"]


def probe_stream(path: str | os.PathLike) -> dict:
    """Return the facts of a video and of each of its frames, in display order and JSON types.

    Args:
        path: A video file, or a raw H.264 or HEVC stream.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It is not a video, is damaged, or is HEVC of a kind that is not known.
    """
    infos = list(frame_infos(path))
    if not infos:
        raise ValueError(f"{path} contains no frame that decodes; it may be cut off or damaged")
    header = probe(path)
    qps = [info.qp for info in infos if info.qp is not None]
    peaks = None if len(qps) < len(infos) else peaks_from_qps(qps).tolist()
    frames = [
        {"index": index, **asdict(info), "is_peak": peaks and peaks[index]}
        for index, info in enumerate(infos)
    ]
    num_bytes = sum(info.num_bytes for info in infos)
    fps = float(header.fps) if header.fps else None
    return {
        "file": str(path),
        "codec": header.codec,
        "size": [header.height, header.width],
        "pix_fmt": header.pix_fmt,
        "fps": fps,
        "num_frames": len(infos),
        "num_bytes": num_bytes,
        "kbps": num_bytes * 8 * fps / len(infos) / 1000 if fps else None,
        "types": dict(Counter(info.kind for info in infos)),
        "mean_qp": None if peaks is None else sum(qps) / len(qps),
        "num_peaks": peaks and sum(peaks),
        "frames": frames,
    }


def render(report: dict, console: Console) -> None:
    """Print the report: a line a frame, then the sums."""
    table = Table("frame", "type", "QP", "bytes", "", box=None)
    for frame in report["frames"]:
        qp = "" if frame["qp"] is None else f"{frame['qp']:.2f}".removesuffix(".00")
        marks = ["key"] * frame["is_key"] + ["peak"] * bool(frame["is_peak"])
        table.add_row(
            str(frame["index"]), frame["kind"], qp, str(frame["num_bytes"]), " ".join(marks)
        )
    console.print(table)
    height, width = report["size"]
    types = ", ".join(f"{count} {kind}" for kind, count in report["types"].items())
    parts = [f"{report['codec']} {width}x{height} {report['pix_fmt']}"]
    parts += [f"{report['num_frames']} frames ({types})", f"{report['num_bytes']} bytes"]
    if report["kbps"] is not None:
        parts.append(f"{report['kbps']:.1f} kb/s at {report['fps']:g} fps")
    if report["mean_qp"] is not None:
        parts.append(f"mean QP {report['mean_qp']:.2f}, {report['num_peaks']} peaks")
    console.print("; ".join(parts), highlight=False)
