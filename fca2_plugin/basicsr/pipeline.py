"""One run of BasicSR's pipelines, which read ``sys.argv`` and keep their model to themselves."""

import logging
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import basicsr
import basicsr.models
import basicsr.test
import basicsr.train
import yaml
from basicsr.data.data_sampler import EnlargedSampler
from basicsr.models.base_model import BaseModel
from basicsr.utils import logger as basicsr_logger
from torch import distributed

from fca2_plugin._distributed import TIMEOUT, end_distributed
from fca2_plugin.basicsr import files
from fca2_plugin.basicsr.sampler import RoundSampler, build_sampler
from fca2_plugin.compat.during import replaced

__all__ = ["forget_logger", "quiet", "run_pipeline"]


def run_pipeline(
    pipeline: Callable[[str], None], cfg: Mapping, launcher: str = "none"
) -> BaseModel:
    """Run ``train_pipeline`` or ``test_pipeline``, and return the model that it built.

    Args:
        pipeline: BasicSR's function.
        cfg: All options; ``root_path`` is where its folders go.
        launcher: ``none``, ``pytorch`` or ``slurm``.

    Raises:
        ValueError: BasicSR does not find an option that it needs, or refuses one.
    """
    run = _Run()
    cfg = dict(cfg)
    root_path = cfg.pop("root_path")
    forget_logger()
    patient = partial(distributed.init_process_group, timeout=TIMEOUT)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = folder / f"{cfg['name']}.yml"
        path.write_text(yaml.safe_dump(_plain(cfg), sort_keys=False), encoding="utf-8")
        arguments = [sys.argv[0], "-opt", str(path), "--launcher", launcher]
        parts = (
            (sys, "argv", arguments),
            (basicsr.train, "build_model", run.build_model),
            (basicsr.test, "build_model", run.build_model),
            (basicsr.train, "load_resume_state", run.load_resume_state),
            (basicsr.train, "EnlargedSampler", run.build_sampler),
            (distributed, "init_process_group", patient),
            *((BaseModel, name, getattr(files, name)) for name in files.METHODS),
        )
        stack.enter_context(replaced(parts))
        stack.enter_context(_host_errors())
        stack.callback(end_distributed)  # so that another run can follow; the model still lives
        pipeline(root_path)
    return run.model


class _Run:
    """What a pipeline keeps to itself, and is wanted here: its model, and where it goes on."""

    def __init__(self) -> None:
        self.model: BaseModel | None = None
        self.opt: Mapping = {}
        self.state: Mapping | None = None
        self._build_model = basicsr.models.build_model
        self._load_resume_state = basicsr.train.load_resume_state

    def build_model(self, opt: dict) -> BaseModel:
        self.model = self._build_model(opt)
        return self.model

    def load_resume_state(self, opt: dict) -> Mapping | None:
        self.opt, self.state = opt, self._load_resume_state(opt)
        return self.state

    def build_sampler(
        self, dataset: Any, num_replicas: int, rank: int, ratio: float
    ) -> EnlargedSampler:
        sampler = build_sampler(dataset, num_replicas, rank, ratio)
        if self.state is not None and isinstance(sampler, RoundSampler):
            # one process serves all its GPUs, unless there is a process for each
            gpus = 1 if self.opt["dist"] else max(self.opt["num_gpu"], 1)
            batch_size = dataset.opt["batch_size_per_gpu"] * gpus
            sampler.go_on(self.state["epoch"], self.state["iter"], batch_size)
        return sampler


def _plain(value: object) -> object:
    """Without classes of the caller's, which safe YAML cannot write."""
    if isinstance(value, Mapping):
        return {str(key): _plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(child) for child in value]
    return str(value) if isinstance(value, Path) else value


def forget_logger() -> None:
    """BasicSR sets its logger up once a process; every run shall have its own log file."""
    logger = logging.getLogger("basicsr")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    basicsr_logger.initialized_logger.pop("basicsr", None)


@contextmanager
def quiet() -> Iterator[None]:
    """Build without BasicSR's log, which would come before there is a log file."""
    with replaced([(logging.getLogger("basicsr"), "disabled", True)]):
        yield


@contextmanager
def _host_errors() -> Iterator[None]:
    """Turn BasicSR's assertions and its missing options into errors of the user's input."""
    try:
        yield
    except (AssertionError, KeyError, NotImplementedError) as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        package = Path(basicsr.__file__).parent
        if package not in Path(frame.filename).parents:
            raise
        place = f"{Path(frame.filename).relative_to(package.parent)}:{frame.lineno}"
        if isinstance(error, KeyError) and re.search(r"\[['\"]", frame.line or ""):
            raise ValueError(f"BasicSR needs the option {error.args[0]!r} ({place})") from error
        sentence = error.args[0] if error.args else frame.line
        raise ValueError(f"{sentence} ({place})") from error
