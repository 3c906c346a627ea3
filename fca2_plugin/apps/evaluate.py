"""Measure results against their ground truth by a named protocol.

Results come from a folder or video, from a network, or from a floor (bicubic, or the input itself);
the ground truth from a folder or video, or from a tree that ``fca2 encode`` wrote, of which every
condition (uncompressed, each CRF) is measured. ``evaluate`` returns, and writes as JSON:

==================  ================================================================================
kind, schema        ``evaluate``, 1
fca2_plugin         version
method, dataset     names
protocol            every fixed choice, see ``fca2_plugin.metrics.protocols``
psnr, ssim, ...     means: over the frames of a clip, over clips, over conditions
clips               by name: means, ``num_frames``; ``first_frame`` that was measured,
                    ``identical_frames`` (whose PSNR is infinite, and every mean with it),
                    ``frames`` with the value of each frame (tOF and warping error: of each pair of
                    neighbours), ``ms_per_frame``; of a network whose groups follow the clip
                    ``plans``: for each run of frames its ``first_frame``, the ``sizes`` of its
                    groups and the ``cuts`` that they keep apart
conditions          by name: means and ``clips``; empty for plain folders. With several of them the
                    top ``clips`` hold each clip's means over conditions, without frames
notes               sentences: where results had to be moved to fit, or would fit better moved
source              ``sr``, ``gt``, ``lq``, ``data``, ``split``, ``config``, ``checkpoint``,
                    ``weights``, ``fca2``, ``checkpoint_sha256``, ``chunk``, ``context``,
                    ``settings``, ``phase`` (where LQ pixels lay in the network's training),
                    ``color_correction`` where it is not the network's own, ``scale``,
                    ``degradation``
ms_per_frame        of the method alone: mean over the frames of a clip, and over those of all
                    clips; null for finished results
params, device      of a network: all its parameters, and where it ran
frames_dir          where the results are, ``[<condition>/]<clip>/*.png``, or null; also of each
                    condition
==================  ================================================================================

An infinite value is written as ``Infinity``, which Python reads but strict JSON does not allow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fca2_plugin import __version__
from fca2_plugin._files import check_writable, write_json
from fca2_plugin._suggest import check_choice
from fca2_plugin.apps.journal import Journal
from fca2_plugin.apps.pairs import ClipPair, check_pairs, find_pairs, open_tree
from fca2_plugin.apps.scores import summarise
from fca2_plugin.apps.scoring import (
    BicubicFloor,
    Method,
    Scorer,
    StoredFrames,
    default_jobs,
    score_all,
)
from fca2_plugin.codec import YuvFile
from fca2_plugin.data import DEFAULT_DEGRADATION, DOWNSAMPLERS, media_shape
from fca2_plugin.data import phase as data_phase
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.metrics import METRICS, Protocol, get_protocol, start_metrics

if TYPE_CHECKING:  # torch takes seconds to import
    from torch import nn

__all__ = ["FLOORS", "evaluate"]

FLOORS = ("bicubic", "none")

Path_ = str | Path


def evaluate(
    *,
    gt: Path_ | None = None,
    sr: Path_ | None = None,
    lq: Path_ | None = None,
    data: Path_ | None = None,
    split: str | None = None,
    conditions: Sequence[str] | None = None,
    config: Path_ | None = None,
    checkpoint: Path_ | None = None,
    weights: str | None = None,
    network: "nn.Module | None" = None,
    fca2: str | None = None,
    floor: str | None = None,
    degradation: str = DEFAULT_DEGRADATION,
    phase: str | None = None,
    protocol: str = "cvsr-y",
    metrics: Sequence[str] = (),
    lpips_weights: Path_ | None = None,
    raft_weights: Path_ | None = None,
    chunk: int | None = None,
    context: int | None = None,
    settings: InferenceSettings | None = None,
    color_correction: str | None = None,
    name: str | None = None,
    dataset: str | None = None,
    save: Path_ | None = None,
    json_path: Path_ | None = None,
    jobs: int | None = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict:
    """Measure one method on one data set.

    The method is one of ``sr``, ``config`` with ``checkpoint``, ``weights``, ``network``, and
    ``floor``; the data set is ``gt`` (with ``lq`` unless the method is ``sr``) or ``data``.

    Args:
        gt: Ground truth: a video, or a folder of frames, of clip folders or of videos.
        sr: Finished results, in the same forms; with ``data`` a folder of the conditions.
        lq: Input of the network or baseline, in the same forms.
        data: What ``fca2 encode`` wrote.
        split: Part of ``data``; by default the only one, or ``test``.
        conditions: Which of its conditions, such as ``raw`` and ``crf25``; all by default.
        config: MMagic's .py or BasicSR's .yml.
        checkpoint: The network's weights.
        weights: A network that ships with its weights, by its name.
        network: A module, from clips (1, t, 3, h, w) to clips.
        fca2: Put FCA² of this preset around the network of ``config``, untrained: ``fast``.
        floor: ``bicubic``, or ``none``: the LQ itself, where it has the size of the ground truth.
        degradation: How the LQ was made, which says where its pixels are; ``data`` says so itself.
        phase: Where the LQ pixels lay on which the network of ``checkpoint``, or of the finished
            results, was trained: a word of ``fca2_plugin.geometry``. By default what checkpoint
            and config say. Results are moved by the difference.
        protocol: A key of ``fca2_plugin.metrics.PROTOCOLS``.
        metrics: More measures, of ``fca2_plugin.metrics.METRICS``; PSNR and SSIM are always there.
        lpips_weights: File of AlexNet's weights.
        raft_weights: File of RAFT's weights; without it the warping error uses OpenCV's DIS.
        chunk: Run the network on so many frames at once; by default on whole clips.
        context: Of them, frames on each side that only help; by the network by default.
        settings: How the network runs; by default in float32, on a GPU if there is one.
        color_correction: In place of FCA²'s own: ``frame``, ``lr_domain``, ``mean`` or ``none``,
            without the statistics of its input.
        name: The method's name in the result.
        dataset: The data set's.
        save: Write the frames of a network or floor there.
        json_path: Write the result there; finished clips of a killed run are not measured again.
        jobs: Processes for anything but networks and LPIPS; None for one a core.
        progress: Called as ``progress(frames done, frames in all, clip)``.

    Raises:
        FileNotFoundError: Something named is not there, or weights that a metric needs.
        ModuleNotFoundError: A package that is needed is not installed.
        ValueError: The arguments do not go together, clips do not pair or do not fit, or a frame
            cannot be compared.

    Example:
        >>> result = evaluate(gt="in.mp4", sr="in.mp4", settings=None)
        >>> round(result["ssim"], 4)
        1.0
    """
    rules = get_protocol(protocol)
    for metric in metrics:
        check_choice("metric", metric, METRICS)
    source: dict[str, Any] = {"sr": sr, "gt": gt, "lq": lq, "data": data, "split": split}
    source |= {"config": config, "checkpoint": checkpoint, "weights": weights, "fca2": fca2}
    module = None if network is None else type(network).__name__
    _check_arguments({**source, "network": module}, conditions, floor, save)
    if color_correction is not None and not (config or weights or module):
        raise ValueError(
            "--color-correction changes how a network works; add --config with --checkpoint, or "
            "--weights"
        )
    json_path = Path(json_path) if json_path else None
    if json_path:
        check_writable(json_path)
    pairs, scale, degradation = _find(source, degradation, conditions)
    _check_kinds(pairs, rules, metrics, save)
    if floor == "none" and scale not in (None, 1):
        raise ValueError(
            f"--method none compares the LQ frames themselves, but {data} is {scale} times smaller "
            "than its ground truth; use --method bicubic"
        )
    if floor == "bicubic" and scale is None:
        scale = media_shape(pairs[0].gt)[1] // media_shape(pairs[0].need("lq"))[1] or 1
    pairs = check_pairs(pairs, 1 if floor == "none" else scale)
    method: Method
    facts: dict[str, object] = {}
    metric_weights = {"lpips_weights": lpips_weights, "raft_weights": raft_weights}
    start_metrics(metrics, **metric_weights)  # what is missing is better said before the work
    notes: list[str] = []
    if phase is not None and floor is not None:
        raise ValueError(
            "--phase describes how a network was trained, but --method uses no network; leave "
            "--phase out"
        )
    if config or weights or module:
        # torch takes seconds to import
        from fca2_plugin.apps.methods import NetworkMethod
        from fca2_plugin.inference.load import load_runner

        settings = settings or InferenceSettings()
        runner = load_runner(
            config,
            checkpoint,
            weights,
            network,
            settings=settings,
            phase=phase,
            data_phase=data_phase(degradation),
            fca2=fca2,
        )
        if scale not in (None, runner.scale):
            raise ValueError(
                f"{runner.name} enlarges x{runner.scale}, but the LQ is {scale} times smaller than "
                "its ground truth; choose another network"
            )
        runner.name = name or runner.name
        if color_correction is not None:
            _set_color_correction(runner.network, color_correction, weights or config or module)
            source |= {"color_correction": color_correction}
        method = measured = NetworkMethod(runner, chunk, context)
        notes += runner.notes
        source |= {"phase": runner.phase.phase, "checkpoint_sha256": runner.sha256}
        source |= {"settings": settings.text, "chunk": chunk}
        source |= {"context": measured.context if chunk else None}
        facts = measured.facts()
        jobs = 1
    elif floor == "bicubic":
        method = BicubicFloor(scale or 1, data_phase(degradation))
        source |= {"scale": scale, "degradation": degradation}
    elif sr is not None:
        method = StoredFrames("sr", Path(sr).resolve().name)
    else:
        method = StoredFrames("lq", "none")
    if "lpips" in metrics or raft_weights:
        jobs = 1  # torch uses all cores by itself
    jobs = default_jobs() if jobs is None else jobs
    result: dict[str, Any] = {
        "kind": "evaluate",
        "schema": 1,
        "fca2_plugin": __version__,
        "method": name or method.name,
        "dataset": dataset or Path(str(data or gt)).resolve().name,
        "protocol": asdict(rules),
        "source": {key: _as_text(value) for key, value in source.items()},
        "frames_dir": _as_text(save or sr),
    }
    journal = Journal(json_path, {**result, "metrics": list(metrics), "weights": metric_weights})
    folder = _save_folder(save, journal)
    scorer = Scorer(method, rules, tuple(metrics), metric_weights, folder)
    scores = score_all(scorer, pairs, journal, jobs=jobs, progress=progress)
    result |= facts | summarise(pairs, scores)
    result["notes"] = notes + _displaced(result)
    if result["frames_dir"]:
        for condition, entry in result["conditions"].items():
            entry["frames_dir"] = str(Path(result["frames_dir"]) / condition)
    if json_path:
        write_json(json_path, result)
        journal.remove()
    return result


def _check_arguments(
    source: Mapping, conditions: Sequence[str] | None, floor: str | None, save: Path_ | None
) -> None:
    given = {key for key, value in source.items() if value is not None}
    if len(given & {"sr", "config", "weights", "network"}) + (floor is not None) != 1:
        raise ValueError(
            "choose what to measure: give one of --sr, --config with --checkpoint, --weights, and "
            f"--method ({' or '.join(FLOORS)})"
        )
    if floor is not None:
        check_choice("method", floor, FLOORS)
    if len(given & {"gt", "data"}) != 1:
        raise ValueError("give the ground truth with --gt, or a tree of `fca2 encode` with --data")
    if {"data", "lq"} <= given:
        raise ValueError(
            "--data contains its own LQ frames; leave --lq out, or give --lq and --gt without "
            "--data"
        )
    if (conditions or "split" in given) and "data" not in given:
        raise ValueError(
            "--split and --conditions choose parts of --data; add --data, or leave them out"
        )
    if not given & {"sr", "data", "lq"}:
        raise ValueError("a network or a baseline needs input frames; add --lq")
    if save is not None and "sr" in given:
        raise ValueError(
            "--save stores the frames that a network or a baseline returns, but --sr are finished "
            "frames; leave --save out"
        )


def _find(
    source: Mapping, degradation: str, conditions: Sequence[str] | None
) -> tuple[list[ClipPair], int | None, str]:
    """The pairs of all conditions, with scale and degradation where a tree says them."""
    if source["data"] is None:
        check_choice("degradation", degradation, DOWNSAMPLERS)
        return find_pairs(source["gt"], lq=source["lq"], sr=source["sr"]), None, degradation
    tree = open_tree(source["data"], source["split"])
    for condition in conditions or ():
        check_choice("condition", condition, tree.lq)
    sr = source["sr"] and Path(source["sr"])
    pairs = [
        replace(pair, types=tree.types.get((condition, pair.name)))
        for condition, lq in tree.lq.items()
        if conditions is None or condition in conditions
        for pair in find_pairs(tree.gt, lq=lq, sr=sr and sr / condition, condition=condition)
    ]
    return pairs, tree.scale, tree.degradation


def _check_kinds(
    pairs: Sequence[ClipPair], rules: Protocol, metrics: Sequence[str], save: Path_ | None
) -> None:
    """Raw luma for the protocol that wants it, and for no other."""
    raw = rules.channel == "raw-y"
    for media in (m for pair in pairs for m in (pair.gt, pair.lq, pair.sr) if m is not None):
        if isinstance(media, YuvFile) != raw:
            wanted = "raw videos, Name_WxH_N.yuv" if raw else "RGB frames or videos"
            raise ValueError(
                f"the protocol {rules.name} compares {wanted}, but {media.name} contains something "
                "else; choose another --protocol, or convert the data"
            )
    others = set(metrics) - {"psnr", "ssim"}
    if raw and (others or save):
        what = f"the metrics {', '.join(sorted(others))}" if others else "--save"
        raise ValueError(f"the protocol {rules.name} compares luma, but {what} needs RGB frames")


def _displaced(result: Mapping) -> list[str]:
    """A warning where results would fit their ground truth better somewhere else."""
    conditions = result["conditions"] or {"": result}
    found = [
        (clip["displacement"], f"{condition} {name}".strip())
        for condition, entry in conditions.items()
        for name, clip in entry["clips"].items()
        if "displacement" in clip
    ]
    if not found:
        return []
    worst, label = max(found, key=lambda pair: pair[0]["gain_db"])
    return [
        f"the results are shifted against the ground truth: moved by {worst['pixels']:+g} pixels, "
        f"{label} would gain {worst['gain_db']:.2f} dB ({len(found)} clips are shifted). The "
        "network was probably trained on LQ pixels at another position in their blocks; see "
        "--phase."
    ]


def _set_color_correction(network, mode: str, source: object) -> None:
    """Replace a network's own colour correction by another, or by none."""
    from fca2_plugin.nets import FCA2Net
    from fca2_plugin.ops.color import COLOR_CORRECTIONS

    check_choice("color_correction", mode, (*COLOR_CORRECTIONS, "none"))
    if not isinstance(network, FCA2Net) or network.autoencoder is None:
        raise ValueError(
            f"--color-correction needs FCA² with its autoencoder, but {source} builds a "
            f"{type(network).__name__} without one; leave it out"
        )
    network.color_correction = None if mode == "none" else mode


def _save_folder(save: Path_ | None, journal: Journal) -> Path | None:
    """Results of another run are not overwritten, those of a killed one are."""
    if not save:
        return None
    folder = Path(save)
    if not journal.was_begun and folder.exists() and any(folder.iterdir()):
        raise ValueError(
            f"{folder} is not empty; choose another folder for --save, or remove this one"
        )
    journal.begin()
    return folder


def _as_text(value: object) -> object:
    return value if value is None or isinstance(value, int) else str(value)
