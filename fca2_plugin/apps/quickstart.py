"""The whole story on a small scale: clips, three training stages, test, table, report, video.

Everything is real: H.264 through PyAV, MMagic's Runner, the configs of ``configs/mmagic/tiny``.
An interrupted run resumes when it is started again with the same folder.
"""

import itertools
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from torch import nn

from fca2_plugin._configs import CONFIGS
from fca2_plugin._files import read_json, write_json
from fca2_plugin.apps.benchmark import compare
from fca2_plugin.apps.report import Comparison, codes_picture, results_table, write_report
from fca2_plugin.apps.small_scale import (
    CRFS,
    check_budget,
    keep_arguments,
    make_clips,
    scaled,
    score_row,
    train_briefly,
    use_clips,
)
from fca2_plugin.codec import CodecSettings, probe, write_video
from fca2_plugin.data import (
    Clip,
    ClipSource,
    bicubic_upsample,
    demo_clips,
    find_clips,
    middle_of,
    read_frames,
    video_clips,
)
from fca2_plugin.inference.run import to_clip, to_frames
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.inference.shipped import load_shipped

__all__ = ["run_quickstart"]

CLIP_FRAMES = 14  # two chunks of 7
NUM_TRAIN, NUM_TEST = 24, 3
DEMO_SIZE = (192, 192)
MAX_SIDE = 256  # of a user's video: what a CPU can train on in minutes
MIN_SIDE = 128  # four times the largest LQ patch of the tiny configs
MAX_VIDEO_CLIPS = 30
STAGES = {  # in this order: (config, iterations, what it says on the terminal)
    "cleaning": ("tiny_fca2-cleaning.py", 400, "1 cleaning network"),
    "autoencoder": ("tiny_fca2-autoencoder.py", 600, "2 frame autoencoder"),
    "baseline": ("tiny_basicvsr.py", 600, "3 BasicVSR alone"),
    "wrapped": ("tiny_fca2-basicvsr.py", 600, "4 BasicVSR in FCA²"),
}
SHIPPED = ("small", "small_fast")  # shown beside them, trained on real footage


def run_quickstart(
    work_dir: str | Path,
    video: str | Path | None = None,
    budget: float = 1.0,
    console: Console | None = None,
) -> dict:
    """Make clips, train, test, and write ``results.json``, ``report.html`` and ``upscaled.mp4``.

    Args:
        work_dir: Where everything goes, checkpoints and clips included.
        video: A video to train and test on (front and end of it); None makes clips by moving a
            camera over photographs.
        budget: Share of the usual iterations.
        console: Where progress and the table are shown.

    Returns:
        What ``results.json`` contains.

    Raises:
        FileNotFoundError: ``video`` is not there.
        ValueError: ``video`` is not a video, too short or too small, ``budget`` is not positive, or
            the folder contains a run with other arguments.
    """
    check_budget(budget)
    console = console or Console()
    work_dir = Path(work_dir)
    source = _source(video)  # a bad video is refused before anything is written
    keep_arguments(work_dir, {"video": video and str(video), "budget": budget})
    start = time.perf_counter()
    clips = make_clips(work_dir / "clips", source, console)
    checkpoints, spent = _train_all(work_dir, clips, budget, console)

    results = {"crfs": list(CRFS), "bicubic": score_row(clips, floor="bicubic")}
    networks = {}
    for name in ("baseline", "wrapped"):
        console.print(f"testing {name} at CRF {', '.join(map(str, CRFS))} ...")
        results[name], networks[name] = _test(checkpoints[name], name, clips, budget)
    for name in SHIPPED:
        console.print(f"testing {name}, which ships ...")
        results[name] = score_row(clips, weights=name)
        networks[name] = load_shipped(name).to(InferenceSettings().find_device())
    results["shipped"] = list(SHIPPED)
    console.print("timing ...")
    _time(results, networks, clips)
    results["setup"] = _setup(video, budget, spent)
    results["notes"] = _notes(video)
    write_json(work_dir / "results.json", results)
    report = write_report(results, work_dir, _pictures(networks, clips))
    upscaled = _write_upscaled(networks["wrapped"], clips, work_dir / "upscaled.mp4")
    console.print(results_table(results))
    minutes = (time.perf_counter() - start) / 60
    console.print(f"{minutes:.1f} min; report: {report}; upscaled clip: {upscaled}")
    console.print(f"your own video, no training: fca2 upscale --weights {SHIPPED[0]} IN OUT")
    return results


def _source(video: str | Path | None) -> ClipSource:
    if video is None:
        return demo_clips(NUM_TRAIN, NUM_TEST, CLIP_FRAMES, DEMO_SIZE)
    source = video_clips(video, CLIP_FRAMES, max_clips=MAX_VIDEO_CLIPS)
    stream = probe(video)
    if min(stream.width, stream.height) < MIN_SIDE:
        raise ValueError(
            f"{video} has {stream.width}x{stream.height} pixels, but the quickstart needs at least "
            f"{MIN_SIDE} a side; choose a larger video"
        )
    return middle_of(source, MAX_SIDE)


def _iterations(name: str, budget: float) -> int:
    return scaled(STAGES[name][1], budget)


def _config(name: str, work_dir: Path, clips: Path, budget: float):
    """The tiny config of a stage, its data and earlier stages in this work folder."""
    from fca2_plugin.mmagic.runner import load_config

    file, _, text = STAGES[name]
    cfg = load_config(CONFIGS / "mmagic" / "tiny" / file, work_dir=work_dir / name)
    use_clips(cfg, clips)
    train_briefly(cfg, _iterations(name, budget), text)
    if name == "wrapped":
        for part in ("cleaning", "autoencoder"):
            cfg.model.checkpoints[part] = str(work_dir / part)
    return cfg


def _train_all(
    work_dir: Path, clips: Path, budget: float, console: Console
) -> tuple[dict[str, Path], dict[str, str]]:
    """Run the stages that are not finished yet; checkpoints and time spent by stage."""
    from fca2_plugin.mmagic.runner import train, use_resume

    checkpoints, spent = {}, {}
    for name in STAGES:
        cfg = _config(name, work_dir, clips, budget)
        checkpoints[name] = Path(cfg.work_dir) / f"iter_{cfg.train_cfg.max_iters}.pth"
        clock = Path(cfg.work_dir) / "seconds.json"
        if checkpoints[name].is_file() and clock.is_file():  # the clock is written last
            console.print(f"{STAGES[name][2]}: already trained")
        else:
            use_resume(cfg)
            start = time.perf_counter()
            train(cfg)
            write_json(clock, {"seconds": time.perf_counter() - start, "resumed": cfg.resume})
        record = read_json(clock)
        spent[name] = f"{record['seconds']:.0f} s"
        if record["resumed"]:
            spent[name] += " since it was resumed"
    return checkpoints, spent


def _test(checkpoint: Path, name: str, clips: Path, budget: float) -> tuple[dict, nn.Module]:
    """The host's test loop on every CRF, and the network itself."""
    from fca2_plugin.mmagic.runner import load_generator, test

    cfg = _config(name, checkpoint.parents[1], clips, budget)
    metrics = test(cfg, checkpoint)
    row = {
        "psnr_y": {str(crf): metrics[f"CRF{crf}/PSNR"] for crf in CRFS},
        "ssim_y": {str(crf): metrics[f"CRF{crf}/SSIM"] for crf in CRFS},
    }
    return row, load_generator(cfg, checkpoint).to(InferenceSettings().find_device())


def _test_pairs(clips: Path, crf: int) -> Iterator[tuple[Clip, Clip]]:
    lq, gt = (find_clips(clips / "test" / kind) for kind in (f"lq_crf{crf}", "gt"))
    return zip(lq, gt, strict=True)


def _time(results: dict, networks: Mapping[str, nn.Module], clips: Path) -> None:
    lq, _ = next(_test_pairs(clips, 25))
    benchmark = compare(
        dict(networks), to_clip(read_frames(lq), InferenceSettings().find_device()), repeats=7
    )
    for name in networks:
        for key in ("ms_per_frame", "parameters", "macs_per_frame"):
            results[name][key] = benchmark["models"][name][key]
    results["benchmark"] = benchmark
    results["speed_ratio"] = benchmark["ratios"]["wrapped"]


@torch.inference_mode()
def _upscale(network: nn.Module, frames: list[np.ndarray]) -> list[np.ndarray]:
    return to_frames(network(to_clip(frames, InferenceSettings().find_device())))


def _pictures(networks: Mapping[str, nn.Module], clips: Path) -> list:
    """Every test clip's middle frame at CRF 25 by all methods, and the codes of the first."""
    pictures: list[Any] = []
    middle = CLIP_FRAMES // 2
    for lq_clip, gt_clip in itertools.islice(_test_pairs(clips, 25), NUM_TEST):
        lq, gt = read_frames(lq_clip), read_frames(gt_clip)
        columns = {"LQ": lq[middle], "bicubic": bicubic_upsample(lq[middle])}
        columns |= {name: _upscale(net, lq)[middle] for name, net in networks.items()}
        pictures.append(Comparison(f"{lq_clip.name}, CRF 25", {**columns, "GT": gt[middle]}))
    frames = read_frames(next(_test_pairs(clips, 25))[1])
    title = "Ground-truth frames and their codes"
    return [*pictures, codes_picture(title, networks["wrapped"], frames)]


def _write_upscaled(network: nn.Module, clips: Path, path: Path) -> Path:
    lq, _ = next(_test_pairs(clips, 25))
    frames = _upscale(network, read_frames(lq))
    write_video(path, frames, CodecSettings(crf=17, pix_fmt="yuv420p", fps=25))
    return path


def _setup(video: str | Path | None, budget: float, spent: Mapping[str, str]) -> dict[str, str]:
    source = (
        f"camera motion over photographs that scikit-image ships, {DEMO_SIZE[1]}x{DEMO_SIZE[0]}"
        if video is None
        else f"{Path(video).name}: its front for training, its end for testing, the middle "
        f"{MAX_SIDE} pixels"
    )
    trained = "; ".join(
        f"{name} {_iterations(name, budget)} iterations, {spent[name]}" for name in STAGES
    )
    return {
        "clips": f"{source}, {CLIP_FRAMES} frames each; no test clip is in training",
        "LQ": "Gaussian blur 1.5, 4 times smaller, H.264 (x264, YUV 4:4:4) at CRF 15, 25, 35; "
        "training sees half of the clips uncompressed",
        "networks": "MMagic's BasicVSRNet, 32 channels, 3 blocks, untrained flow; wrapped in the "
        "tiny preset of FCA² (9 channels, overlap 3, chunks of 7), frozen after its own training",
        "training": f"{trained}; Adam, random weights at the start, {torch.get_num_threads()} "
        "CPU threads" + ("" if not torch.cuda.is_available() else " and a GPU"),
        "metrics": "MMagic's PSNR and SSIM on Y, all frames, no border cut, mean over clips",
    }


def _notes(video: str | Path | None) -> list[str]:
    return [
        "Minutes of training on a few clips show that everything works; they say nothing about "
        "the quality that the paper's 400k iterations reach.",
        "LQ pixels lie in the middle of their blocks, as in ordinary video, and bicubic is aligned "
        "with them.",
        "Baseline and wrapped saw the same clips for the same iterations; the wrapped network's "
        "FCA² was trained before, which is counted under training.",
        f"{' and '.join(SHIPPED)} ship with the package, trained on real footage for longer than "
        "the two networks here; the speed column compares these two alone.",
        *(
            ["Made clips move gently and have no moving objects: the case FCA² is made for."]
            if video is None
            else []
        ),
    ]
