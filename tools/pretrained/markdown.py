"""The table as Markdown."""

from collections.abc import Mapping

__all__ = ["table_markdown"]

_NONE = "-"


def table_markdown(table: Mapping) -> str:
    """``table.json`` for people: PSNR / SSIM by condition, tOF, and what each network costs."""
    rows, timing = table["rows"], table["timing"]
    conditions = list(next(iter(rows.values()))["psnr_y"])
    heads = ["raw" if key == "raw" else f"CRF {key}" for key in conditions]
    clips = ", ".join(f"{name} ({count} frames)" for name, count in table["clips"].items())
    tofs = [key for key in conditions if all(key in row["tof"] for row in rows.values())]
    costs = ["parameters (M)", "GMAC per frame", "ms per frame"]
    lines = [
        f"PSNR (dB) / SSIM on Y by the protocol `{table['protocol']}`; {clips}; LQ by "
        f"`{table['degradation']}`, compressed by x264.",
        "",
        _line(["", *heads, *(["tOF, CRF 25"] if "25" in tofs else []), *costs]),
        _line(["---"] * (1 + len(heads) + ("25" in tofs) + len(costs))),
    ]
    for row in rows.values():
        cells = [f"{row['psnr_y'][key]:.2f} / {row['ssim_y'][key]:.4f}" for key in conditions]
        if "25" in tofs:
            cells.append(f"{row['tof']['25']:.3f}")
        cells += [
            f"{row['parameters'] / 1e6:.2f}",
            f"{row['macs_per_frame'] / 1e9:.1f}",
            f"{row['ms_per_frame']:.0f}",
        ]
        lines.append(_line([row["about"], *cells]))
    for name, paper in table["papers"].items():
        scores = paper["psnr_y"], paper["ssim_y"]
        cells = [
            f"{scores[0][key]:.2f} / {scores[1][key]:.3f}" if key in scores[0] else _NONE
            for key in conditions
        ]
        rest = [_NONE] * (len(costs) + ("25" in tofs))
        lines.append(_line([f"*{name}, figures of the paper ({paper['source']})*", *cells, *rest]))
    _, t, _, height, width = timing["shape"]
    lines += [
        "",
        f"Times: median of {timing['repeats']} rounds in turns, {t} LQ frames of {width}x{height}, "
        f"{timing['device']}, {timing['threads']} threads, torch {timing['torch']}, load average "
        f"{timing['load_average']:.1f} before. The papers "
        "degraded and measured whole clips in their own way: their rows say where the field "
        "stands, not who wins.",
        *(f"\n{sentence}" for sentence in table["left_out"].values()),
    ]
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
