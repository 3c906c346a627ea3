"""Our own results as tables: methods, clips, benchmarks."""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate

from fca2_plugin.apps.report.papers import NETWORK_NAMES
from fca2_plugin.apps.report.results import FURTHER, Evaluation, Scores, conditions_of
from fca2_plugin.apps.scores import HEADERS
from fca2_plugin.apps.tables import (
    NONE,
    Cell,
    TableView,
    by_method,
    mark_best,
    mib_text,
    text_line,
)

__all__ = [
    "NETWORKS",
    "benchmark_view",
    "clips_view",
    "condition_name",
    "further_view",
    "groups_view",
    "methods_view",
    "timing_note",
]

NETWORKS = ("baseline", "wrapped")
Column = tuple[str, dict[str, Cell]]  # head, cells by method
BOLD = "Bold is the best."
COSTS = (  # head, attribute, text
    ("parameters", "params", "{:,}"),
    ("ms per frame", "ms", "{:.1f}"),
    ("speed", "speed", "{:.2f}×"),
)


def methods_view(evaluations: Sequence[Evaluation]) -> TableView:
    """A row per method: parameters, time, mean PSNR and SSIM of every condition."""
    columns: list[Column] = []
    for head, key, text in COSTS:
        known = {one.method: getattr(one, key) for one in evaluations}
        cells = {name: Cell(text.format(v)) for name, v in known.items() if v is not None}
        columns += [(head, cells)] if cells else []
    for condition in conditions_of(evaluations):
        for metric in ("psnr", "ssim"):
            found = _means(evaluations, condition)
            gain = "Δ" * all(one.gain for one in found.values())
            values = {name: (_text(metric, s), getattr(s, metric)) for name, s in found.items()}
            columns.append((_head(condition, gain + metric.upper()), mark_best(values)))
    names = [one.method for one in evaluations]
    return by_method("Means over clips", names, columns, _about(evaluations))


def further_view(evaluations: Sequence[Evaluation]) -> TableView | None:
    """A row per method: means of the other measures; None where none was taken."""
    columns: list[Column] = []
    lower = []
    for measure, more_is_better in FURTHER.items():
        name, digits = HEADERS[measure]
        for condition in conditions_of(evaluations):
            means = _means(evaluations, condition)
            found = {m: s.further[measure] for m, s in means.items() if measure in s.further}
            if found:
                sign = 1 if more_is_better else -1
                values = {m: (f"{value:.{digits}f}", sign * value) for m, value in found.items()}
                columns.append((_head(condition, name), mark_best(values)))
                if not more_is_better and name not in lower:
                    lower.append(name)
    if not columns:
        return None
    note = f"Lower is better for {', '.join(lower)}. " if lower else ""
    names = [one.method for one in evaluations]
    return by_method("Other measures, means over clips", names, columns, note + BOLD)


def clips_view(evaluations: Sequence[Evaluation]) -> TableView | None:
    """A row per clip and method, PSNR / SSIM of every condition; None where no clip is known."""
    title, head = "Every clip, PSNR / SSIM", "PSNR / SSIM"
    return _by_clip(title, head, conditions_of(evaluations), evaluations, _both)


def groups_view(evaluations: Sequence[Evaluation]) -> TableView | None:
    """A row per clip and method whose groups follow the clip; None where no groups do."""
    conditions = [
        condition
        for condition in conditions_of(evaluations)
        if any(scores.plans for one in evaluations for scores in one.clips_of(condition).values())
    ]
    note = (
        "Codes for a frame, then the frames of every group in order; | is a cut, / where the "
        "network began anew."
    )
    return _by_clip("Adaptive groups", "groups", conditions, evaluations, _groups, note)


def _by_clip(
    title: str,
    head: str,
    conditions: Sequence[str],
    evaluations: Sequence[Evaluation],
    text: Callable[[Scores], str],
    *notes: str,
) -> TableView | None:
    """A row per clip and method, a column per condition; None where there is nothing to say."""
    lines = []
    for clip in dict.fromkeys(c for one in evaluations for of in one.clips.values() for c in of):
        for one in evaluations:
            found = [one.clips_of(condition).get(clip) for condition in conditions]
            texts = [text(scores) if scores else "" for scores in found]
            if any(texts):
                lines.append(text_line(f"{clip}, {one.method}", *(said or NONE for said in texts)))
    heads = tuple(condition_name(condition) or head for condition in conditions)
    return TableView(title, heads, tuple(lines), notes, "clip, method") if lines else None


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
            texts = (
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
            lines.append(text_line(name, *texts))
    notes = dict.fromkeys(timing_note(one) for one in benchmarks)
    return TableView(title, heads, tuple(lines), tuple(notes), "network")


def condition_name(condition: str) -> str:
    """``crf25`` as ``CRF 25``."""
    for codec in ("crf", "qp"):
        if condition.startswith(codec):
            return f"{codec.upper()}\N{NO-BREAK SPACE}{condition[len(codec) :]}"
    return condition


def _means(evaluations: Sequence[Evaluation], condition: str) -> dict[str, Scores]:
    return {one.method: one.means[condition] for one in evaluations if condition in one.means}


def _head(condition: str, name: str) -> str:
    return f"{condition_name(condition)} {name}".strip()


def _groups(scores: Scores) -> str:
    """``0.33: 3 3 | 7 5`` for two plain groups, a cut, and two larger ones; else nothing."""
    if not scores.plans:
        return ""
    sizes = [size for plan in scores.plans for size in plan["sizes"]]
    runs = []
    for plan in scores.plans:
        starts = accumulate(plan["sizes"], initial=0)
        groups = zip(starts, plan["sizes"], strict=False)
        runs.append(" ".join("| " * (start in plan["cuts"]) + str(n) for start, n in groups))
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


def timing_note(one: Mapping) -> str:
    """How a benchmark was made, whether by ``fca2 benchmark`` or ``benchmark.compare`` alone."""
    where = [one["device"], f"{one.get('threads', '?')} threads", f"torch {one.get('torch', '?')}"]
    where += [one.get("dtype", "?"), *([one["host"]] if "host" in one else [])]
    if one.get("load_average") is not None:
        where.append(f"others' load before the start {one['load_average']:.1f}")
    return (
        f"Medians of {one.get('repeats', '?')} rounds in one process, networks in turns, on "
        f"{', '.join(where)}. Peak memory: {one.get('peak_memory_note', 'not said')}. MACs leave "
        "out warping and resizing."
    )
