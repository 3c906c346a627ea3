"""``tools/pretrained_table.sh``: what real networks reach alone and inside FCA² on Vid4.

``make_table`` writes, and a second run with the same arguments takes what the first one finished:

==================  ================================================================================
Vid4/               compressed clips, by ``encode_tree``; of the first frames of each in ``first_N``
rows/NAME.json      what ``evaluate`` measured
times.json          networks timed in turns, in one run
table.json          everything: ``rows[NAME]`` has ``psnr_y``, ``ssim_y`` and ``tof`` by condition
                    (``raw``, ``15``, ``25``, ``35``), ``ms_per_frame``, ``macs_per_frame``,
                    ``parameters``; ``papers`` has the papers' figures, ``left_out`` the reasons
table.md            the same for people
psnr_vs_ms.png      PSNR against time
==================  ================================================================================
"""

import os
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from fca2_plugin import __version__
from fca2_plugin._files import file_at_once, read_json, write_json, write_text
from fca2_plugin._malloc import keep_memory
from fca2_plugin.apps.benchmark.timing import compare
from fca2_plugin.apps.evaluate import evaluate
from fca2_plugin.apps.report.papers import TABLES
from fca2_plugin.data import encode_tree, find_clips, media_frames, read_frames, write_frames
from fca2_plugin.data.encode import PUBLISHED as CODECS
from fca2_plugin.data.inputs import find_inputs
from fca2_plugin.inference.facts import fingerprint
from fca2_plugin.inference.run import to_clip
from fca2_plugin.inference.settings import InferenceSettings

from .figure import tradeoff_png
from .markdown import table_markdown
from .rows import ROWS, Row, find_rows

__all__ = ["CONDITIONS", "PAPER_ROWS", "make_table"]

#: Names of the conditions here and in the tree of compressed clips.
CONDITIONS = {"raw": "raw", "15": "crf15", "25": "crf25", "35": "crf35"}
PAPER_ROWS = ("FTVSR", "FCA² + BasicVSR++", "FCA² + BasicVSR", "BasicVSR")
DEGRADATION, PROTOCOL = "gaussian", "cvsr-y"
TIMED_FRAMES = 14
TIMING = ("device", "threads", "torch", "shape", "repeats", "load_average")

Report = Callable[[str], None]
Progress = Callable[[int, int, str], None]


def make_table(
    vid4: str | Path,
    out: str | Path,
    *,
    weights: str | Path,
    frames: int | None = None,
    device: str | None = None,
    report: Report = lambda sentence: None,
    progress: Progress | None = None,
) -> dict:
    """Measure every row whose weights are there, and write table and picture.

    Args:
        vid4: The ground truth of calendar, city, foliage and walk: videos or folders of frames.
        out: A new folder, or that of an interrupted run with the same arguments.
        weights: The folder of ``get_basicvsr``.
        frames: Only the first ones of each clip.
        device: Where networks run; a GPU where there is one.
        report: Called with a sentence before each step.
        progress: Called as ``evaluate`` calls it.

    Returns:
        What ``table.json`` holds.

    Raises:
        FileNotFoundError: There is no ``vid4``.
        ValueError: It holds no clips, ``frames`` is below 1, or ``out`` holds a table of others.
    """
    if frames is not None and frames < 1:
        raise ValueError(f"the first {frames} frames of a clip are none; expected 1 or more")
    out = Path(out)
    rows, left_out = find_rows(Path(weights))
    for sentence in left_out.values():
        report(sentence)
    tree = _encode(Path(vid4), out, frames, report)
    settings = InferenceSettings(device)
    measured = {row.name: _measure(row, tree, out, settings, report, progress) for row in rows}
    times = _time(rows, tree, out, settings, report, progress)
    clips = next(iter(measured.values()))["clips"]
    table = {
        "kind": "pretrained_table",
        "schema": 1,
        "fca2_plugin": __version__,
        "degradation": DEGRADATION,
        "protocol": PROTOCOL,
        "clips": {name: clip["num_frames"] for name, clip in clips.items()},
        "timing": {key: times[key] for key in TIMING},
        "rows": {
            row.name: {
                "about": ROWS[row.name],
                **_scores(measured[row.name]),
                **times["models"][row.name],
            }
            for row in rows
        },
        "left_out": left_out,
        "papers": _papers(),
    }
    write_json(out / "table.json", table)
    write_text(out / "table.md", table_markdown(table))
    with file_at_once(out / "psnr_vs_ms.png") as part:
        part.write_bytes(tradeoff_png(table))
    return table


def _encode(vid4: Path, out: Path, frames: int | None, report: Report) -> Path:
    report("compressing the clips (x264, CRF 15, 25 and 35)")
    if frames is not None:
        first = out / f"first_{frames}"
        for clip in find_inputs([vid4]).clips:
            if not (first / clip.name).is_dir():
                write_frames(first / clip.name, islice(media_frames(clip), frames))
        vid4 = first
    encode_tree(vid4, out / "Vid4", degradation=DEGRADATION, codecs=CODECS)
    return out / "Vid4"


def _measure(
    row: Row,
    tree: Path,
    out: Path,
    settings: InferenceSettings,
    report: Report,
    progress: Progress | None,
) -> dict:
    """What ``evaluate`` says of a row; of the same weights it is kept."""
    path = out / "rows" / f"{row.name}.json"
    if path.is_file():
        kept = read_json(path)
        if kept["source"]["checkpoint_sha256"] == fingerprint(row.network):
            return kept
    report(f"measuring {row.name}: {ROWS[row.name]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    return evaluate(
        data=tree,
        conditions=list(CONDITIONS.values()),
        network=row.network,
        phase=row.phase,
        protocol=PROTOCOL,
        metrics=["psnr", "ssim", "tof"],
        settings=settings,
        name=row.name,
        dataset="Vid4",
        json_path=path,
        progress=progress,
    )


def _time(
    rows: Sequence[Row],
    tree: Path,
    out: Path,
    settings: InferenceSettings,
    report: Report,
    progress: Progress | None,
) -> dict:
    """Time all rows in turns. Networks of one structure take the same time: one stands for all."""
    structures = {row.name: repr(row.network) for row in rows}
    first = {structure: name for name, structure in reversed(structures.items())}
    lq = read_frames(find_clips(tree / "lq")[0])[:TIMED_FRAMES]
    clip = to_clip(lq, settings.find_device())
    run = {"structures": structures, "shape": list(clip.shape), "on": settings.text}
    path = out / "times.json"
    kept = read_json(path) if path.is_file() else {}
    if kept.get("run") == run:
        return kept["result"]
    report(f"timing {len(first)} networks in turns on {len(lq)} frames")
    names = set(first.values())
    models = {row.name: row.network.to(clip.device) for row in rows if row.name in names}
    advance = progress and (lambda done, total: progress(done, total, "timing"))
    load = os.getloadavg()[0]  # of the others, before this adds to it
    keep_memory()
    result = {**compare(models, clip, progress=advance), "load_average": load}
    keys = ("ms_per_frame", "iqr_ms_per_frame", "macs_per_frame", "parameters")
    result["models"] = {
        name: {key: result["models"][first[structure]][key] for key in keys}
        for name, structure in structures.items()
    }
    write_json(path, {"run": run, "result": result})
    return result


def _scores(result: dict) -> dict:
    found = {key: result["conditions"][name] for key, name in CONDITIONS.items()}
    measures = {"psnr_y": "psnr", "ssim_y": "ssim", "tof": "tof"}
    return {
        name: {key: entry[measure] for key, entry in found.items() if measure in entry}
        for name, measure in measures.items()
    }


def _papers() -> dict:
    table = TABLES["fca2-1"]
    papers = {}
    for name in PAPER_ROWS:
        cells = table.row(name).cells
        by_crf = {key: cells[f"crf{key}"] for key in ("15", "25", "35")}
        papers[name] = {
            "source": table.name,
            "psnr_y": {key: cell[0] for key, cell in by_crf.items()},
            "ssim_y": {key: cell[1] for key, cell in by_crf.items()},
        }
    return papers
