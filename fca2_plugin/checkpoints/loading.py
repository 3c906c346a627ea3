"""The one strict loader: weights of any known form into a module, all of them or none.

A file is *read* in several ways until one gives exactly the module's keys: as it is, under the
other host's names, under the names of the authors who released it. A part of FCA² is found by its
name inside the keys (``generator.autoencoder.encoder.head.weight``), so that a file of any stage
serves any later one.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from fca2_plugin.checkpoints.reading import Checkpoint, read_checkpoint
from fca2_plugin.checkpoints.released import released_fca2, released_names, released_plain
from fca2_plugin.keymaps import HOSTS, translate

__all__ = [
    "VSR_ALONE",
    "check_finite",
    "check_weights",
    "fit",
    "holds_vsr_alone",
    "load_part",
    "select_part",
]

State = Mapping[str, Tensor]

#: Said where FCA² gets the weights of the network inside it only.
VSR_ALONE = (
    "the checkpoint contains the weights of the VSR network only, so FCA² around it is untrained; "
    "it works as it is, and stage='adapt' trains it"
)
#: The ends of the sentence about weights that do not fit.
WAY_OUT = (
    "build the {part} with the settings it was trained with, or name the file that belongs to it"
)
AROUND = (
    "it has no part of FCA²: name a checkpoint of the wrapped network, or, to put FCA² around a "
    "trained network, set stage='adapt' or use --fca2 with the config of the network alone"
)
_PARTS = ("cleaning.", "autoencoder.", "vsr.")  # of FCA²
#: Statistics of input images, which not every file repeats: the published SPyNet's do not.
_CONSTANTS = ("mean", "std")
_SHOWN = 8  # keys in a message


def load_part(
    module: nn.Module, source: str | Path | Checkpoint, part: str, weights: str | None = None
) -> None:
    """Load a module's weights from a checkpoint of any stage; all of them or none.

    For FCA² that ``takes_vsr_alone`` the weights of the VSR network alone are enough.

    Args:
        module: The network, or a part of one.
        source: A file, the folder of a run, an address, or what was read of one.
        part: Name of the module inside FCA², and in messages.
        weights: The key of the weights in the file; by default the averaged ones.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is not a checkpoint, or its weights do not belong to ``module``.

    Example:
        >>> from fca2_plugin.nets import CompactVSRNet
        >>> net = CompactVSRNet(mid_channels=8, num_blocks=1)
        >>> torch.save({"params": net.state_dict()}, "net.pth")
        >>> load_part(net, "net.pth", "vsr")
    """
    checkpoint = source if isinstance(source, Checkpoint) else read_checkpoint(source, weights)
    module.load_state_dict(fit(module, checkpoint.state, checkpoint.path, part))


def select_part(state: State, part: str) -> dict[str, Tensor]:
    """Take one part of FCA² out of a state dict, its prefix removed.

    Hosts' prefixes are removed as well, and of a GAN's two generators the averaged one is taken.
    The keys of a file that holds no part by name (a plain VSR network, or the part alone) are
    returned as they are.

    Example:
        >>> sorted(select_part({"vsr.a": torch.zeros(1), "cleaning.b": torch.zeros(1)}, "vsr"))
        ['a']
    """
    state = _without_module(state)
    for prefix in ("generator_ema.", "generator."):
        if found := _under(state, prefix):
            state = _without_module(found)
            break
    return _under(state, f"{part}.") or state


def fit(module: nn.Module, state: State, source: str | Path, part: str) -> dict[str, Tensor]:
    """The weights in ``state`` under the names of ``module``: exactly its keys.

    If the weights need a setting of the network, as those of FTVSR do, it is set.

    Raises:
        ValueError: They do not belong to ``module``, which the message shows; or training had
            diverged.

    Example:
        >>> net = torch.nn.Linear(2, 1)
        >>> sorted(fit(net, net.state_dict(), "net.pth", "vsr"))
        ['bias', 'weight']
    """
    tried: list[tuple[list[str], _Reading]] = []
    try:
        readings = list(_all_readings(module, state, part))
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
    for reading in readings:
        problems = _problems(reading.wanted, reading.state)
        if not problems:
            found = {reading.back.get(key, key): value for key, value in reading.state.items()}
            check_finite(found, source)
            found |= reading.kept
            for note in reading.notes:
                warnings.warn(note, stacklevel=4)
            if reading.set_up is not None:
                reading.set_up()
            return found
        tried.append((problems, reading))
    problems, reading = min(tried, key=lambda one: len(one[0]))
    hint = hasattr(module, "takes_vsr_alone") and holds_vsr_alone(select_part(state, part))
    raise ValueError(_sentence(problems, source, reading.name or part, AROUND if hint else WAY_OUT))


def holds_vsr_alone(names: Iterable[str]) -> bool:
    """Whether weights of these names are those of a plain network, no part of FCA² among them.

    Example:
        >>> holds_vsr_alone(["conv.weight"]), holds_vsr_alone(["vsr.conv.weight", "cleaning.bias"])
        (True, False)
    """
    names = list(names)
    return bool(names) and not any(name.startswith(_PARTS) for name in names)


def check_weights(wanted: State, given: State, source: str | Path, part: str) -> None:
    """Make sure that the weights are complete, with no others, and have the right shapes.

    Raises:
        ValueError: They are not; the message lists which, and names ``source`` and ``part``.

    Example:
        >>> weights = {"weight": torch.zeros(2)}
        >>> check_weights(weights, weights, "net.pth", "vsr")
    """
    problems = _problems(wanted, given)
    if problems:
        raise ValueError(_sentence(problems, source, part))


def check_finite(state: State, source: str | Path) -> None:
    """Refuse weights that are not numbers.

    Raises:
        ValueError: Some are NaN or infinite.

    Example:
        >>> check_finite({"weight": torch.zeros(2)}, "net.pth")
    """
    wrong = [key for key, value in state.items() if not torch.isfinite(value).all()]
    if wrong:
        raise ValueError(
            f"{source} contains NaN or infinite weights in {len(wrong)} of {len(state)} tensors, "
            f"such as {wrong[0]}: the training had diverged; load an earlier checkpoint"
        )


@dataclass(frozen=True)
class _Reading:
    """One way to understand a file.

    Args:
        wanted: The module's tensors, under the file's names.
        state: The file's.
        back: The module's name of what has another in the file.
        name: What the weights belong to, for messages; the part's name by default.
        notes: Warnings that belong to it.
        set_up: Sets what the weights need in the network.
        kept: Weights of the module that the file need not have.
    """

    wanted: State
    state: State
    back: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    notes: tuple[str, ...] = ()
    set_up: Callable[[], None] | None = None
    kept: State = field(default_factory=dict)


def _all_readings(module: nn.Module, state: State, part: str) -> Iterator[_Reading]:
    given = select_part(state, part)
    yield from _readings(module, given)
    inside = released_fca2(select_part(state, ""))
    if inside is not None:
        yield from _readings(module, select_part(inside, part))
    if getattr(module, "takes_vsr_alone", False) and holds_vsr_alone(given):
        yield from _readings_of_vsr(module, given)


def _readings_of_vsr(module: nn.Module, given: State) -> Iterator[_Reading]:
    """FCA² keeps its own weights around those of a network that was trained without it."""
    kept = {key: value for key, value in module.state_dict().items() if not key.startswith("vsr.")}
    for reading in _readings(module.get_submodule("vsr"), given):
        back = {key: f"vsr.{reading.back.get(key, key)}" for key in reading.wanted}
        notes = (VSR_ALONE, *reading.notes)
        yield replace(reading, back=back, name="vsr", notes=notes, kept=kept)


def _readings(module: nn.Module, state: State) -> Iterator[_Reading]:
    wanted = module.state_dict()
    buffers = dict(module.named_buffers())
    constants = {k: v for k, v in buffers.items() if k.split(".")[-1] in _CONSTANTS}
    yield _Reading(wanted, {**constants, **state})
    for host in HOSTS:
        try:
            found = translate(state, host)
        except ValueError:  # not of a network that both hosts have
            continue
        note = found.key_map.note if found.key_map else ""
        notes = (f"{found.description}: {note}",) if note else ()
        yield _Reading(wanted, {**constants, **found.state}, notes=notes)
    names = released_names(module)
    if names is not None:
        back = {theirs: ours for ours, theirs in names.items()}
        renamed = {names.get(key, key): value for key, value in wanted.items()}
        own = {names.get(key, key): value for key, value in constants.items()}
        plain, set_up = released_plain(module, state)
        name = type(module).__name__
        yield _Reading(renamed, {**own, **plain}, back, name, set_up=set_up)
    slot, inner = _only_child(module, wanted)
    if inner is not None:  # an adapter around a network that was published without it
        for reading in _readings(inner, state):
            back = {key: f"{slot}.{reading.back.get(key, key)}" for key in reading.wanted}
            yield replace(reading, back=back)


def _only_child(module: nn.Module, wanted: State) -> tuple[str, nn.Module | None]:
    slots = {key.split(".")[0] for key in wanted}
    slot = slots.pop() if len(slots) == 1 else ""
    return slot, dict(module.named_children()).get(slot)


def _under(state: State, prefix: str) -> dict[str, Tensor]:
    return {key[len(prefix) :]: v for key, v in state.items() if key.startswith(prefix)}


def _without_module(state: State) -> dict[str, Tensor]:
    """Without the prefix of parallel training."""
    return {key.removeprefix("module."): value for key, value in state.items()}


def _shown(problems: list[str]) -> list[str]:
    """The first ones, some of each kind."""
    missing = [text for text in problems if text.startswith("missing ")]
    others = problems[len(missing) :]
    room = max(_SHOWN // 2, _SHOWN - len(others))
    return missing[:room] + others[: _SHOWN - len(missing[:room])]


def _problems(wanted: State, given: State) -> list[str]:
    problems = [f"missing {key}" for key in wanted if key not in given]
    problems += [f"unexpected {key}" for key in given if key not in wanted]
    problems += [
        f"{key} is {tuple(given[key].shape)}, expected {tuple(wanted[key].shape)}"
        for key in wanted
        if key in given and given[key].shape != wanted[key].shape
    ]
    return problems


def _sentence(problems: list[str], source: str | Path, part: str, way_out: str = WAY_OUT) -> str:
    shown = "; ".join(_shown(problems))
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return (
        f"{source} does not contain the weights of this {part}: {shown}{more}; "
        + way_out.format(part=part)
    )
