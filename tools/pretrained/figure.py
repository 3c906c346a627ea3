"""PSNR against time, a panel for each condition: the paper's Fig. 1 of our own rows."""

from collections.abc import Mapping

from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from fca2_plugin.apps.report.figures import COLORS, QUIET, new_grid, png

from .rows import PAIRS

__all__ = ["tradeoff_png"]

MARKERS = {"bicubic": "^", "published": "s", "crf": "D", "small": "o"}


def tradeoff_png(table: Mapping) -> bytes:
    """Draw ``table.json``: a network and the same inside FCA² share a colour and a line."""
    rows = table["rows"]
    conditions = list(next(iter(rows.values()))["psnr_y"])
    figure, grid = new_grid(2, 2, (9, 6.6))
    families = {name: name for name in MARKERS} | {inside: alone for alone, inside in PAIRS}
    colors = dict(zip(MARKERS, (QUIET, *COLORS[:2], COLORS[3]), strict=True))
    for axes, condition in zip(grid, conditions, strict=True):
        for alone, inside in PAIRS:
            if alone in rows and inside in rows:
                ends = [_point(rows[name], condition) for name in (alone, inside)]
                axes.plot(*zip(*ends, strict=True), color=colors[alone], lw=1.2, zorder=1)
        for name, row in rows.items():
            family = families[name]
            wrapped = name != family
            axes.plot(
                *_point(row, condition),
                marker=MARKERS[family],
                ms=9,
                ls="none",
                color=colors[family],
                markerfacecolor="white" if wrapped else colors[family],
                markeredgewidth=1.8,
                label=f"{family} in FCA²" if wrapped else family,
                zorder=2,
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator())
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.margins(x=0.12, y=0.15)
        title = "raw" if condition == "raw" else f"CRF {condition}"
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_xlabel("ms per output frame, log scale (left is faster)")
    return png(figure, grid[0])


def _point(row: Mapping, condition: str) -> tuple[float, float]:
    return row["ms_per_frame"], row["psnr_y"][condition]
