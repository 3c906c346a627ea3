"""A checkpoint of one host as a checkpoint of the other: the weights, and their average.

The forms, as the hosts write and load them:

=========  ======================================  ===========================================
host       weights                                 their average (EMA) beside them
=========  ======================================  ===========================================
MMagic     ``state_dict``, ``generator.*``         ``state_dict`` holds the average, and
                                                   ``ema_state_dict`` the weights (MMEngine's
                                                   ``EMAHook``); or ``generator_ema.*``
BasicSR    ``params``                              ``params_ema``
=========  ======================================  ===========================================

The optimiser's state is not converted: training continues from a converted file as from any other
first weights (``load_from``, ``pretrain_network_g``), and begins to count at 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from fca2_plugin._files import file_at_once
from fca2_plugin._suggest import check_choice
from fca2_plugin.checkpoints import (
    PHASE_KEY,
    check_finite,
    find_checkpoint,
    only_tensors,
    read_checkpoint,
    read_content,
)
from fca2_plugin.geometry import check_phase
from fca2_plugin.keymaps import HOSTS, Translation, translate

__all__ = ["Conversion", "convert_checkpoint"]

State = dict[str, Tensor]

_GENERATOR, _AVERAGED, _MODULE = "generator.", "generator_ema.", "module."
# What MMagic's models keep beside their networks: not needed to go on from the weights.
_BOOKKEEPING = ("step_counter", "data_preprocessor.")


@dataclass(frozen=True)
class Conversion:
    """What was converted.

    Args:
        source: The file that was read.
        network: What the weights belong to.
        num_tensors: Tensors of it.
        averaged: The file contains the weights and their average.
        left_out: What else the file held, by the first part of its names.
        note: What must be set so that both hosts compute the same.
    """

    source: Path
    network: str
    num_tensors: int
    averaged: bool
    left_out: tuple[str, ...]
    note: str


def convert_checkpoint(
    source: str | Path,
    target: str | Path,
    to: str,
    force: bool = False,
    phase: str | None = None,
) -> Conversion:
    """Write the weights of a checkpoint in the other host's form.

    Args:
        source: A checkpoint of MMagic or of BasicSR, or the folder of a run.
        target: The file to write.
        to: ``mmagic`` or ``basicsr``.
        force: Replace a file that exists.
        phase: On which phase the weights were trained, a word of ``fca2_plugin.geometry``; by
            default what the source says, if it does.

    Raises:
        FileNotFoundError: No such checkpoint.
        FileExistsError: ``target`` exists.
        ValueError: An unknown host or phase, no checkpoint, one of ``to`` already, or a network
            that both hosts do not have.
    """
    check_choice("host", to, HOSTS)
    source, target = find_checkpoint(source), Path(target)
    if target.exists() and not force:
        raise FileExistsError(f"{target} exists; name another file, or replace it with --force")
    content = read_content(source)
    states, left_out = _read(content, source, to)
    for state in states:
        check_finite(state, source)
    try:
        translated = [translate(state, to) for state in states]
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
    first = translated[0]
    written = _WRITERS[to](translated)
    phase = read_checkpoint(source).phase if phase is None else check_phase(phase)
    if phase is not None:
        written["meta"] = {PHASE_KEY: phase}
    target.parent.mkdir(parents=True, exist_ok=True)
    with file_at_once(target) as temporary:
        torch.save(written, temporary)
    return Conversion(
        source,
        first.description,
        len(first.state),
        len(states) == 2,
        left_out,
        first.key_map.note if first.key_map else "",
    )


def _read(content: object, source: Path, to: str) -> tuple[list[State], tuple[str, ...]]:
    """The weights, then their average if it is there, and what is left out."""
    content = content if isinstance(content, Mapping) else {}
    host = None
    if "state_dict" in content:
        host = "mmagic"
    elif "params" in content or "params_ema" in content:
        host = "basicsr"
    if host == to:
        raise ValueError(f"{source} is already a checkpoint of {to}; use it as it is")
    if host == "basicsr":
        keys = [key for key in ("params", "params_ema") if key in content]
        return [_without(only_tensors(content[key], source), _MODULE) for key in keys], ()
    if host is None:  # a bare state dict, as users save it
        return [only_tensors(content, source)], ()
    return _read_mmagic(content, source)


def _read_mmagic(content: Mapping, source: Path) -> tuple[list[State], tuple[str, ...]]:
    state = _without(only_tensors(content["state_dict"], source), _MODULE)
    generator, averaged = _under(state, _GENERATOR), _under(state, _AVERAGED)
    if not generator:
        return [state], ()
    others = [k for k in state if not k.startswith((_GENERATOR, _AVERAGED, *_BOOKKEEPING))]
    left_out = tuple(dict.fromkeys(key.split(".")[0] for key in others))
    kept = content.get("ema_state_dict") or {}
    # MMEngine's hook exchanges the two when it saves
    learning = _under(dict(kept), _MODULE + _GENERATOR)
    if learning:
        return [learning, generator], left_out
    return [generator, averaged] if averaged else [generator], left_out


def _write_mmagic(translated: list[Translation]) -> dict:
    """MMEngine's form: its tools test ``state_dict``, the average if there is one."""
    key_map = translated[0].key_map
    prefix = "" if key_map is not None and key_map.is_part else _GENERATOR
    states = [
        {prefix + key: value for key, value in translation.state.items()}
        for translation in translated
    ]
    if _is_on_clips(translated[0]):
        for state in states:
            state["step_counter"] = torch.zeros(1)  # of MMagic's BasicVSR, which counts again
    content = {"state_dict": states[-1]}
    if len(states) == 2:
        content["ema_state_dict"] = {_MODULE + key: value for key, value in states[0].items()}
        content["ema_state_dict"]["steps"] = torch.tensor(0)
    return content


def _write_basicsr(translated: list[Translation]) -> dict:
    keys = ("params", "params_ema")
    return {key: translation.state for key, translation in zip(keys, translated, strict=False)}


_WRITERS = {"mmagic": _write_mmagic, "basicsr": _write_basicsr}


def _is_on_clips(translation: Translation) -> bool:
    """Whether MMagic trains it in the model for clips: FCA² and adapters always, few others."""
    key_map = translation.key_map
    return key_map is None or key_map.on_clips or bool(translation.prefix or translation.parts)


def _under(state: Mapping[str, Tensor], prefix: str) -> State:
    return {key[len(prefix) :]: v for key, v in state.items() if key.startswith(prefix)}


def _without(state: Mapping[str, Tensor], prefix: str) -> State:
    return {key.removeprefix(prefix): value for key, value in state.items()}
