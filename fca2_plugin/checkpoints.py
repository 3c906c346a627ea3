"""Weights on disk: read without executing them, take out one part, load it whole or not at all.

MMEngine's files hold the weights under ``state_dict`` beside its training log, BasicSR's under
``params_ema`` or ``params``. A part of FCA² is found by its name inside the keys
(``generator.autoencoder.encoder.head.weight``), so that a file of any stage serves any later one.
"""

import importlib
import pickle
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from fca2_plugin.keymaps import HOSTS, translate

__all__ = [
    "PHASE_KEY",
    "VSR_ALONE",
    "check_weights",
    "find_checkpoint",
    "holds_vsr_alone",
    "load_part",
    "only_tensors",
    "read_checkpoint",
    "read_state_dict",
    "saved_phase",
    "select_part",
]

#: In ``meta`` of either host's checkpoints, beside the weights: a word of ``fca2_plugin.geometry``.
PHASE_KEY = "fca2_phase"
#: Said where FCA² gets the weights of the network inside it only.
VSR_ALONE = (
    "the checkpoint holds the weights of the VSR network alone, so FCA² around it is untrained: it "
    "starts neutral and works, and stage='adapt' trains it"
)
_PARTS = ("cleaning.", "autoencoder.", "vsr.")  # of FCA²
_CONTAINERS = ("state_dict", "params_ema", "params")
_WRAPPERS = ("generator_ema.", "generator.", "module.")  # host prefixes, best weights first


class _Ignored:
    """Stands for a class of the training log, which is not read."""

    def __init__(self, *args) -> None:
        pass

    def __setstate__(self, state) -> None:
        pass


def _ignored_attribute(*args) -> None:
    """Stands for ``getattr`` in a checkpoint, which must not run."""


def _allowed() -> list:
    core = "numpy._core" if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else "numpy.core"
    multiarray = importlib.import_module(f"{core}.multiarray")
    dtypes = [type(np.dtype(code)) for code in ("f2", "f4", "f8", "i4", "i8", "u1", "?")]
    allowed = [np.ndarray, np.dtype, *dtypes]
    for name in ("_reconstruct", "scalar"):  # numpy 1 and numpy 2 write different paths
        function = getattr(multiarray, name)
        allowed += [(function, f"numpy.{core}.multiarray.{name}") for core in ("core", "_core")]
    return [
        *allowed,
        (_Ignored, "mmengine.logging.history_buffer.HistoryBuffer"),
        (_ignored_attribute, "builtins.getattr"),
    ]


@contextmanager
def _only(allowed: list) -> Iterator[None]:
    """Allow exactly these; a host's own list would mix its classes with the stand-ins."""
    before = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    try:
        with torch.serialization.safe_globals(allowed):
            yield
    finally:
        torch.serialization.add_safe_globals(before)


def find_checkpoint(path: str | Path) -> Path:
    """The file itself, the newest one in the folder of a run of either host, or a URL's download.

    Raises:
        FileNotFoundError: None of them is there.
    """
    if str(path).startswith(("http://", "https://")):
        return _download(str(path))
    path = Path(path)
    if path.is_file():
        return path
    if path.is_dir():
        newest = _newest(path)
        if newest is not None:
            return newest
        raise FileNotFoundError(
            f"no checkpoint in {path}; expected a file named by last_checkpoint (MMagic) or "
            "models/net_g_*.pth (BasicSR), which training writes: run that stage first, or name "
            "the .pth file itself"
        )
    raise FileNotFoundError(
        f"no checkpoint at {path}; run the stage that writes it first, or correct the path"
    )


def _newest(folder: Path) -> Path | None:
    """The checkpoint that a run of either host in this folder wrote last."""
    pointer = folder / "last_checkpoint"
    if pointer.is_file():
        newest = Path(pointer.read_text().strip())
        for candidate in (newest, folder / newest.name):
            if candidate.is_file():
                return candidate
    latest = folder / "models" / "net_g_latest.pth"  # of a finished run
    if latest.is_file():
        return latest
    numbered = folder.glob("models/net_g_*.pth")
    numbered = [path for path in numbered if path.stem.rpartition("_")[2].isdigit()]
    return max(numbered, key=lambda path: int(path.stem.rpartition("_")[2]), default=None)


def _download(url: str) -> Path:
    target = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[-1]
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, str(target))
        except OSError as error:
            raise FileNotFoundError(
                f"could not download {url} ({error}); fetch it elsewhere and name the local file, "
                f"or place it at {target}"
            ) from error
    return target


def read_checkpoint(path: str | Path) -> object:
    """Read either host's checkpoint as it is, without executing pickled code; or safetensors.

    What is no tensor and no plain value, as the training log, is left out.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is no checkpoint.
    """
    path = find_checkpoint(path)
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    try:
        with _only(_allowed()):
            return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise ValueError(
            f"{path} is not a readable checkpoint ({reason}); expected a file written by "
            "torch.save that holds a state dict"
        ) from error


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(
            f"{path} is not a readable checkpoint ({error}); expected a file written by safetensors"
        ) from error


def saved_phase(path: str | Path) -> str | None:
    """Which phase a checkpoint was trained on, where it says so: see ``PHASE_KEY``.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is no checkpoint.
    """
    content = read_checkpoint(path)
    meta = content.get("meta") if isinstance(content, Mapping) else None
    return meta.get(PHASE_KEY) if isinstance(meta, Mapping) else None


def only_tensors(content: object, path: str | Path) -> dict[str, Tensor]:
    """The weights among what a checkpoint, or a part of it, holds.

    Raises:
        ValueError: There are none.
    """
    weights = content if isinstance(content, Mapping) else {}
    weights = {key: value for key, value in weights.items() if isinstance(value, Tensor)}
    if not weights:
        raise ValueError(f"{path} holds no weights; expected a state dict, got {type(content)}")
    return weights


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read the weights of either host's checkpoint, without executing pickled code.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is no checkpoint, or holds no weights.
    """
    content = read_checkpoint(path)
    if isinstance(content, Mapping):
        content = next((content[key] for key in _CONTAINERS if key in content), content)
    return only_tensors(content, path)


def select_part(state: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    """Take one part of FCA² out of a state dict, its prefix removed.

    The keys of a file that holds no part by name (a plain VSR network, or the part alone) are
    returned as they are, less the host's prefix.
    """
    marker = f"{part}."
    for prefix in (*_WRAPPERS, ""):
        full = prefix + marker
        found = {key[len(full) :]: value for key, value in state.items() if key.startswith(full)}
        if found:
            return found
    for prefix in _WRAPPERS:
        found = {
            key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)
        }
        if found:
            return found
    return dict(state)


def load_part(module: nn.Module, path: str | Path, part: str) -> None:
    """Load one part's weights from a checkpoint of any stage; all of them or none.

    A file with the other host's names of the same network is loaded under this host's names. For
    FCA² that ``starts_neutral`` the weights of the VSR network alone are enough.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The keys or shapes do not belong to ``module``; the message lists which.
    """
    given = select_part(read_state_dict(path), part)
    if getattr(module, "starts_neutral", False) and holds_vsr_alone(given):
        warnings.warn(VSR_ALONE, stacklevel=2)
        module = module.vsr
    wanted = module.state_dict()
    given = _with_names_of(wanted, given)
    check_weights(wanted, given, str(path), part)
    module.load_state_dict(given)


def holds_vsr_alone(names: Iterable[str]) -> bool:
    """Whether weights of these names are those of a plain network, no part of FCA² among them."""
    names = list(names)
    return bool(names) and not any(name.startswith(_PARTS) for name in names)


def _with_names_of(
    wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    """``given`` translated from the other host, if that makes its names those of ``wanted``."""
    if given.keys() == wanted.keys():
        return given
    for host in HOSTS:
        try:
            found = translate(given, host)
        except ValueError:  # not of a network that both hosts have: the caller says what is wrong
            continue
        if found.state.keys() == wanted.keys():
            if found.key_map is not None and found.key_map.note:
                warnings.warn(f"{found.description}: {found.key_map.note}", stacklevel=3)
            return found.state
    return given


def check_weights(
    wanted: Mapping[str, Tensor], given: Mapping[str, Tensor], source: str, part: str
) -> None:
    """Make sure that all weights are there, no others, and of the right shape.

    Raises:
        ValueError: They are not; the message lists which, and names ``source`` and ``part``.
    """
    problems = [f"missing {key}" for key in wanted if key not in given]
    problems += [f"unexpected {key}" for key in given if key not in wanted]
    problems += [
        f"{key} is {tuple(given[key].shape)}, expected {tuple(wanted[key].shape)}"
        for key in wanted
        if key in given and given[key].shape != wanted[key].shape
    ]
    if problems:
        shown = "; ".join(problems[:8])
        more = f"; and {len(problems) - 8} more" if len(problems) > 8 else ""
        raise ValueError(
            f"{source} does not hold the weights of this {part}: {shown}{more}; build the {part} "
            "with the settings it was trained with, or bring another host's file over with "
            "`fca2 convert`"
        )
