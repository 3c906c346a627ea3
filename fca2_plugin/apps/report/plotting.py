"""Themes, axes, legends and names in a plot: what the report's figures have in common.

Colours are of Okabe and Ito's palette, which colour-blind readers can tell apart; marker and line
style say the same again.
"""

import io
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fca2_plugin._optional import require
from fca2_plugin.apps.report.run_table import MODELS

__all__ = [
    "DARK",
    "LIGHT",
    "Said",
    "Theme",
    "new_axes",
    "new_grid",
    "legend",
    "png",
    "say",
    "say_apart",
]

DPI = 160
SIZE = (5.4, 3.7)  # inches


class Said(NamedTuple):
    """A circle's name: its place in the plot, its area in square points."""

    text: str
    at: tuple[float, float]
    area: float
    color: str

    @property
    def radius(self) -> float:
        return (self.area / math.pi) ** 0.5


class Theme(NamedTuple):
    """Colours of a page."""

    paper: str
    ink: str
    quiet: str
    grid: str
    series: tuple[str, ...]
    models: dict[str, str]


_ON_LIGHT = ("#0072b2", "#d55e00", "#6b7278", "#009e73", "#a04580", "#8a6d00", "#2a7fba")
_ON_DARK = ("#56b4e9", "#e69f00", "#a3abb3", "#2bc79b", "#e08fc0", "#f0e442", "#9bd0f5")
LIGHT = Theme(
    "#ffffff",
    "#1c2024",
    "#5b636b",
    "#e3e6e9",
    _ON_LIGHT,
    dict(zip(MODELS, (_ON_LIGHT[2], _ON_LIGHT[1], _ON_LIGHT[0]), strict=True)),
)
DARK = Theme(
    "#1b1f24",
    "#e8eaed",
    "#a3abb3",
    "#343a41",
    _ON_DARK,
    dict(zip(MODELS, (_ON_DARK[2], _ON_DARK[1], _ON_DARK[0]), strict=True)),
)


def new_axes(
    theme: Theme, size: tuple[float, float] = SIZE, label: str = "PSNR (Y), dB"
) -> tuple[Any, Any]:
    figure, (axes,) = new_grid(theme, 1, 1, size, label)
    return figure, axes


def new_grid(
    theme: Theme,
    rows: int,
    columns: int,
    size: tuple[float, float],
    label: str = "PSNR (Y), dB",
) -> tuple[Any, list]:
    # Figure without pyplot: draws with Agg and changes no global state
    figure = require("matplotlib.figure", "quickstart").Figure(
        figsize=size, dpi=DPI, layout="constrained", facecolor=theme.paper
    )
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid:
        axes.set_facecolor(theme.paper)
        axes.grid(color=theme.grid)
        axes.set_axisbelow(True)
        axes.tick_params(which="both", colors=theme.quiet, length=0)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(theme.grid)
        axes.set_ylabel(label)
        axes.xaxis.label.set_color(theme.ink)
        axes.yaxis.label.set_color(theme.ink)
    return figure, grid


def say(
    axes: Any,
    text: str,
    at: tuple[float, float],
    by: tuple[float, float],
    color: str,
    *,
    va: str = "center",
    ha: str = "left",
    line: bool = False,
) -> None:
    """Text beside a point, ``by`` points away."""
    arrow = {"arrowstyle": "-", "color": color, "lw": 0.6, "alpha": 0.7} if line else None
    axes.annotate(
        text,
        at,
        xytext=by,
        textcoords="offset points",
        va=va,
        ha=ha,
        color=color,
        fontsize=8,
        arrowprops=arrow,
    )


def say_apart(figure: Any, axes: Any, said: Sequence[Said]) -> None:
    """Name circles, each at the first place around it that covers no other name or circle."""
    canvas = require("matplotlib.backends.backend_agg", "quickstart").FigureCanvasAgg(figure)
    box_of = require("matplotlib.transforms", "quickstart").Bbox.from_extents
    figure.draw_without_rendering()  # places are known after the layout
    renderer = canvas.get_renderer()
    taken = []
    for one in said:
        x, y = axes.transData.transform(one.at)
        radius = one.radius * DPI / 72
        taken.append(box_of(x - radius, y - radius, x + radius, y + radius))
    for one in said:
        label = axes.text(*one.at, one.text, color=one.color, fontsize=8, va="center")
        size = label.get_window_extent(renderer)
        label.remove()
        x, y = axes.transData.transform(one.at)
        for right, up, side in _around(one.radius):
            left = x + right * DPI / 72 - {"left": 0, "center": 0.5, "right": 1}[side] * size.width
            low = y + up * DPI / 72 - size.height / 2
            box = box_of(left, low, left + size.width, low + size.height)
            if (
                figure.bbox.x0 <= box.x0
                and box.x1 <= figure.bbox.x1
                and not box.count_overlaps(taken)
            ):
                taken.append(box)
                say(
                    axes,
                    one.text,
                    one.at,
                    (right, up),
                    one.color,
                    ha=side,
                    line=abs(up) > one.radius + 4,
                )
                break  # nowhere: the table names it


def _around(radius: float) -> Iterator[tuple[float, float, str]]:
    """Offsets in points, nearest first, and the side the text is set from."""
    for distance in range(0, 100, 6):
        for y in (distance, -distance):
            yield radius + 3, y, "left"
            yield -radius - 3, y, "right"
            if distance > radius:
                yield 0, y, "center"


def legend(figure: Any, axes: Any, theme: Theme) -> list:
    """A legend above everything; what it shows is returned."""
    handles, labels = axes.get_legend_handles_labels()
    if not handles:
        return []
    drawn = figure.legend(
        handles,
        labels,
        loc="outside upper center",
        ncols=min(3, len(labels)),
        frameon=False,
        labelcolor=theme.ink,
    )
    return drawn.legend_handles


def png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
