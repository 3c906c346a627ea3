"""Our own results as tables: methods, clips, benchmarks."""

from collections.abc import Mapping, Sequence

from fca2_plugin.apps.report.papers import NETWORK_NAMES
from fca2_plugin.apps.report.results import FURTHER, Evaluation, Scores, conditions_of
from fca2_plugin.apps.report.tables import (
    NONE,
    Cell,
    Line,
    TableView,
    by_method,
    mark_best,
    mib_text,
)
from fca2_plugin.apps.scores import HEADERS

__all__ = [
    "benchmark_view",
    "clips_view",
    "condition_name",
    "further_view",
    "groups_view",
    "methods_view",
]

NETWORKS = ("baseline", "wrapped")
Column = tuple[str, dict[str, Cell]]  # head, cells by method
BOLD = "Bold is the best."
COSTS = (  # head, attribute, text
    ("parameters", "params", "{:,}"),
    ("ms per frame", "ms", "{:.1f}"),
    ("speed", "speed", "{:.2f}×"),
)
CLIP_METHOD = "clip, method"


def methods_view(evaluations: Sequence[Evaluation]) -> TableView:
    """A row per method: parameters, time, mean PSNR and SSIM of every condition."""
    columns: list[Column] = []
    for head, key, text in COSTS:
        known = {one.method: getattr(one, key) for one in evaluations}
        cells = {name: Cell(text.format(v)) for name, v in known.items() if v is not None}
        columns += [(head, cells)] if cells else []
    for condition in conditions_of(evaluations):
        scores = {o.method: o.means[condition] for o in evaluations if condition in o.means}
        columns += _quality(condition, scores)
    names = [one.method for one in evaluations]
    return by_method("Means over clips", names, columns, _about(evaluations))


def further_view(evaluations: Sequence[Evaluation]) -> TableView | None:
    """A row per method: means of the other measures; None where none was taken."""
    columns: list[Column] = []
    lower = []
    for measure, more_is_better in FURTHER.items():
        name, digits = HEADERS[measure]
        for condition in conditions_of(evaluations):
            means = {o.method: o.means[condition] for o in evaluations if condition in o.means}
            found = {m: s.further[measure] for m, s in means.items() if measure in s.further}
            if not found:
                continue
            sign = 1 if more_is_better else -1
            values = {m: (f"{value:.{digits}f}", sign * value) for m, value in found.items()}
            head = f"{condition_name(condition)} {name}".strip()
            columns.append((head, mark_best(values)))
            if not more_is_better and name not in lower:
                lower.append(name)
    if not columns:
        return None
    note = f"Lower is better for {', '.join(lower)}. " if lower else ""
    names = [one.method for one in evaluations]
    return by_method("Other measures, means over clips", names, columns, note + BOLD)


def clips_view(evaluations: Sequence[Evaluation]) -> TableView | None:
    """A row per clip and method, PSNR / SSIM of every condition; None where no clip is known."""
    conditions = conditions_of(evaluations)
    clips = dict.fromkeys(c for o in evaluations for found in o.clips.values() for c in found)
    lines = []
    for clip in clips:
        for one in evaluations:
            scores = [one.clips.get(condition, {}).get(clip) for condition in conditions]
            if any(scores):
                cells = tuple(Cell(_both(s)) if s else Cell(NONE) for s in scores)
                lines.append(Line(f"{clip}, {one.method}", cells))
    heads = tuple(condition_name(condition) or "PSNR / SSIM" for condition in conditions)
    title = "Every clip, PSNR / SSIM"
    return TableView(title, heads, tuple(lines), (), CLIP_METHOD) if lines else None


def groups_view(evaluations: Sequence[Evaluation]) -> TableView | None:
    """A row per clip and method whose groups follow the clip; None where no groups do."""
    conditions = [c for c in conditions_of(evaluations) if any(o.plans.get(c) for o in evaluations)]
    clips = dict.fromkeys(c for o in evaluations for found in o.plans.values() for c in found)
    lines = [
        Line(
            f"{clip}, {one.method}",
            tuple(Cell(_groups(one.plans.get(c, {}).get(clip, ()))) for c in conditions),
        )
        for clip in clips
        for one in evaluations
        if any(clip in found for found in one.plans.values())
    ]
    heads = tuple(condition_name(condition) or "groups" for condition in conditions)
    note = (
        "Codes for a frame, then the frames of every group in order; | is a cut, / where the "
        "network began anew."
    )
    title = "Adaptive groups"
    return TableView(title, heads, tuple(lines), (note,), CLIP_METHOD) if lines else None


def benchmark_view(benchmarks: Sequence[Mapping], title: str = "Time, memory, size") -> TableView:
    """Two rows per benchmark, or per point of a sweep."""
    heads = (
        "LQ clip",
        "groups, cleaning",
        "ms per frame",
        "IQR, ms",
        "speed",
        "peak MiB",
        "above the model",
        "GMACs per frame",
        "MACs",
        "parameters",
    )
    lines = []
    for one in benchmarks:
        clip = f"{one['frames']} of {one['size'][0]}×{one['size'][1]}"
        for network in NETWORKS:
            values = one[network]
            base = network == "baseline"
            macs = values["macs_per_frame"] / one["baseline"]["macs_per_frame"]
            cells = (
                clip,
                NONE if base else _settings(one),
                f"{values['ms_per_frame']:,.1f}",
                f"{values['iqr_ms_per_frame']:,.1f}",
                f"{1 if base else one['speed_ratio']:.2f}×",
                *(mib_text(values.get(key)) for key in ("peak_mib", "above_model_mib")),
                f"{values['macs_per_frame'] / 1e9:,.2f}",
                f"{macs:.2f}×",
                f"{values['params']:,}",
            )
            name = NETWORK_NAMES.get(one["network"], one["network"])
            name = name if base else f"FCA² + {name}"
            lines.append(Line(name, tuple(map(Cell, cells))))
    notes = dict.fromkeys(_said(one) for one in benchmarks)
    return TableView(title, heads, tuple(lines), tuple(notes), "network")


def condition_name(condition: str) -> str:
    """``crf25`` as ``CRF 25``."""
    for codec in ("crf", "qp"):
        if condition.startswith(codec):
            return f"{codec.upper()}\N{NO-BREAK SPACE}{condition[len(codec) :]}"
    return condition


def _quality(condition: str, scores: Mapping[str, Scores]) -> list[Column]:
    columns = []
    gain = "Δ" * all(one.gain for one in scores.values())
    for metric in ("psnr", "ssim"):
        values = {name: (_text(metric, one), getattr(one, metric)) for name, one in scores.items()}
        head = f"{condition_name(condition)} {gain}{metric.upper()}".strip()
        columns.append((head, mark_best(values)))
    return columns


def _groups(plans: Sequence[Mapping]) -> str:
    """``0.33: 3 3 | 7 5`` for two plain groups, a cut, and two larger ones."""
    if not plans:
        return NONE
    sizes = [size for plan in plans for size in plan["sizes"]]
    runs = []
    for plan in plans:
        starts = [sum(plan["sizes"][:index]) for index in range(len(plan["sizes"]))]
        runs.append(
            " ".join(
                "| " * (start in plan["cuts"]) + str(size)
                for start, size in zip(starts, plan["sizes"], strict=True)
            )
        )
    return f"{len(sizes) / sum(sizes):.2f}: " + " / ".join(runs)


def _both(scores: Scores) -> str:
    return " / ".join(_text(metric, scores) for metric in ("psnr", "ssim"))


def _text(metric: str, scores: Scores) -> str:
    value = getattr(scores, metric)
    if metric == "psnr":
        return f"{value:.2f}"
    return f"{value:.1f}" if scores.gain else f"{value:.4f}"


def _about(evaluations: Sequence[Evaluation]) -> str:
    first = evaluations[0]
    what = (
        "gain over the input, PSNR in dB and SSIM in 1e-4"
        if all(scores.gain for scores in first.means.values())
        else "PSNR in dB and SSIM, higher is better"
    )
    timed = {one.device for one in evaluations if one.ms is not None and one.device}
    devices = f" Times on {', '.join(sorted(timed))}." if timed else ""
    return f"Protocol {first.protocol or 'not said'}: {what}. {BOLD}{devices}"


def _settings(one: Mapping) -> str:
    grouping = f"{one['n_subs']}/{one['n_ovls']}" if one.get("n_subs") else NONE
    stage = f", stage {one['stage']}" if one.get("kind") == "benchmark_training" else ""
    return f"{grouping}, {one.get('num_passes') or 0} passes{stage}"


def _said(one: Mapping) -> str:
    load = one.get("load_average")
    return (
        f"Medians of {one.get('repeats', '?')} rounds in one process, networks in turns, on "
        f"{one['device']}, {one.get('threads', '?')} threads, torch {one.get('torch', '?')}, "
        f"{one.get('dtype', '?')}, {one['host']}"
        + (f", others' load before the start {load:.1f}" if load is not None else "")
        + f". Peak memory: {one.get('peak_memory_note', 'not said')}. MACs leave out warping and "
        "resizing."
    )
