"""What BasicSR's models load, by the strict loader: weights, and the state of a resumed run."""

from basicsr.models.base_model import BaseModel
from basicsr.utils import get_root_logger
from torch import nn

from fca2_plugin.checkpoints import check_finite, load_part, overrides, read_checkpoint

__all__ = ["load_network", "resume_training"]

_resume_training = BaseModel.resume_training


def load_network(
    self: BaseModel,
    net: nn.Module,
    load_path: str,
    strict: bool = True,
    param_key: str | None = "params",
) -> None:
    """Takes the place of BasicSR's method, for files of either host.

    Args:
        self: The model.
        net: The network.
        load_path: The file.
        strict: All weights have to be there and no others; otherwise those are loaded that fit.
        param_key: The key of the weights that are wanted, if the file has it.

    Raises:
        ValueError: The file is no checkpoint, or its weights do not belong to the network.
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
            f"{load_path} holds no weights of this {name}, not even with strict_load_g: false"
        )
    net.load_state_dict(fitting, strict=False)
    left = [key for key in wanted if key not in fitting]
    logger.warning(
        f"Loaded {len(fitting)} of {len(wanted)} tensors of {name} from {load_path}; not in it, or "
        f"of another shape: {', '.join(left) or 'none'}"
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
