"""What a checkpoint of either host holds: its weights, averaged first, and what it says of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from fca2_plugin.checkpoints.finding import find_checkpoint
from fca2_plugin.checkpoints.unpickling import Known, load_pickled

__all__ = [
    "PHASE_KEY",
    "Checkpoint",
    "only_tensors",
    "read_checkpoint",
    "read_content",
    "read_state_dict",
]

#: In ``meta`` of either host's checkpoints, beside the weights: a word of ``fca2_plugin.geometry``.
PHASE_KEY = "fca2_phase"

#: Where the weights are, the averaged ones first.
_CONTAINERS = ("state_dict", "params_ema", "params")


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint.

    Args:
        path: The file.
        state: Its weights; the averaged ones (EMA) if it has both.
        meta: The plain values: MMEngine's ``meta``, the other keys of BasicSR's file, or the header
            of a safetensors file.

    Example:
        >>> torch.save({"params": {"weight": torch.zeros(2)}}, "net.pth")
        >>> read_checkpoint("net.pth").state["weight"]
        tensor([0., 0.])
    """

    path: Path
    state: dict[str, Tensor]
    meta: dict[str, Any]

    @property
    def phase(self) -> str | None:
        """The phase that it was trained on, if it tells: see ``PHASE_KEY``."""
        return self.meta.get(PHASE_KEY)


def read_checkpoint(path: str | Path, weights: str | None = None) -> Checkpoint:
    """Read a checkpoint of either host, or safetensors, without executing pickled code.

    Args:
        path: A file, the folder of a run, or an address.
        weights: The key of the weights that are wanted; by default the averaged ones.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is not a checkpoint, or holds no weights.

    Example:
        >>> torch.save({"params": {"weight": torch.zeros(2)}}, "net.pth")
        >>> sorted(read_checkpoint("net.pth").state)
        ['weight']
    """
    path = find_checkpoint(path)
    content = read_content(path)
    if not isinstance(content, Mapping):
        return Checkpoint(path, only_tensors(content, path), {})
    wanted = (weights, *_CONTAINERS) if weights else _CONTAINERS
    state = next((content[key] for key in wanted if key in content), content)
    plain = str | int | float | bool
    meta: dict[str, Any] = {k: v for k, v in content.items() if isinstance(v, plain)}
    if isinstance(content.get("meta"), Mapping):
        meta |= content["meta"]
    return Checkpoint(path, only_tensors(state, path), meta)


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read the weights of either host's checkpoint, as ``read_checkpoint`` does.

    Example:
        >>> torch.save({"params": {"weight": torch.zeros(2)}}, "net.pth")
        >>> sorted(read_state_dict("net.pth"))
        ['weight']
    """
    return read_checkpoint(path).state


def read_content(path: str | Path, known: Known | None = None) -> object:
    """Read a file; only tensors and plain values are kept, not the training log, for example.

    Args:
        path: A file, the folder of a run, or an address.
        known: Meaning of further names in the file.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is not a checkpoint, or damaged.

    Example:
        >>> torch.save({"params": {"weight": torch.zeros(2)}, "epoch": 3}, "net.pth")
        >>> read_content("net.pth")["epoch"]
        3
    """
    path = find_checkpoint(path)
    try:
        if path.suffix == ".safetensors":
            return _read_safetensors(path)
        return load_pickled(path, known)
    except MemoryError:
        raise
    except Exception as error:  # torch and pickle raise almost anything over a damaged file
        if isinstance(error, PermissionError):
            reason = error.strerror
        else:
            reason = (str(error).splitlines() or [""])[0][:120] or type(error).__name__
        kind = "safetensors" if isinstance(error, SafetensorError) else "torch.save"
        raise ValueError(
            f"{path} is not a readable checkpoint ({reason}); expected a file with a state dict, "
            f"written by {kind}; if it was one, it is damaged or cut off: copy it again"
        ) from error


def _read_safetensors(path: Path) -> dict[str, object]:
    with safe_open(path, framework="pt") as file:
        return {**(file.metadata() or {}), **{key: file.get_tensor(key) for key in file.keys()}}


def only_tensors(content: object, path: str | Path) -> dict[str, Tensor]:
    """The weights in the content of a checkpoint, or of a part of it.

    Raises:
        ValueError: There are none.

    Example:
        >>> sorted(only_tensors({"weight": torch.zeros(2), "epoch": 3}, "net.pth"))
        ['weight']
    """
    weights = content if isinstance(content, Mapping) else {}
    weights = {key: value for key, value in weights.items() if isinstance(value, Tensor)}
    if not weights:
        raise ValueError(f"{path} contains no weights; expected a state dict, got {type(content)}")
    return weights
