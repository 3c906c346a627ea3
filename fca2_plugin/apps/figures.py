"""The report's plots, and pictures as data that an HTML page can hold.

Colours are of Okabe and Ito's palette, which colour-blind readers can tell apart; marker and line
style say the same again. Every plot is drawn for a light and for a dark page.
"""

import base64
import io
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from fca2_plugin._optional import require
from fca2_plugin.apps.summary import MODELS

__all__ = ["DARK", "LIGHT", "png_uri", "psnr_by_crf", "psnr_by_time"]

DPI = 160
SIZE = (5.4, 3.7)  # inches
STYLES = {"bicubic": ("^", ":"), "baseline": ("s", "--"), "wrapped": ("o", "-")}


class Theme(NamedTuple):
    """Colours of a page."""

    paper: str
    ink: str
    quiet: str
    grid: str
    models: dict[str, str]


LIGHT = Theme(
    "#ffffff",
    "#1c2024",
    "#5b636b",
    "#e3e6e9",
    dict(zip(MODELS, ("#6b7278", "#d55e00", "#0072b2"), strict=True)),
)
DARK = Theme(
    "#1b1f24",
    "#e8eaed",
    "#a3abb3",
    "#343a41",
    dict(zip(MODELS, ("#a3abb3", "#e69f00", "#56b4e9"), strict=True)),
)


def psnr_by_crf(results: Mapping, theme: Theme) -> str:
    """PSNR against CRF, a line per model, as a ``data:`` address."""
    figure, axes = _axes(theme)
    crfs = results["crfs"]
    for name in MODELS:
        marker, line = STYLES[name]
        psnr = [results[name]["psnr_y"][str(crf)] for crf in crfs]
        axes.plot(
            crfs, psnr, color=theme.models[name], marker=marker, ls=line, lw=2, ms=7, label=name
        )
    axes.set_xticks(crfs)
    axes.margins(x=0.08, y=0.1)
    axes.set_xlabel("CRF of the input (higher is more compressed)")
    _legend(axes, theme)
    return _figure_uri(figure)


def psnr_by_time(results: Mapping, theme: Theme) -> str:
    """PSNR against time per output frame, a point per model and CRF, as a ``data:`` address.

    Bicubic is a line across where it has no time.
    """
    figure, axes = _axes(theme)
    for index, crf in enumerate(results["crfs"]):
        points = {
            name: (results[name].get("ms_per_frame"), results[name]["psnr_y"][str(crf)])
            for name in MODELS
        }
        networks = [points["baseline"], points["wrapped"]]
        axes.plot(*zip(*networks, strict=True), color=theme.quiet, lw=1, zorder=1)
        for name, (ms, psnr) in points.items():
            style = {"color": theme.models[name], "label": name if index == 0 else None}
            if ms is None:
                axes.axhline(psnr, ls=STYLES[name][1], lw=1.5, zorder=0, **style)
                _say(axes, f"CRF {crf}", (0, psnr), (4, 3), theme, va="bottom")
            else:
                axes.plot(ms, psnr, marker=STYLES[name][0], ms=8, ls="none", zorder=2, **style)
        _say(axes, f"CRF {crf}", max(networks), (8, 0), theme, va="center")
    axes.margins(x=0.1, y=0.12)
    axes.set_xlim(0, axes.get_xlim()[1] * 1.15)  # room for what is said there
    axes.set_xlabel("ms per output frame (further left is faster)")
    _legend(axes, theme)
    return _figure_uri(figure)


def png_uri(frame: np.ndarray, max_side: int | None = None) -> str:
    """A uint8 RGB frame as a ``data:`` address of a PNG, made smaller to fit ``max_side``."""
    image = Image.fromarray(frame)
    if max_side is not None:
        image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "png", optimize=True)
    return _uri(buffer)


def _axes(theme: Theme) -> tuple[Any, Any]:
    # Figure without pyplot: draws with Agg and changes no global state
    figure = require("matplotlib.figure", "quickstart").Figure(
        figsize=SIZE, dpi=DPI, layout="constrained", facecolor=theme.paper
    )
    axes = figure.add_subplot(facecolor=theme.paper)
    axes.grid(color=theme.grid)
    axes.set_axisbelow(True)
    axes.tick_params(colors=theme.quiet, length=0)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(theme.grid)
    axes.set_ylabel("PSNR (Y), dB")
    axes.xaxis.label.set_color(theme.ink)
    axes.yaxis.label.set_color(theme.ink)
    return figure, axes


def _say(
    axes: Any, text: str, at: tuple[float, float], by: tuple[int, int], theme: Theme, va: str
) -> None:
    axes.annotate(
        text, at, xytext=by, textcoords="offset points", va=va, color=theme.quiet, fontsize=8
    )


def _legend(axes: Any, theme: Theme) -> None:
    axes.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        ncols=len(MODELS),
        frameon=False,
        labelcolor=theme.ink,
    )


def _figure_uri(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return _uri(buffer)


def _uri(buffer: io.BytesIO) -> str:
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
