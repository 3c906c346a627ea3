"""Training and testing BasicSR's YAML with BasicSR's pipelines, from Python or the command line.

The functions can be called many times in one process. They check what BasicSR would otherwise
meet deep inside a run, and leave the run itself to it. One file serves both: training leaves its
``test`` data sets aside; testing takes those, or the ``val`` ones if there are none.
"""

import copy
import re
from collections.abc import Mapping
from pathlib import Path

import basicsr.test
import basicsr.train
import torch
import yaml
from basicsr.archs import build_network
from basicsr.models.base_model import BaseModel
from basicsr.utils.registry import MODEL_REGISTRY
from torch import nn

from fca2_plugin._configs import find_config, find_own_modules
from fca2_plugin._distributed import check_devices
from fca2_plugin._gpu import warn_of_unseen_gpu
from fca2_plugin._optional import import_users
from fca2_plugin._suggest import did_you_mean
from fca2_plugin.basicsr.host_nets import FCA2Network
from fca2_plugin.basicsr.model import FCA2Model
from fca2_plugin.basicsr.options import check_options, check_types
from fca2_plugin.basicsr.pipeline import quiet, run_pipeline
from fca2_plugin.checkpoints import (
    Checkpoint,
    find_checkpoint,
    load_part,
    newest_checkpoint,
    overrides,
)
from fca2_plugin.compat.basicsr_resume import find_state, read_state
from fca2_plugin.data.trained_phase import trained_phase
from fca2_plugin.nets.build import get_stage
from fca2_plugin.nets.pretrained import without_weights
from fca2_plugin.nets.spec import check_phases_agree

__all__ = ["load_config", "load_generator", "test", "train", "use_debug", "use_resume"]

_TRAIN_KEYS = ("model_type", "network_g", "datasets", "train", "logger")
_TEST_KEYS = ("model_type", "network_g", "datasets")


def load_config(
    path: str | Path, cfg_options: Mapping | None = None, work_dir: str | Path | None = None
) -> dict:
    """Read a config.

    What BasicSR asks for and nobody wants to write has a default: ``name`` (the file's),
    ``num_gpu: auto``, an empty ``path``.

    Args:
        path: The YAML file; ``fca2_plugin::FOLDER/FILE`` is one that comes with the package.
            ``custom_imports: [module]`` in it names modules that register more.
        cfg_options: Dotted keys and the values to put there.
        work_dir: Where ``experiments``, ``results`` and ``tb_logger`` are; by default here.

    Raises:
        FileNotFoundError: The file does not exist.
        ImportError: A module of ``custom_imports`` is not there.
        ValueError: It is not YAML of options, names an unknown type, or holds a key that nothing
            reads; an option names a key that the file does not have.
    """
    path = find_config(path)
    try:
        cfg = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} could not be read as YAML: {error}") from error
    if not isinstance(cfg, dict):
        raise ValueError(f"{path} contains no options; expected those of a BasicSR config")
    for key, value in (cfg_options or {}).items():
        _override(cfg, key, value)
    cfg = {"name": path.stem, "num_gpu": "auto", **cfg}
    cfg["path"] = cfg.get("path") or {}
    cfg["root_path"] = str(Path.cwd() if work_dir is None else Path(work_dir).absolute())
    modules = cfg.get("custom_imports") or []
    modules = [modules] if isinstance(modules, str) else modules
    find_own_modules()
    for module in modules:
        import_users(module)
    _check_names(cfg)
    check_types(cfg)
    check_options(cfg, modules)
    return cfg


def _check_names(cfg: Mapping) -> None:
    """Names become folders, which stay inside those of the run."""
    data = cfg.get("datasets")
    names = {"name": cfg["name"]}
    for key, options in data.items() if isinstance(data, Mapping) else ():
        if isinstance(options, Mapping) and options.get("name") is not None:
            names[f"datasets.{key}.name"] = options["name"]
    for place, name in names.items():
        text = str(name)
        if not text.strip() or text in (".", "..") or set(text) & set("/\\\0\n"):
            raise ValueError(
                f"{place} is {name!r}, but it becomes the name of a folder; expected a word "
                "without slashes (--work-dir sets where folders are made)"
            )


def use_resume(cfg: dict, source: str = "auto") -> bool:
    """Go on from the latest whole training state of the run's folder, or from a ``.state`` file.

    Returns:
        Whether there is one: where nothing was trained yet, training starts as the config says.

    Raises:
        FileNotFoundError: The file is not there, or the weights of its iteration are not; or the
            run's folder contains weights alone.
    """
    run = Path(cfg["root_path"], "experiments", cfg["name"])
    state = find_state(run / "training_states") if source == "auto" else source
    if state is None:
        _check_untrained(run)
        return False
    if not Path(state).is_file():
        raise FileNotFoundError(
            f"there is no training state {str(state)!r}; give a .state file from the run's "
            "training_states, or `auto`"
        )
    weights = run / "models" / f"net_g_{Path(state).stem}.pth"
    if not weights.is_file():
        raise FileNotFoundError(
            f"{state} belongs to weights that are missing at {weights}; a run can only resume "
            "from its own states: to start from other weights, set path.pretrain_network_g"
        )
    cfg["path"]["resume_state"] = str(state)
    return True


def _check_untrained(run: Path) -> None:
    weights = newest_checkpoint(run) if run.is_dir() else None
    if weights is not None:
        raise FileNotFoundError(
            f"{weights} cannot be resumed without a training state, and {run / 'training_states'} "
            "has none; copy it there, or set path.pretrain_network_g to the weights and start a "
            "run with another name"
        )


def use_debug(cfg: dict) -> None:
    """Make it BasicSR's debug run: named ``debug_NAME``, and logging every iteration."""
    if not cfg["name"].startswith("debug"):
        cfg["name"] = f"debug_{cfg['name']}"


def train(cfg: dict, launcher: str = "none") -> BaseModel:
    """Train as the config says and return the finished model.

    Args:
        cfg: From ``load_config``.
        launcher: ``none``, ``pytorch`` or ``slurm``.

    Raises:
        FileNotFoundError: A file that is named is not there.
        ValueError: The config lacks a part that training needs, or asks for what is not here.
    """
    _check_keys(cfg, _TRAIN_KEYS, "training")
    cfg = copy.deepcopy(dict(cfg))
    cfg["datasets"] = _phases(cfg, "train", "val")
    if "train" not in cfg["datasets"]:
        raise ValueError("training needs datasets.train, which the config does not have")
    cfg["path"].setdefault("param_key_g", "params_ema")
    if cfg["path"].get("resume_state"):
        use_resume(cfg, cfg["path"]["resume_state"])
        without_weights(cfg["network_g"])  # all of them are in the checkpoint
    _check_run(cfg, launcher)
    _check_schedule(cfg["train"])
    _check_network(cfg)
    return run_pipeline(basicsr.train.train_pipeline, cfg, launcher)


def test(
    cfg: dict, checkpoint: str | Path | None = None, launcher: str = "none"
) -> dict[str, float]:
    """Test a checkpoint as the config says and return the metrics, as ``dataset/metric``.

    Args:
        cfg: From ``load_config``.
        checkpoint: A ``.pth`` file or the folder of a run; by default ``path.pretrain_network_g``.
            Its averaged weights are taken, if it has any and ``path.param_key_g`` is not set.
        launcher: ``none``, ``pytorch`` or ``slurm``.

    Raises:
        FileNotFoundError: The checkpoint does not exist.
        ValueError: The config lacks a part that testing needs, or asks for what is not here.
    """
    _check_keys(cfg, _TEST_KEYS, "testing")
    cfg = copy.deepcopy(dict(cfg))
    if checkpoint is not None:
        cfg["path"]["pretrain_network_g"] = str(checkpoint)
    if not cfg["path"].get("pretrain_network_g"):
        raise ValueError("there is no checkpoint to test; give one, or set path.pretrain_network_g")
    cfg["path"].setdefault("param_key_g", "params_ema")
    cfg["datasets"] = _phases(cfg, "test") or _phases(cfg, "val")
    if not cfg["datasets"]:
        raise ValueError(
            "testing needs datasets.test or datasets.val, which the config does not have"
        )
    cfg["val"] = {"save_img": False, "suffix": None, **(cfg.get("val") or {})}
    cfg["path"].pop("resume_state", None)
    without_weights(cfg["network_g"])
    _check_run(cfg, launcher)
    _check_network(cfg)
    model = run_pipeline(basicsr.test.test_pipeline, cfg, launcher)
    return {
        f"{dataset}/{metric}": float(record["val"])
        for dataset, records in getattr(model, "best_metric_results", {}).items()
        for metric, record in records.items()
    }


def load_generator(cfg: Mapping, checkpoint: str | Path | Checkpoint | None) -> nn.Module:
    """Build the config's network alone, with the weights of a checkpoint, for evaluation.

    Without a checkpoint its weights are random, which is enough to time it.

    Raises:
        FileNotFoundError: The checkpoint does not exist.
        ValueError: Its weights do not belong to this network.
    """
    _check_keys(cfg, ("network_g",), "a network")
    network = copy.deepcopy(cfg["network_g"])
    without_weights(network)
    with quiet():
        generator = build_network(network)
    if checkpoint is not None:
        load_part(generator, checkpoint, "network_g")
    return generator.eval()


def _phases(cfg: Mapping, *phases: str) -> dict:
    """The data sets of these phases, as BasicSR tells them apart: ``val``, ``val_1``, ..."""
    return {k: v for k, v in cfg["datasets"].items() if str(k).split("_")[0] in phases}


def _override(cfg: dict, key: str, value: object) -> None:
    """Put ``value`` where a key like ``train.optim_g.lr`` or ``train:optim_g:lr`` points."""
    *parents, last = re.split(r"[.:]", key)
    node = cfg
    for name in parents:
        if name not in node:
            raise ValueError(f"the config has no option {key!r}{did_you_mean(name, node)}")
        node[name] = {} if node[name] is None else node[name]
        node = node[name]
        if not isinstance(node, dict):
            raise ValueError(f"the config has no option {key!r}; {name} is {node!r}")
    node[last] = value


def _check_keys(cfg: Mapping, keys: tuple[str, ...], purpose: str) -> None:
    missing = [key for key in keys if not cfg.get(key)]
    if missing:
        raise ValueError(f"the config has no {', '.join(missing)}, which {purpose} needs")


def _check_run(cfg: dict, launcher: str) -> None:
    """What is about this machine and its files."""
    check_devices(launcher)
    warn_of_unseen_gpu()
    count = torch.cuda.device_count()
    if cfg["num_gpu"] == "auto" and launcher == "none":
        cfg["num_gpu"] = min(count, 1)  # BasicSR would share the batch among all, many times larger
    wanted = cfg["num_gpu"]
    if wanted != "auto" and (not isinstance(wanted, int) or wanted < 0):
        raise ValueError(f"num_gpu is {wanted!r}; expected a number of GPUs, 0 or auto")
    if wanted != "auto" and wanted > count:
        raise ValueError(
            f"num_gpu is {wanted}, but torch sees {count} CUDA devices here; set num_gpu: auto"
        )
    if wanted == 0 and count and launcher != "none":
        raise ValueError(
            "num_gpu is 0 in a distributed run, where BasicSR would still use the GPUs; hide them "
            "with CUDA_VISIBLE_DEVICES= and set num_gpu: auto"
        )
    for key, path in cfg["path"].items():
        if key.startswith("pretrain_network") and path:
            cfg["path"][key] = str(find_checkpoint(Path(path).expanduser()))


def _check_schedule(train: Mapping) -> None:
    periods, total = (train.get("scheduler") or {}).get("periods"), train.get("total_iter")
    if periods and total:
        overrides.check_periods(periods, total, "train.scheduler.periods", "train.total_iter")


def _check_network(cfg: Mapping) -> None:
    """Build the network and read its first weights before the run touches any folder.

    BasicSR moves an earlier run of that name out of the way as the first thing it does.
    """
    with quiet():
        net = build_network(cfg["network_g"])
    phase = trained_phase(cfg["datasets"].get("train"))
    if phase is not None:
        check_phases_agree(net, phase)
    path = cfg["path"]
    if path.get("resume_state"):
        state = read_state(path["resume_state"])
        models = Path(cfg["root_path"], "experiments", cfg["name"], "models")
        load_part(net, models / f"net_g_{state['iter']}.pth", "network_g")
        return
    if path.get("pretrain_network_g"):
        if path.get("strict_load_g", True):
            load_part(net, path["pretrain_network_g"], "network_g")
    elif isinstance(net, FCA2Network):
        if issubclass(MODEL_REGISTRY.get(cfg["model_type"]), FCA2Model):
            net.load_parts()
        elif net.checkpoints or get_stage(net.stage).needs:
            raise ValueError(
                f"model_type: {cfg['model_type']} ignores the checkpoints of network_g, but "
                f"stage={net.stage!r} starts from them; set model_type: FCA2Model"
            )
