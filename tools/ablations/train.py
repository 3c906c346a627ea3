"""One training of an ablation, through MMagic's Runner, kept so that it is done once."""

import time
from dataclasses import dataclass
from pathlib import Path

from fca2_plugin._configs import CONFIGS
from fca2_plugin._files import read_json, write_json
from fca2_plugin.apps.small_scale import scaled, train_briefly, use_clips

from .rows import RUNS

__all__ = ["BATCH", "ITERATIONS", "Study"]

ITERATIONS = 200  # of every training, stages before others included
BATCH = 2
_KEPT = 100  # iterations between checkpoints: what a killed run loses


@dataclass(frozen=True)
class Study:
    """The folder of all trainings.

    Args:
        out: Where they go.
        clips: Their data, as ``build_clips`` lays it out.
        budget: Share of ``ITERATIONS``.
    """

    out: Path
    clips: Path
    budget: float

    @property
    def iterations(self) -> int:
        """Of every training."""
        return scaled(ITERATIONS, self.budget)

    def folder(self, name: str, seed: int) -> Path:
        """Where a run's logs, checkpoints and result are."""
        return self.out / "runs" / f"seed{seed}" / name

    def checkpoint(self, name: str, seed: int) -> Path:
        """The weights at a run's end."""
        return self.folder(name, seed) / f"iter_{self.iterations}.pth"

    def result(self, name: str, seed: int) -> dict | None:
        """What a finished run measured; None while it is not finished."""
        path = self.folder(name, seed) / "result.json"
        return read_json(path) if path.is_file() else None

    def config(self, name: str, seed: int, text: str):
        """The config of a run: its row's, on these clips, from this seed, this long."""
        from fca2_plugin.mmagic.runner import load_config

        run = RUNS[name]
        file = CONFIGS / "mmagic" / "small" / run.config
        cfg = load_config(file, run.options, work_dir=self.folder(name, seed))
        cfg.randomness.seed = seed
        cfg.train_dataloader.batch_size = BATCH
        cfg.train_dataloader.dataset.gt_size = run.patch
        use_clips(cfg, self.clips)
        cfg.train_dataloader.dataset.seed = seed
        train_briefly(cfg, self.iterations, text)
        cfg.default_hooks.checkpoint.update(interval=_KEPT, max_keep_ckpts=1)

        files = {part: str(self.checkpoint(at, seed)) for part, at in run.starts_from.items()}
        if files:
            net = cfg.model if cfg.model.type == "FCA2Wrapper" else cfg.model.generator
            net.checkpoints = files
        return cfg

    def train(self, name: str, seed: int, text: str) -> dict:
        """Train, test and write ``result.json``; resume an interrupted run."""
        from fca2_plugin.mmagic.runner import test, train, use_resume

        cfg = self.config(name, seed, text)
        use_resume(cfg)
        start = time.perf_counter()
        train(cfg)
        seconds = time.perf_counter() - start
        metrics = test(cfg, self.checkpoint(name, seed))
        result = {
            "run": name,
            "seed": seed,
            "iterations": self.iterations,
            "seconds": seconds,
            "resumed": cfg.resume,
            "psnr": _by_condition(metrics, "PSNR"),
            "ssim": _by_condition(metrics, "SSIM"),
        }
        write_json(self.folder(name, seed) / "result.json", result)
        return result


def _by_condition(metrics: dict[str, float], measure: str) -> dict[str, float]:
    """``CRF15/PSNR`` by the paper tables' ``crf15``; ``PSNR`` alone by the empty string."""
    return {
        key.removesuffix(measure).rstrip("/").lower(): value
        for key, value in metrics.items()
        if key.endswith(measure)
    }
