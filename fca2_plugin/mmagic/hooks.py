"""What happens beside a training run: progress on the terminal, the phase in its checkpoints."""

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from fca2_plugin.checkpoints import PHASE_KEY

__all__ = ["FCA2PhaseHook", "FCA2ProgressHook"]


class FCA2PhaseHook(Hook):
    """Writes into every checkpoint where the LQ pixels of its training data lie.

    Args:
        phase: A word of ``fca2_plugin.geometry``.
    """

    def __init__(self, phase: str) -> None:
        self.phase = phase

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        checkpoint["meta"][PHASE_KEY] = self.phase


class FCA2ProgressHook(Hook):
    """One bar with the loss and the time left, on the main process only.

    Args:
        text: What stands before the bar.
    """

    priority = "VERY_LOW"

    def __init__(self, text: str = "training") -> None:
        self.text = text
        self.bar: Progress | None = None

    def before_train(self, runner) -> None:
        if is_main_process():
            bar = self.bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("loss {task.fields[loss]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
            )
            bar.start()
            self.task = bar.add_task(
                self.text, total=runner.max_iters, completed=runner.iter, loss="-"
            )

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if self.bar is not None:
            loss = float(outputs["loss"].detach()) if "loss" in (outputs or {}) else float("nan")
            self.bar.update(self.task, completed=runner.iter + 1, loss=f"{loss:.4f}")

    def after_train(self, runner) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
