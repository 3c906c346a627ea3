"""A hook for the distributed test: every process writes its losses and what it leaves."""

import json
from pathlib import Path

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from tests.exit_threads import note_threads

__all__ = ["RankLossesHook"]


@HOOKS.register_module(force=True)
class RankLossesHook(Hook):
    """Writes ``losses_<rank>.json`` and, at exit, ``threads_<rank>.json``."""

    def __init__(self) -> None:
        self.losses = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.losses.append(float(outputs["loss"].detach()))

    def after_train(self, runner) -> None:
        path = Path(runner.work_dir) / f"losses_{get_rank()}.json"
        path.write_text(json.dumps(self.losses))
        note_threads(path.with_name(f"threads_{get_rank()}.json"))
