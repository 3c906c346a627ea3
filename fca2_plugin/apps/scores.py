"""From the numbers of clips to those of a data set, and their table on the terminal."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from rich.table import Table

from fca2_plugin.apps.pairs import ClipPair
from fca2_plugin.apps.tables import Cell, Line, TableView, terminal_table

__all__ = ["evaluation_table", "summarise"]

HEADERS = {  # heading and decimals
    "psnr": ("PSNR (dB)", 2),
    "ssim": ("SSIM", 4),
    "psnr_input": ("input PSNR", 2),
    "ssim_input": ("input SSIM", 4),
    "delta_psnr": ("ΔPSNR (dB)", 3),
    "delta_ssim_1e4": ("ΔSSIM (1e-4)", 1),
    "tof": ("tOF", 3),
    "warp_dis": ("warping error, DIS", 6),
    "warp_raft": ("warping error, RAFT", 6),
    "lpips": ("LPIPS", 4),
    "vmaf": ("VMAF", 2),
}
NOT_MEANS = (
    "num_frames",
    "first_frame",
    "identical_frames",
    "frames",
    "ms_per_frame",
    "plans",
    "displacement",
)


def _means(entries: Sequence[Mapping]) -> dict[str, float]:
    """The mean of every measure that all entries have."""
    return {
        key: fmean(entry[key] for entry in entries)
        for key in entries[0]
        if key not in NOT_MEANS and all(key in entry for entry in entries)
    }


def summarise(pairs: Sequence[ClipPair], results: Mapping[str, dict]) -> dict:
    """Return means, ``clips``, ``conditions`` and ``ms_per_frame`` of ``evaluate``'s result.

    Args:
        pairs: Every clip under every condition.
        results: What was measured on each, by its label.
    """
    by_condition: dict[str, dict[str, dict]] = {}
    for pair in pairs:
        by_condition.setdefault(pair.condition, {})[pair.name] = results[pair.label]
    conditions: dict[str, dict[str, Any]] = {
        name: {**_means(list(clips.values())), "clips": clips}
        for name, clips in by_condition.items()
    }
    (first, *others) = conditions.values()
    clips = first["clips"]
    if others:
        clips = {
            name: {
                **_means([condition["clips"][name] for condition in conditions.values()]),
                "num_frames": clip["num_frames"],
            }
            for name, clip in clips.items()
        }
    timed = [r for r in results.values() if r["ms_per_frame"] is not None]
    frames = sum(r["num_frames"] for r in timed)
    return {
        **_means([{k: v for k, v in c.items() if k != "clips"} for c in conditions.values()]),
        "clips": clips,
        "conditions": {} if "" in conditions else conditions,
        "ms_per_frame": (
            sum(r["ms_per_frame"] * r["num_frames"] for r in timed) / frames if timed else None
        ),
    }


def evaluation_table(result: Mapping) -> Table:
    """The result as a table for the terminal: a line a clip, and their means."""
    title = f"{result['method']} on {result['dataset']}, protocol {result['protocol']['name']}"
    conditions = result["conditions"] or {"": result}
    measures = list(_means([next(iter(next(iter(conditions.values()))["clips"].values()))]))

    def line(name: str, values: Mapping, frames: str = "") -> Line:
        texts = (f"{values[one]:.{HEADERS[one][1]}f}" for one in measures)
        return Line(name.strip(), (Cell(frames), *(Cell(text, not frames) for text in texts)))

    lines = []
    for condition, entry in conditions.items():
        for name, clip in entry["clips"].items():
            lines.append(line(f"{condition} {name}", clip, str(clip["num_frames"])))
        lines.append(line(f"{condition} mean", entry))
    if len(conditions) > 1:
        lines.append(line("all mean", result))
    heads = ("frames", *(HEADERS[one][0] for one in measures))
    return terminal_table(TableView(title, heads, tuple(lines), (), "clip"))
