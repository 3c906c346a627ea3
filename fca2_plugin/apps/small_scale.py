"""What runs at a small scale share: a run's folder, its clips, the floor below its networks."""

from pathlib import Path
from typing import Any

from rich.console import Console

from fca2_plugin._files import read_json, write_json
from fca2_plugin._progress import progress_bar
from fca2_plugin.apps.evaluate import evaluate
from fca2_plugin.data import ClipSource, build_clips
from fca2_plugin.data.manifest import check_same

__all__ = [
    "CRFS",
    "check_budget",
    "keep_arguments",
    "make_clips",
    "scaled",
    "score_row",
    "train_briefly",
    "use_clips",
]

CRFS = (15, 25, 35)


def check_budget(budget: float) -> None:
    """Refuse a share of the usual iterations that is none.

    Raises:
        ValueError: It is not positive.
    """
    if not budget > 0:
        raise ValueError(f"budget must be a share above 0 (1 for all iterations), got {budget}")


def scaled(iterations: int, budget: float) -> int:
    """So many iterations are a share of the usual ones."""
    return max(round(iterations * budget), 1)


def use_clips(cfg: Any, clips: Path) -> None:
    """Let an MMagic config train, validate and test on the clips of ``make_clips``."""
    loaders = (cfg.train_dataloader, cfg.val_dataloader, *cfg.test_dataloader)
    for loader, split in zip(loaders, ("train", *("test" for _ in loaders[1:])), strict=True):
        dataset = loader.dataset
        dataset.demo = None  # the clips are there
        if isinstance(dataset.get("dataroot_lq"), list):  # of real footage, coded in many ways
            dataset.update(crfs=list(CRFS), raw_prob=0.5)
        for kind in ("gt", "lq"):
            if dataset.get(f"dataroot_{kind}") is not None:
                dataset[f"dataroot_{kind}"] = str(clips / split / kind)


def train_briefly(cfg: Any, iterations: int, text: str) -> None:
    """Change an MMagic config to so many iterations, with a bar that says ``text`` and no log."""
    cfg.train_cfg.max_iters = iterations
    cfg.train_cfg.val_interval = iterations + 1  # the test at the end is what counts
    cfg.param_scheduler[1].T_max = iterations
    cfg.custom_hooks = [dict(type="FCA2ProgressHook", text=text)]
    cfg.log_level = "ERROR"


def keep_arguments(folder: Path, arguments: dict) -> None:
    """Write down what a folder was started with, in its ``run.json``.

    Raises:
        ValueError: It was started with something else: a schedule cannot go on with another length.
    """
    path = folder / "run.json"
    if path.is_file():
        check_same(folder, "arguments", read_json(path), arguments)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(path, arguments)


def make_clips(root: Path, source: ClipSource, console: Console) -> Path:
    """Build the data set with a bar, or finish it; return ``root``."""
    with progress_bar(console) as progress:
        return build_clips(source, root, crfs=CRFS, progress=progress)


def score_row(clips: Path, **method: Any) -> dict:
    """A row of the table: every CRF by ``evaluate``, of ``floor="bicubic"`` or of ``weights``.

    Bicubic knows where the LQ pixels are: the harder floor.
    """
    conditions = [f"crf{crf}" for crf in CRFS]
    result = evaluate(data=clips, conditions=conditions, **method)
    row = {"parameters": result.get("params", 0), "ms_per_frame": result["ms_per_frame"]}
    for key, measure in (("psnr_y", "psnr"), ("ssim_y", "ssim")):
        row[key] = {str(crf): result["conditions"][f"crf{crf}"][measure] for crf in CRFS}
    return row
