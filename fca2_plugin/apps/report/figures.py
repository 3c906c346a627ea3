"""The report's plots as PNG, each for a light or a dark page."""

import itertools
from collections.abc import Mapping, Sequence

from fca2_plugin._optional import require
from fca2_plugin.apps.report.paper_tables import PaperTable
from fca2_plugin.apps.report.plotting import (
    Said,
    Theme,
    legend,
    new_axes,
    new_grid,
    png,
    say,
    say_apart,
)
from fca2_plugin.apps.report.results import Evaluation
from fca2_plugin.apps.report.run_table import MODELS, models_of

__all__ = [
    "SWEEP_PLOTS",
    "frames_figure",
    "psnr_by_condition",
    "psnr_by_crf",
    "psnr_by_time",
    "sweep_figure",
    "sweep_plots",
    "tradeoff_figure",
]

STYLES = {"bicubic": ("^", ":"), "baseline": ("s", "--"), "wrapped": ("o", "-")}
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", ":", "-.")


def psnr_by_crf(results: Mapping, theme: Theme) -> bytes:
    """A run of the quickstart: PSNR against CRF, a line per model."""
    lines = {
        name: [(crf, results[name]["psnr_y"][str(crf)]) for crf in results["crfs"]]
        for name in models_of(results)
    }
    styles = _run_styles(results, theme)
    return _crf_figure(lines, styles, "CRF", theme)


def psnr_by_condition(evaluations: Sequence[Evaluation], codec: str, theme: Theme) -> bytes:
    """PSNR against CRF or QP, a line per method."""
    lines = {}
    for one in evaluations:
        points = {c: s.psnr for c, s in one.means.items() if c.startswith(codec)}
        lines[one.method] = sorted((int(c[len(codec) :]), psnr) for c, psnr in points.items())
    return _crf_figure(lines, _styles(lines, theme), codec.upper(), theme)


def _crf_figure(lines: Mapping, styles: Mapping, codec: str, theme: Theme) -> bytes:
    figure, axes = new_axes(theme)
    for name, points in lines.items():
        color, marker, line = styles[name]
        x, y = zip(*points, strict=True)
        axes.plot(x, y, color=color, marker=marker, ls=line, lw=2, ms=7, label=name)
    axes.set_xticks(sorted({x for points in lines.values() for x, _ in points}))
    axes.margins(x=0.08, y=0.1)
    axes.set_xlabel(f"{codec} of the input (higher is more compressed)")
    legend(figure, axes, theme)
    return png(figure)


def psnr_by_time(results: Mapping, theme: Theme) -> bytes:
    """A run of the quickstart: PSNR against time per output frame, a point per model and CRF.

    Bicubic is a line across where it has no time.
    """
    figure, axes = new_axes(theme)
    styles = _run_styles(results, theme)
    for index, crf in enumerate(results["crfs"]):
        points = {
            name: (results[name].get("ms_per_frame"), results[name]["psnr_y"][str(crf)])
            for name in styles
        }
        networks = [points["baseline"], points["wrapped"]]
        axes.plot(*zip(*networks, strict=True), color=theme.quiet, lw=1, zorder=1)
        for name, (ms, psnr) in points.items():
            color, marker, line = styles[name]
            style = {"color": color, "label": name if index == 0 else None}
            if ms is None:
                axes.axhline(psnr, ls=line, lw=1.5, zorder=0, **style)
                say(axes, f"CRF {crf}", (0, psnr), (4, 3), theme.quiet, va="bottom")
            else:
                axes.plot(ms, psnr, marker=marker, ms=8, ls="none", zorder=2, **style)
        say(axes, f"CRF {crf}", max(networks), (8, 0), theme.quiet)
    axes.margins(x=0.1, y=0.12)
    axes.set_xlim(0, axes.get_xlim()[1] * 1.15)  # room for what is said there
    axes.set_xlabel("ms per output frame (further left is faster)")
    legend(figure, axes, theme)
    return png(figure)


def _run_styles(results: Mapping, theme: Theme) -> dict[str, tuple[str, str, str]]:
    """Colour, marker and line of each row of a run."""
    fixed = {name: (theme.models[name], *STYLES[name]) for name in MODELS}
    return _styles(models_of(results), theme) | fixed


def tradeoff_figure(
    table: PaperTable, evaluations: Sequence[Evaluation], condition: str, theme: Theme
) -> bytes:
    """Fig. 1: PSNR against time, circles as large as the networks; printed ones are hollow."""
    figure, axes = new_axes(theme, (9.2, 5.2))
    keys = [key for key, _ in table.columns]
    said = []
    for index, row in enumerate(table.rows):
        params, ms, psnr = (row.cells[keys.index(key)][0] for key in ("params_m", "ms", condition))
        style = {"edgecolors": theme.quiet, "facecolors": "none", "zorder": 1}
        area = _area(params)
        axes.scatter(ms, psnr, s=area, label=None if index else "printed", **style)
        said.append(Said(row.name, (ms, psnr), area, theme.quiet))
    for index, one in enumerate(evaluations):
        psnr = one.means[condition].psnr
        color = theme.series[index % len(theme.series)]
        if one.ms is None:
            axes.axhline(psnr, color=color, ls=LINES[2], lw=1.5, label=f"{one.method} (no time)")
            continue
        area = _area((one.params or 0) / 1e6)
        axes.scatter(one.ms, psnr, s=area, color=color, label=f"{one.method} (measured)", zorder=2)
        said.append(Said(one.method, (one.ms, psnr), area, color))
    axes.set_xscale("log")
    axes.margins(x=0.12, y=0.14)
    axes.set_xlabel("ms per output frame (further left is faster)")
    ticker = require("matplotlib.ticker", "quickstart")
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(ticker.NullFormatter())
    for handle in legend(figure, axes, theme):
        if hasattr(handle, "set_sizes"):  # of a circle: as large as the first network otherwise
            handle.set_sizes([60])
    say_apart(figure, axes, said)
    return png(figure)


def frames_figure(evaluations: Sequence[Evaluation], condition: str, theme: Theme) -> bytes:
    """PSNR by frame, an axes per clip, a line per method."""
    clips = list(dict.fromkeys(c for one in evaluations for c in one.clips.get(condition, {})))
    columns = min(2, len(clips))
    rows = -(-len(clips) // columns)
    figure, grid = new_grid(theme, rows, columns, (5.2 * columns, 2.6 * rows + 0.5))
    styles = _styles([one.method for one in evaluations], theme)
    for clip, axes in itertools.zip_longest(clips, grid):
        if clip is None:
            axes.set_visible(False)
            continue
        for one in evaluations:
            scores = one.clips.get(condition, {}).get(clip)
            if scores is not None and scores.frames:
                color, _, line = styles[one.method]
                numbers = range(1, len(scores.frames) + 1)
                axes.plot(numbers, scores.frames, color=color, ls=line, lw=1.6, label=one.method)
        axes.set_title(clip, color=theme.ink, fontsize=10)
        axes.set_xlabel("frame")
    legend(figure, grid[0], theme)
    return png(figure)


#: Of a sweep: the value and its axis.
SWEEP_PLOTS = {
    "time": ("ms_per_frame", "ms per output frame"),
    "memory": ("peak_mib", "peak memory, MiB"),
}
GROUP_PLOTS = {"tradeoff": ("speed_ratio", "speed and bound on quality by groups")}


def sweep_plots(sweep: str) -> Mapping[str, tuple[str, str]]:
    """The plots of a sweep by name: the value that they show, and what is said of it."""
    return GROUP_PLOTS if sweep == "groups" else SWEEP_PLOTS


def sweep_figure(sweeps: Sequence[Mapping], plot: str, theme: Theme) -> bytes:
    """Fig. 10: time or memory against frames or size, both networks of every sweep of one kind.

    Of sweeps over groups: speed against codes, and PSNR from true codes against speed.
    """
    if plot in GROUP_PLOTS:
        return _groups_figure(sweeps, theme)
    key, label = SWEEP_PLOTS[plot]
    figure, axes = new_axes(theme, label=label)
    by_frames = sweeps[0]["sweep"] == "frames"
    colors = itertools.cycle(theme.series)
    for sweep in sweeps:
        name = sweep["points"][0]["network"] if len(sweeps) > 1 else ""
        for network, color in zip(("wrapped", "baseline"), colors, strict=False):
            marker, line = STYLES[network]
            points = [
                (point["frames"] if by_frames else point["size"][0], point[network])
                for point in sweep["points"]
                if point[network].get(key) is not None
            ]
            if not points:
                continue
            x = [x for x, _ in points]
            y = [values[key] for _, values in points]
            style = {"color": color, "marker": marker, "ls": line, "lw": 2, "ms": 6}
            axes.plot(x, y, label=f"{name} {network}".strip(), **style)
            if key == "ms_per_frame":
                half = [values["iqr_ms_per_frame"] / 2 for _, values in points]
                low, high = zip(
                    *((m - h, m + h) for m, h in zip(y, half, strict=True)), strict=True
                )
                axes.fill_between(x, low, high, color=color, alpha=0.2, lw=0)
    axes.set_xlabel("frames of the clip" if by_frames else "side of the LQ frames, pixels")
    axes.set_ylim(bottom=0)
    legend(figure, axes, theme)
    return png(figure)


def _groups_figure(sweeps: Sequence[Mapping], theme: Theme) -> bytes:
    figure, (left, right) = new_grid(theme, 1, 2, (9.6, 3.9), "times as fast as the baseline")
    colors = itertools.cycle(theme.series)
    for sweep in sweeps:
        points = sweep["points"]
        shares = [point["codes"] / (point["chunk_frames"] or point["frames"]) for point in points]
        speeds = [point["speed_ratio"] for point in points]
        name = points[0]["preset"] or points[0]["network"]
        color = next(colors)
        left.plot(shares, speeds, color=color, marker="o", lw=2, ms=6, label=name)
        for point, at in zip(points, zip(shares, speeds, strict=True), strict=True):
            say(left, f"{point['n_subs']}/{point['n_ovls']}", at, (6, 6), color)
        for condition, marker in zip(points[0].get("bound_psnr") or (), MARKERS, strict=False):
            found = [
                (point["speed_ratio"], point["bound_psnr"][condition])
                for point in points
                if point["bound_psnr"][condition] is not None
            ]
            if found:
                color = next(colors)
                label = f"{name}, {condition}"
                right.plot(*zip(*found, strict=True), color=color, marker=marker, lw=2, label=label)
    (low, high), limits = left.get_xlim(), left.get_ylim()
    grid = [max(low, 0.05) + (high - low) * step / 50 for step in range(51)]
    left.plot(grid, [1 / x for x in grid], color=theme.quiet, ls=":", label="if all else were free")
    left.set_xlim(low, high)
    left.set_ylim(0, limits[1] * 1.1)
    left.set_xlabel("codes for a frame")
    right.set_xlabel("times as fast as the baseline")
    right.set_ylabel("PSNR (RGB) from true codes, dB")
    legend(figure, left, theme)
    if right.lines:
        right.legend(fontsize=8, frameon=False, labelcolor=theme.ink)
    else:
        right.set_visible(False)
    return png(figure)


def _styles(names: Sequence[str] | Mapping, theme: Theme) -> dict[str, tuple[str, str, str]]:
    """Colour, marker and line of each method."""
    series = zip(
        itertools.cycle(theme.series),
        itertools.cycle(MARKERS),
        itertools.cycle(LINES),
        strict=False,
    )
    return dict(zip(names, series, strict=False))


def _area(params_m: float) -> float:
    return 30 + 22 * params_m
