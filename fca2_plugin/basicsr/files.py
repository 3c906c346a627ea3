"""What BasicSR's models load and save: whole or not at all.

The functions take the place of the methods of ``BaseModel``, while a pipeline runs, and always in
``FCA2Model``.
"""

from pathlib import Path

import torch
from basicsr.models.base_model import BaseModel
from basicsr.utils import get_root_logger
from basicsr.utils.dist_util import master_only
from torch import nn

from fca2_plugin._files import file_at_once
from fca2_plugin.checkpoints import (
    PHASE_KEY,
    check_finite,
    load_part,
    overrides,
    read_checkpoint,
)
from fca2_plugin.data.trained_phase import trained_phase

__all__ = [
    "METHODS",
    "load_network",
    "resume_training",
    "save_network",
    "save_training_state",
]

#: Methods of ``BaseModel``.
METHODS = ("load_network", "resume_training", "save_network", "save_training_state")

_resume_training = BaseModel.resume_training


def load_network(
    self: BaseModel,
    net: nn.Module,
    load_path: str,
    strict: bool = True,
    param_key: str | None = "params",
) -> None:
    """As BasicSR's, for files of either host.

    Args:
        self: The model.
        net: The network.
        load_path: The file.
        strict: All weights have to be there and no others; otherwise those are loaded that fit.
        param_key: The key of the weights that are wanted, if the file has it.

    Raises:
        ValueError: The file is not a checkpoint, or its weights do not belong to the network.
    """
    net, logger = self.get_bare_model(net), get_root_logger()
    name = type(net).__name__
    if strict:
        load_part(net, load_path, name, param_key)
        logger.info(f"Loaded {name} from {load_path}")
        return
    wanted = net.state_dict()
    given = read_checkpoint(load_path, param_key).state
    given = {key.removeprefix("module."): value for key, value in given.items()}
    check_finite(given, load_path)
    fitting = {k: v for k, v in given.items() if k in wanted and v.shape == wanted[k].shape}
    if not fitting:
        raise ValueError(
            f"{load_path} contains no weights that fit this {name}, even with strict_load_g: false"
        )
    net.load_state_dict(fitting, strict=False)
    left = [key for key in wanted if key not in fitting]
    logger.warning(
        f"Loaded {len(fitting)} of {len(wanted)} tensors of {name} from {load_path}; missing there "
        f"or of another shape: {', '.join(left) or 'none'}"
    )


def resume_training(self: BaseModel, resume_state: dict) -> None:
    """As BasicSR's, and say where the options and the state differ."""
    asked = overrides.Asked(_groups(self), self.schedulers)
    _resume_training(self, resume_state)
    option = "path.pretrain_network_g"
    text = asked.settle(_groups(self), self.schedulers, option, reschedule=True)
    if text:
        get_root_logger().warning(text)


def _groups(model: BaseModel) -> list[dict]:
    return [group for optimizer in model.optimizers for group in optimizer.param_groups]


@master_only
def save_network(
    self: BaseModel,
    net: nn.Module | list,
    net_label: str,
    current_iter: int,
    param_key: str | list = "params",
) -> None:
    """BasicSR's file, with the phase of the training data, and an error where it cannot be."""
    nets, keys = (x if isinstance(x, list) else [x] for x in (net, param_key))
    weights = {
        key: {k: v.cpu() for k, v in self.get_bare_model(net).state_dict().items()}
        for key, net in zip(keys, nets, strict=True)
    }
    phase = trained_phase((self.opt.get("datasets") or {}).get("train"))
    if phase is not None:
        weights["meta"] = {PHASE_KEY: phase}
    label = "latest" if current_iter == -1 else current_iter
    _save(weights, Path(self.opt["path"]["models"], f"{net_label}_{label}.pth"))


@master_only
def save_training_state(self: BaseModel, epoch: int, current_iter: int) -> None:
    """BasicSR's file."""
    if current_iter == -1:
        return
    state = {
        "epoch": epoch,
        "iter": current_iter,
        "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        "schedulers": [scheduler.state_dict() for scheduler in self.schedulers],
    }
    _save(state, Path(self.opt["path"]["training_states"], f"{current_iter}.state"))


def _save(content: dict, path: Path) -> None:
    try:
        with file_at_once(path) as temporary:
            torch.save(content, temporary)
    except RuntimeError as error:  # torch's own writer, on a full disk
        reason = str(error).splitlines()[0]
        raise OSError(f"{path} could not be written ({reason}); is the disk full?") from error
