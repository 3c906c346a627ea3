"""Training runs of both hosts, by the programs that people start."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from fca2_plugin.data.demo import build_demo

__all__ = ["amp", "basicsr", "mmagic"]

ITERATIONS, MORE = {"cuda": 200, "cpu": 4}, 20
MMAGIC = "fca2_plugin::mmagic/tiny/tiny_fca2-fast_basicvsr.py"
BASICSR = "fca2_plugin::basicsr/tiny/tiny_basicvsr.yml"


def mmagic(device: torch.device) -> tuple[str, dict]:
    """Train FCA² in MMagic, and resume the run."""
    return _train_and_resume("mmagic", device)


def basicsr(device: torch.device) -> tuple[str, dict]:
    """Train a network in BasicSR, and resume the run."""
    return _train_and_resume("basicsr", device)


def amp(device: torch.device) -> tuple[str, dict]:
    """Train FCA² in mixed precision."""
    with tempfile.TemporaryDirectory() as folder:
        _train("mmagic", Path(folder), MORE, "--amp")
        _expect(Path(folder, "run", f"iter_{MORE}.pth"))
    return f"{MORE} iterations", {"iterations": MORE}


def _train_and_resume(host: str, device: torch.device) -> tuple[str, dict]:
    first = ITERATIONS[device.type]
    total = first + (MORE if device.type == "cuda" else 2)
    with tempfile.TemporaryDirectory() as folder:
        _train(host, Path(folder), first)
        _train(host, Path(folder), total, "--resume")
        states = Path(folder, "run", "experiments", "tiny_basicvsr", "training_states")
        _expect(
            Path(folder, "run", f"iter_{total}.pth")
            if host == "mmagic"
            else states / f"{total}.state"
        )
    return f"{first} iterations, resumed to {total}", {"iterations": first, "resumed_to": total}


def _train(host: str, folder: Path, iterations: int, *arguments: str) -> None:
    build_demo(folder / "data" / "demo", num_train=4, num_test=1)  # fewer than the config makes
    options: Sequence[str] = (
        f"train_cfg.max_iters={iterations}",
        "train_cfg.val_interval=100000",
        "default_hooks.checkpoint.interval=2",
    )
    if host == "basicsr":
        options = (
            f"train.total_iter={iterations}",
            "val.val_freq=100000",
            "logger.save_checkpoint_freq=2",
        )
    config = MMAGIC if host == "mmagic" else BASICSR
    command = [sys.executable, "-m", f"fca2_plugin.{host}.train", config, *arguments]
    command += ["--work-dir", "run", "--cfg-options", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{host} ended with code {done.returncode}: {last}")


def _expect(path: Path) -> None:
    if not path.is_file():
        raise RuntimeError(f"training ended without writing {path.name}")
