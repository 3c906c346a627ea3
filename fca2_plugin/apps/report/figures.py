"""The report's plots as PNG. A dark page turns their colours by CSS.

Colours are of Okabe and Ito's palette, which colour-blind readers can tell apart; marker and line
style say the same again.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, zip_longest
from typing import Any

from fca2_plugin._optional import require
from fca2_plugin.apps.report.papers import PaperTable
from fca2_plugin.apps.report.results import Evaluation, conditions_of

__all__ = [
    "COLORS",
    "QUIET",
    "frames_figure",
    "new_grid",
    "png",
    "psnr_by_condition",
    "psnr_by_time",
    "sweep_figures",
    "tradeoff_figure",
]

COLORS = ("#0072b2", "#d55e00", "#6b7278", "#009e73", "#a04580", "#8a6d00", "#2a7fba")
QUIET = "#5b636b"
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", ":", "-.")
TIME = "ms per output frame (further left is faster)"
#: Plots of a sweep: the value and its axis.
SWEEP_PLOTS = {
    "time": ("ms_per_frame", "ms per output frame"),
    "memory": ("peak_mib", "peak memory, MiB"),
}


def new_grid(
    rows: int = 1,
    columns: int = 1,
    size: tuple[float, float] = (5.4, 3.7),
    label: str = "PSNR (Y), dB",
) -> tuple[Any, list]:
    """A figure of some inches and its axes."""
    # Figure without pyplot: draws with Agg and changes no global state
    figure = require("matplotlib.figure", "quickstart").Figure(size, dpi=160, layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid:
        axes.grid(color="#e3e6e9")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_ylabel(label)
    return figure, grid


def png(figure: Any, axes: Any) -> bytes:
    """The figure with the legend of ``axes`` above it."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        place = {"loc": "outside upper center", "ncols": min(3, len(labels)), "frameon": False}
        for handle in figure.legend(handles, labels, **place).legend_handles:
            if hasattr(handle, "set_sizes"):  # of a circle: as large as the first network otherwise
                handle.set_sizes([60])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def psnr_by_condition(evaluations: Sequence[Evaluation], codec: str) -> bytes:
    """PSNR against CRF or QP, a line per method."""
    figure, (axes,) = new_grid()
    numbers: set[int] = set()
    for one, style in zip(evaluations, _styles(), strict=False):
        points = {c: scores.psnr for c, scores in one.means.items() if c.startswith(codec)}
        x, y = zip(*sorted((int(c[len(codec) :]), psnr) for c, psnr in points.items()), strict=True)
        axes.plot(x, y, label=one.method, **style)
        numbers.update(x)
    axes.set_xticks(sorted(numbers))
    axes.set_xlabel(f"{codec.upper()} of the input (higher is more compressed)")
    return png(figure, axes)


def psnr_by_time(evaluations: Sequence[Evaluation]) -> bytes:
    """PSNR against time per output frame: a point per method and condition.

    A thin line joins what has one condition; a method without a time is a line across.
    """
    figure, (axes,) = new_grid()
    for one, style in zip(evaluations, _styles(), strict=False):
        psnr = [scores.psnr for scores in one.means.values()]
        if one.ms is None:
            for level, value in enumerate(psnr):
                label = None if level else f"{one.method} (no time)"
                axes.axhline(value, color=style["color"], ls=":", label=label)
        else:
            style = {**style, "ls": "none"}
            axes.plot([one.ms] * len(psnr), psnr, label=one.method, zorder=2, **style)
    for condition in conditions_of(evaluations):
        points = sorted(
            (one.ms, one.means[condition].psnr)
            for one in evaluations
            if one.ms is not None and condition in one.means
        )
        axes.plot(*zip(*points, strict=True), color=QUIET, lw=0.8, zorder=1)
        _say(axes, condition.upper().replace("CRF", "CRF "), points[-1], QUIET)
    axes.set_xlim(0, axes.get_xlim()[1] * 1.15)  # room for what is said there
    axes.set_xlabel(TIME)
    return png(figure, axes)


def tradeoff_figure(table: PaperTable, evaluations: Sequence[Evaluation], condition: str) -> bytes:
    """Fig. 1: PSNR against time, circles as large as the networks; printed ones are hollow.

    A number in a circle is that of the printed row.
    """
    figure, (axes,) = new_grid(size=(9.2, 5.2))
    for number, row in enumerate(table.rows, 1):
        (params,), (ms,), (psnr, _) = (row.cells[key] for key in ("params_m", "ms", condition))
        label = f"{number} {row.name} (printed)"
        axes.scatter(ms, psnr, _area(params), "none", edgecolors=QUIET, label=label)
        side = "right" if number % 2 else "left"  # circles may cover each other
        axes.annotate(str(number), (ms, psnr), ha=side, va="center", fontsize=7, color=QUIET)
    for one, style in zip(evaluations, _styles(), strict=False):
        psnr, color = one.means[condition].psnr, style["color"]
        if one.ms is None:
            axes.axhline(psnr, color=color, ls=":", label=f"{one.method} (no time)")
        else:
            area, label = _area((one.params or 0) / 1e6), f"{one.method} (measured)"
            axes.scatter(one.ms, psnr, area, color, label=label, zorder=3)
    axes.set_xscale("log")
    axes.margins(x=0.12, y=0.14)
    axes.set_xlabel(TIME)
    ticker = require("matplotlib.ticker", "quickstart")
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(ticker.NullFormatter())
    return png(figure, axes)


def frames_figure(evaluations: Sequence[Evaluation], condition: str) -> bytes:
    """PSNR by frame, an axes per clip, a line per method."""
    clips = list(dict.fromkeys(c for one in evaluations for c in one.clips_of(condition)))
    columns = min(2, len(clips))
    rows = -(-len(clips) // columns)
    figure, grid = new_grid(rows, columns, (5.2 * columns, 2.6 * rows + 0.5))
    for clip, axes in zip_longest(clips, grid):
        if clip is None:
            axes.set_visible(False)
            continue
        for one, style in zip(evaluations, _styles(), strict=False):
            scores = one.clips_of(condition).get(clip)
            if scores is not None and scores.frames:
                style = {**style, "marker": ""}
                axes.plot(
                    range(1, len(scores.frames) + 1), scores.frames, label=one.method, **style
                )
        axes.set_title(clip, fontsize=10)
        axes.set_xlabel("frame")
    return png(figure, grid[0])


def sweep_figures(sweeps: Sequence[Mapping]) -> Iterator[tuple[str, str, bytes]]:
    """Plots of sweeps of one kind: name, what is said of it, and the figure.

    Fig. 10: time and memory against frames or size, both networks of every sweep. Of sweeps over
    groups: speed against codes, and PSNR from true codes against speed.
    """
    if sweeps[0]["sweep"] == "groups":
        yield "tradeoff", "speed and bound on quality by groups", _groups_figure(sweeps)
        return
    for name, (key, label) in SWEEP_PLOTS.items():
        yield name, label, _sweep_figure(sweeps, key, label)


def _sweep_figure(sweeps: Sequence[Mapping], key: str, label: str) -> bytes:
    figure, (axes,) = new_grid(label=label)
    by_frames = sweeps[0]["sweep"] == "frames"
    styles = _styles()
    for sweep in sweeps:
        name = sweep["points"][0]["network"] if len(sweeps) > 1 else ""
        for network in ("wrapped", "baseline"):
            style = next(styles)
            points = [
                (point["frames"] if by_frames else point["size"][0], point[network])
                for point in sweep["points"]
                if point[network].get(key) is not None
            ]
            if not points:
                continue
            x, found = zip(*points, strict=True)
            y = [values[key] for values in found]
            axes.plot(x, y, label=f"{name} {network}".strip(), **style)
            if key == "ms_per_frame":
                half = [values["iqr_ms_per_frame"] / 2 for values in found]
                low, high = (
                    [m + sign * h for m, h in zip(y, half, strict=True)] for sign in (-1, 1)
                )
                axes.fill_between(x, low, high, color=style["color"], alpha=0.2, lw=0)
    axes.set_xlabel("frames of the clip" if by_frames else "side of the LQ frames, pixels")
    axes.set_ylim(bottom=0)
    return png(figure, axes)


def _groups_figure(sweeps: Sequence[Mapping]) -> bytes:
    times = "times as fast as the baseline"
    figure, (left, right) = new_grid(1, 2, (9.6, 3.9), times)
    styles = _styles()
    for points in (sweep["points"] for sweep in sweeps):
        shares = [point["codes"] / (point["chunk_frames"] or point["frames"]) for point in points]
        speeds = [point["speed_ratio"] for point in points]
        name, style = points[0]["preset"] or points[0]["network"], next(styles)
        left.plot(shares, speeds, label=name, **style)
        for point, at in zip(points, zip(shares, speeds, strict=True), strict=True):
            _say(left, f"{point['n_subs']}/{point['n_ovls']}", at, style["color"])
        for condition in points[0].get("bound_psnr") or ():
            found = [(p["speed_ratio"], p["bound_psnr"][condition]) for p in points]
            found = [(speed, psnr) for speed, psnr in found if psnr is not None]
            if found:
                label = f"{name}, {condition}"
                right.plot(*zip(*found, strict=True), label=label, **next(styles))
    (low, high), limits = left.get_xlim(), left.get_ylim()
    grid = [max(low, 0.05) + (high - low) * step / 50 for step in range(51)]
    left.plot(grid, [1 / x for x in grid], color=QUIET, ls=":", label="if all else were free")
    left.set_xlim(low, high)
    left.set_ylim(0, limits[1] * 1.1)
    left.set_xlabel("codes for a frame")
    right.set(xlabel=times, ylabel="PSNR (RGB) from true codes, dB")
    if right.lines:
        right.legend(fontsize=8, frameon=False)
    else:
        right.set_visible(False)
    return png(figure, left)


def _styles() -> Iterator[dict[str, Any]]:
    """Colour, marker and line of one method after the other."""
    for color, marker, line in zip(cycle(COLORS), cycle(MARKERS), cycle(LINES), strict=False):
        yield {"color": color, "marker": marker, "ls": line, "lw": 2, "ms": 6}


def _say(axes: Any, text: str, at: tuple[float, float], color: str) -> None:
    """Text right of a point."""
    style = {"textcoords": "offset points", "va": "center", "fontsize": 8, "color": color}
    axes.annotate(text, at, (8, 0), **style)


def _area(params_m: float) -> float:
    return 30 + 22 * params_m
