"""Training and testing an MMagic config with MMEngine's Runner, from Python or the command line.

The functions can be called many times in one process. They check what MMEngine would otherwise
meet deep inside a run, and leave the run itself to it.
"""

import copy
import itertools
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

import mmagic.registry
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import nn

from fca2_plugin._configs import find_config, find_own_modules
from fca2_plugin._distributed import TIMEOUT, check_devices
from fca2_plugin._gpu import warn_of_unseen_gpu
from fca2_plugin._suggest import did_you_mean
from fca2_plugin.checkpoints import (
    Checkpoint,
    find_checkpoint,
    load_part,
    newest_checkpoint,
    nothing_to_resume,
)
from fca2_plugin.data.trained_phase import trained_phase
from fca2_plugin.mmagic.hooks import FCA2PhaseHook
from fca2_plugin.mmagic.options import RUNNER_KEYS, check_options, instead_of
from fca2_plugin.mmagic.strict_runner import StrictRunner, TestRunner
from fca2_plugin.nets.pretrained import without_losses, without_weights
from fca2_plugin.nets.spec import check_phases_agree

__all__ = [
    "build_runner",
    "load_config",
    "load_generator",
    "test",
    "train",
    "use_amp",
    "use_auto_scale_lr",
    "use_resume",
]

_TRAIN_KEYS = ("model", "train_dataloader", "train_cfg", "optim_wrapper")
_TEST_KEYS = ("model", "test_dataloader", "test_cfg", "test_evaluator")

_runs = itertools.count(1)


def load_config(
    path: str | Path, cfg_options: Mapping | None = None, work_dir: str | Path | None = None
) -> Config:
    """Read a config.

    Args:
        path: The config file; ``fca2_plugin::FOLDER/FILE`` is one that comes with the package.
        cfg_options: Dotted keys and the values to put there.
        work_dir: Where everything of the run goes; by default what the config says, or
            ``./work_dirs/<config name>`` as in MMagic.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It is not a valid config, or it contains an unknown key or a number that is
            out of range, or an option names such a key.
    """
    path = find_config(path)
    find_own_modules()
    try:
        cfg = Config.fromfile(str(path))
    except Exception as error:  # a config is a program, and can fail like any other
        reason = textwrap.shorten(str(error), 400)  # MMEngine lists all of sys.path
        raise ValueError(
            f"{path} could not be read as an MMEngine config: {type(error).__name__}: {reason}"
        ) from error
    if cfg_options:
        _check_options(cfg, cfg_options)
        cfg.merge_from_dict(dict(cfg_options))
    _warn_of_near_misses(cfg, path)
    check_options(cfg)
    if work_dir is not None:
        cfg.work_dir = str(work_dir)
        # MMagic's configs send checkpoints to ./work_dirs/<name>, whatever the work_dir is.
        checkpoint = cfg.get("default_hooks", {}).get("checkpoint")
        if checkpoint is not None:
            checkpoint.pop("out_dir", None)
    elif cfg.get("work_dir") is None:
        cfg.work_dir = str(Path("work_dirs") / path.stem)
    return cfg


def use_amp(cfg: Config) -> None:
    """Switch the config's optimisers to mixed precision, as MMagic's ``--amp`` does.

    Raises:
        ValueError: An optimiser wrapper of another kind is in use.
    """
    for wrapper in _optim_wrappers(cfg):
        kind = wrapper.get("type", "OptimWrapper")
        if kind not in ("OptimWrapper", "AmpOptimWrapper"):
            raise ValueError(f"--amp works with type='OptimWrapper', and this config has {kind!r}")
        wrapper["type"] = "AmpOptimWrapper"
        wrapper.setdefault("loss_scale", "dynamic")


def use_auto_scale_lr(cfg: Config) -> None:
    """Scale the learning rate with the batch size.

    Raises:
        ValueError: The config does not say which batch size its learning rate is for.
    """
    if "base_batch_size" not in (cfg.get("auto_scale_lr") or {}):
        raise ValueError(
            "--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=N) in the config: the total "
            "batch size for which its learning rate was chosen"
        )
    cfg.auto_scale_lr.enable = True


def use_resume(cfg: Config, source: str = "auto") -> bool:
    """Go on from a checkpoint, and return whether there is one.

    Args:
        cfg: The config, with its ``work_dir``.
        source: A checkpoint, the folder of a run, or ``auto`` for the newest whole one of
            ``work_dir``, whatever its ``last_checkpoint`` says. Where there is none yet, training
            starts as the config says, its ``load_from`` included.

    Raises:
        FileNotFoundError: The checkpoint does not exist.
    """
    if source == "auto":
        work_dir = Path(cfg.work_dir)
        pointer = (work_dir / "last_checkpoint").is_file()
        if not pointer and not (work_dir.is_dir() and newest_checkpoint(work_dir)):
            cfg.resume = False
            return False
        source = str(work_dir)
    cfg.resume = True
    cfg.load_from = _find(source)
    return True


def build_runner(cfg: Config, kind: type[Runner] = StrictRunner) -> Runner:
    """Build a Runner from a copy of ``cfg``.

    Raises:
        ValueError: Mixed precision is asked for without an accelerator, or more processes were
            started than there are GPUs.
    """
    cfg = copy.deepcopy(cfg)
    launcher = cfg.get("launcher") or "none"
    check_devices(launcher)
    warn_of_unseen_gpu()
    if launcher != "none":
        processes = cfg.setdefault("env_cfg", {}).setdefault("dist_cfg", {})
        processes.setdefault("timeout", int(TIMEOUT.total_seconds()))
    on_cpu = get_device() == "cpu"
    if on_cpu and any(w.get("type") == "AmpOptimWrapper" for w in _optim_wrappers(cfg)):
        raise ValueError(
            "mixed precision (AMP) needs a GPU, but MMEngine finds none here; train without --amp "
            "and with optim_wrapper.type='OptimWrapper'"
        )
    # MMEngine shares log, message hub and visualiser between runs of one name, and its own names
    # differ only from second to second.
    run = next(_runs)
    if run > 1:
        name = cfg.get("experiment_name") or Path(cfg.filename or "run").stem
        cfg.experiment_name = f"{name}_{run}"
    return kind.from_cfg(cfg)


def train(cfg: Config) -> Runner:
    """Train as the config says and return the finished Runner.

    Raises:
        FileNotFoundError: There is no checkpoint where the config names one.
        ValueError: The config lacks a part that training needs, its data and its network put LQ
            pixels in different places, or a checkpoint is damaged or of another network.
    """
    _check_keys(cfg, _TRAIN_KEYS, "training")
    phase = trained_phase(cfg.train_dataloader)
    cfg = copy.deepcopy(cfg)
    if cfg.get("load_from"):
        cfg.load_from = _find(cfg.load_from)
    elif cfg.get("resume") and not use_resume(cfg):
        warnings.warn(nothing_to_resume(cfg.work_dir), stacklevel=2)
    with _registry_misses():
        runner = build_runner(cfg)
        if phase is not None:
            model = runner.model
            generator = getattr(getattr(model, "module", model), "generator", None)
            check_phases_agree(generator, phase)
            runner.register_hook(FCA2PhaseHook(phase))
        runner.train()
    return runner


def test(cfg: Config, checkpoint: str | Path) -> dict[str, float]:
    """Test a checkpoint as the config says and return the metrics.

    Args:
        cfg: From ``load_config``.
        checkpoint: A file of either host, or the folder of a run; averaged weights (EMA) are
            taken where there are any.

    Raises:
        FileNotFoundError: The checkpoint does not exist.
        ValueError: The file is not a checkpoint or belongs to another network, or the config lacks
            a part that testing needs.
    """
    _check_keys(cfg, _TEST_KEYS, "testing")
    cfg = copy.deepcopy(cfg)
    cfg.load_from = _find(checkpoint)
    cfg.resume = False
    metrics = _KeepMetrics()
    with _registry_misses():
        runner = build_runner(cfg, TestRunner)
        runner.register_hook(metrics, "LOWEST")
        runner.test()
    return metrics.values


def load_generator(cfg: Config, checkpoint: str | Path | Checkpoint | None) -> nn.Module:
    """Build the config's network alone, with the weights of a checkpoint, for evaluation.

    Without a checkpoint its weights are random, which is enough to time it.

    Raises:
        FileNotFoundError: The checkpoint does not exist.
        ValueError: Its weights do not belong to this network.
    """
    cfg = copy.deepcopy(cfg)
    init_default_scope(cfg.get("default_scope", "mmagic"))  # as a Runner does
    model = without_losses(cfg.model)
    without_weights(model)
    with _registry_misses():
        generator = mmagic.registry.MODELS.build(model).generator
    if checkpoint is not None:
        load_part(generator, checkpoint, "generator")
    return generator.eval()


class _KeepMetrics(Hook):
    """Keeps what a test loop measured: MMagic's MultiTestLoop only passes it to hooks."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def after_test_epoch(self, runner: Runner, metrics: Mapping | None = None) -> None:
        self.values = {key: float(value) for key, value in (metrics or {}).items()}


@contextmanager
def _registry_misses() -> Iterator[None]:
    """Add the nearest registered name to MMEngine's message about an unknown type."""
    try:
        yield
    except KeyError as error:
        miss = re.search(r"(\S+) is not in the \w+::(\w[\w ]*) registry", str(error.args[0]))
        if miss is None:
            raise
        name, kind = miss.groups()
        raise ValueError(
            f"there is no {kind} of type {name!r} in MMagic{instead_of(name)}"
        ) from error


def _optim_wrappers(cfg: Config) -> Iterator[dict]:
    """The config's one optimiser wrapper, or the one of each part (GANs)."""
    wrapper = cfg.get("optim_wrapper") or {}
    for candidate in (wrapper, *wrapper.values()):
        if isinstance(candidate, dict) and "optimizer" in candidate:
            yield candidate


def _check_keys(cfg: Config, keys: tuple[str, ...], purpose: str) -> None:
    missing = [key for key in keys if cfg.get(key) is None]
    if missing:
        raise ValueError(f"the config has no {', '.join(missing)}, which {purpose} needs")


def _find(checkpoint: str | Path) -> str:
    """The file; MMEngine's own schemes (mmagic://, ...) are for MMEngine to find."""
    known = str(checkpoint).startswith(("http://", "https://"))
    if "://" in str(checkpoint) and not known:
        return str(checkpoint)
    if not known and not Path(checkpoint).expanduser().exists():
        raise FileNotFoundError(
            f"there is no checkpoint {str(checkpoint)!r}; give the path of a .pth file, or the "
            "work_dir that training left it in"
        )
    return str(find_checkpoint(checkpoint))


def _check_options(cfg: Config, options: Mapping) -> None:
    """Refuse an option whose first key neither the config nor the Runner has."""
    known = set(cfg) | RUNNER_KEYS
    for key in options:
        first = str(key).split(".")[0]
        if first not in known:
            raise ValueError(f"unknown option {key!r}{did_you_mean(first, known)}")


def _warn_of_near_misses(cfg: Config, path: Path) -> None:
    """A config may hold any helper variable, but hardly one a letter away from the Runner's."""
    for key in set(cfg) - RUNNER_KEYS:
        close = get_close_matches(key, RUNNER_KEYS, n=1, cutoff=0.93)
        if close:
            warnings.warn(
                f"{path} sets the unknown option {key!r}; did you mean {close[0]!r}?",
                stacklevel=3,
            )
