"""The JSON files that a report is made of: read, checked, and put together.

Three commands write them: ``fca2 evaluate`` (quality), ``fca2 benchmark`` (time, one or a sweep)
and the quickstart (both). Files of one method, data set and protocol become one ``Evaluation``
with all their conditions.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fca2_plugin._files import read_json

__all__ = [
    "FURTHER",
    "Evaluation",
    "Results",
    "Scores",
    "conditions_of",
    "quickstart_evaluations",
    "read_results",
]

#: Of the kinds of files: the schemas that are read, and what each must contain. A key ``*`` is
#: every key that is there, and a list has such elements. The quickstart's file has no kind.
NETWORK = dict.fromkeys(("ms_per_frame", "iqr_ms_per_frame", "macs_per_frame", "params"), float)
BENCHMARK = {
    **{"baseline": NETWORK, "wrapped": NETWORK, "network": str, "host": str, "device": str},
    **{"speed_ratio": float, "size": list, "frames": float},
}
SIZES = {"*": {"macs_per_frame": float, "fps": float}}
KINDS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "evaluate": ((1,), {"method": str, "dataset": str}),
    "benchmark": ((1, 2), BENCHMARK),
    "benchmark_sweep": ((1, 2), {"points": [BENCHMARK]}),
    "benchmark_training": ((2,), BENCHMARK),
    "benchmark_enhancement": (
        (1,),
        {"device": str, "networks": {"*": {"params": float, "sizes": SIZES}}},
    ),
}
EXPECTED = "a file of fca2 evaluate, fca2 benchmark or the quickstart (results.json)"
#: Measures beside PSNR and SSIM, and whether more is better.
FURTHER = {"tof": False, "warp_dis": False, "warp_raft": False, "lpips": False, "vmaf": True}
QUICKSTART_ROWS = ("bicubic", "baseline", "wrapped")
KIND_NAMES = {float: "a number", str: "a text", list: "a list", Mapping: "an object"}


@dataclass(frozen=True)
class Scores:
    """Quality of a clip, or the mean over clips.

    Args:
        psnr: In dB.
        ssim: A number up to 1; in 1e-4 where it is a gain.
        frames: PSNR by frame, where it is known.
        gain: Both are what enhancement gained over its input (``mfqe`` protocol).
        further: Other measures that were taken, of ``FURTHER``.
        plans: How groups followed a clip: for each run of frames the ``sizes`` of its groups and
            its ``cuts``.
    """

    psnr: float
    ssim: float
    frames: tuple[float, ...] = ()
    gain: bool = False
    further: Mapping[str, float] = field(default_factory=dict)
    plans: Sequence[Mapping[str, list[int]]] = ()


@dataclass
class Evaluation:
    """A method's quality on a data set.

    Args:
        method: Its name.
        dataset: The data set's name.
        protocol: Name of the protocol.
        means: By condition, such as ``crf25``; ``""`` where there is only one without a name.
        clips: By condition and clip.
        frames_dirs: Folders of its frames by condition, where they were kept.
        sources: What was evaluated, by condition, as the file says.
        params: Parameters, where known.
        ms: Per frame, where known.
        device: On which ``ms`` was measured.
        speed: Times as fast as the network that it is compared with, where there is one.
    """

    method: str
    dataset: str
    protocol: str
    means: dict[str, Scores] = field(default_factory=dict)
    clips: dict[str, dict[str, Scores]] = field(default_factory=dict)
    frames_dirs: dict[str, Path] = field(default_factory=dict)
    sources: dict[str, Mapping] = field(default_factory=dict)
    params: int | None = None
    ms: float | None = None
    device: str | None = None
    speed: float | None = None

    def clips_of(self, condition: str) -> Mapping[str, Scores]:
        """Its clips under a condition; none where it was not measured there."""
        return self.clips.get(condition, {})


@dataclass
class Results:
    """Everything that was read.

    Args:
        files: Where from.
        evaluations: Quality.
        benchmarks: Time and memory, as the files say it, by kind.
    """

    files: list[Path]
    evaluations: list[Evaluation] = field(default_factory=list)
    benchmarks: dict[str, list[Mapping]] = field(default_factory=lambda: defaultdict(list))


def read_results(paths: Sequence[Path]) -> Results:
    """Read result files.

    Raises:
        FileNotFoundError: One is not there.
        ValueError: One is not JSON, of another kind or schema, lacks a key, or repeats another.
    """
    results = Results(files=[Path(path) for path in paths])
    for path in results.files:
        content = read_json(path)
        if not isinstance(content, Mapping):
            raise ValueError(f"{path} contains a {type(content).__name__}; expected {EXPECTED}")
        if "kind" not in content and set(QUICKSTART_ROWS) <= set(content):
            for one in quickstart_evaluations(content, str(path)):
                one.method += " (quickstart)"
                results.evaluations.append(one)
            continue
        kind = content.get("kind")
        if kind not in KINDS:
            raise ValueError(f"{path} is of kind {kind!r}; expected {EXPECTED}")
        schemas, shape = KINDS[kind]
        if content.get("schema") not in schemas:
            raise ValueError(
                f"{path} has schema {content.get('schema')!r} and this version reads "
                f"{' and '.join(map(str, schemas))}; write it again with this version's fca2 "
                f"{kind.split('_')[0]}"
            )
        _check(path, content, shape)
        if kind == "evaluate":
            _add_evaluation(results, path, content)
        else:
            results.benchmarks[kind].append(content)
    return results


def quickstart_evaluations(content: Mapping, place: str = "results.json") -> Iterator[Evaluation]:
    """The rows of the quickstart's ``results.json``, those of shipped weights last.

    Args:
        content: Content of the file.
        place: What an error calls it.

    Raises:
        ValueError: A value is missing or is not a number.
    """
    ratio = _get(place, content, "speed_ratio", float)
    crfs = _get(place, content, "crfs", list)
    device = (content.get("benchmark") or {}).get("device")
    for name in (*QUICKSTART_ROWS, *(content.get("shipped") or ())):
        row: Any = content.get(name)
        where = f"{name}."
        one = Evaluation(name, "quickstart clips", "cvsr-y", device=device)
        one.speed = {"baseline": 1.0, "wrapped": ratio}.get(name)
        one.params = int(_get(place, row, "parameters", float, where))
        if name != "bicubic" or row.get("ms_per_frame") is not None:
            one.ms = _get(place, row, "ms_per_frame", float, where)
        for crf in map(str, crfs):
            psnr, ssim = (
                _get(place, row.get(measure), crf, float, f"{where}{measure}.")
                for measure in ("psnr_y", "ssim_y")
            )
            one.means[f"crf{crf}"] = Scores(psnr, ssim)
        yield one


def conditions_of(evaluations: Iterable[Evaluation]) -> list[str]:
    """All conditions, in numeric order."""
    found = {condition for one in evaluations for condition in one.means}
    return sorted(found, key=lambda name: (int(re.sub(r"\D", "", name) or 0), name))


def _add_evaluation(results: Results, path: Path, content: Mapping) -> None:
    protocol = content.get("protocol") or {}
    if isinstance(protocol, Mapping):
        protocol = str(protocol.get("name", ""))
    evaluation = _same(
        results.evaluations, Evaluation(content["method"], content["dataset"], protocol)
    )
    source = content.get("source") or {}
    conditions = content.get("conditions") or {_condition(path, source): content}
    for condition, scores in conditions.items():
        if condition in evaluation.means:
            raise ValueError(
                f"{path} repeats {evaluation.method} on {evaluation.dataset} at "
                f"{condition or 'its one condition'}, which another file contains too; give only "
                "one of them, or use another method name"
            )
        evaluation.means[condition] = _scores(path, scores)
        evaluation.clips[condition] = {
            str(clip): _scores(path, values)
            for clip, values in _get(path, scores, "clips", Mapping).items()
        }
        evaluation.sources[condition] = {**source, **(scores.get("source") or {})}
        folder = scores.get("frames_dir") or content.get("frames_dir")
        if folder:
            evaluation.frames_dirs[condition] = Path(folder)
    evaluation.ms = content.get("ms_per_frame") or evaluation.ms
    evaluation.params = content.get("params") or evaluation.params
    evaluation.device = content.get("device") or evaluation.device


def _same(evaluations: list[Evaluation], wanted: Evaluation) -> Evaluation:
    """The evaluation of the same method, data set and protocol; ``wanted`` where there is none."""
    for one in evaluations:
        if all(getattr(one, k) == getattr(wanted, k) for k in ("method", "dataset", "protocol")):
            return one
    evaluations.append(wanted)
    return wanted


def _condition(path: Path, source: Mapping) -> str:
    """``crf25`` from the name of the LQ or SR folder, else from the file's; or nothing."""
    for place in (source.get("lq"), source.get("sr"), path.stem):
        if found := re.findall(r"(crf|qp)_?(\d+)", str(place or "").lower()):
            return "".join(found[-1])
    return ""


def _scores(path: Path, values: Any) -> Scores:
    if not isinstance(values, Mapping):
        raise ValueError(f"{path} has {values!r} instead of psnr and ssim")
    gain = "delta_psnr" in values
    psnr = _get(path, values, "delta_psnr" if gain else "psnr", float)
    ssim = _get(path, values, "delta_ssim_1e4" if gain else "ssim", float)
    frames = (values.get("frames") or {}).get("delta_psnr" if gain else "psnr") or ()
    further = {key: _get(path, values, key, float) for key in FURTHER if key in values}
    plans = [
        {key: _get(path, plan, key, list) for key in ("sizes", "cuts")}
        for plan in values.get("plans") or ()
    ]
    return Scores(psnr, ssim, tuple(frames), gain, further, plans)


def _check(place: Path, content: Any, shape: Mapping[str, Any]) -> None:
    """See that a file contains what ``KINDS`` says."""
    for key, kind in shape.items():
        for name in content if key == "*" else (key,):
            if isinstance(kind, list):
                for one in _get(place, content, name, list):
                    _check(place, one, kind[0])
            elif isinstance(kind, dict):
                _check(place, _get(place, content, name, Mapping), kind)
            else:
                _get(place, content, name, kind)


def _get(place: Path | str, content: Any, key: str, kind: type, within: str = "") -> Any:
    """``content[key]``, which must be of ``kind`` (float takes any number)."""
    value = content.get(key) if isinstance(content, Mapping) else None
    number = kind is float and isinstance(value, int | float) and not isinstance(value, bool)
    if not number and (kind is float or not isinstance(value, kind)):
        raise ValueError(f"{place} has {within}{key}={value!r:.60}; expected {KIND_NAMES[kind]}")
    return value
