"""Options that nothing reads: found by reading what BasicSR's source reads.

BasicSR takes its YAML apart all over its source and never says that a key meant nothing. So the
keys that it knows at each place are collected from the source itself: every text in
``opt["train"]["key"]``, ``train_opt.get("key")`` or ``"key" in opt``, there and here. Modules of
``custom_imports`` may read keys at any place. Where options become arguments (networks, losses,
metrics, optimisers, ...), the parameters of what ``type`` names are known instead.
"""

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import torch
from basicsr.models import lr_scheduler
from basicsr.utils import dist_util, file_client
from basicsr.utils.registry import (
    ARCH_REGISTRY,
    DATASET_REGISTRY,
    LOSS_REGISTRY,
    METRIC_REGISTRY,
    MODEL_REGISTRY,
    Registry,
)

from fca2_plugin._keys import keys_read, parameters_of
from fca2_plugin._suggest import check_choice, did_you_mean
from fca2_plugin._values import check_value
from fca2_plugin.basicsr.datasets import HOST_KEYS
from fca2_plugin.nets.build import where_it_belongs

__all__ = ["check_options", "check_types"]

_REGISTRIES = (ARCH_REGISTRY, DATASET_REGISTRY, LOSS_REGISTRY, METRIC_REGISTRY)
_PHASES = ("train", "val", "test")
# In BasicSR's published options, and read by no release: its training sampler always shuffles.
_HARMLESS = frozenset({"use_shuffle"})
# The place that a variable or an item of BasicSR's source stands for: train_opt, opt["train"]
_PLACE = re.compile(
    r"(?:.*(?:\['|get\('))?(?P<place>train|val|path|logger|wandb|datasets|dataset)(?:_opt|'.*)"
)
_WHOLE = re.compile(r"(self\.)?opt|cfg")
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?e[+-]?\d+", re.IGNORECASE)


def check_types(cfg: Mapping) -> None:
    """Refuse names that BasicSR has not registered, and one value where there have to be options.

    Raises:
        ValueError: There is one; the message suggests the nearest name.
    """
    for key in ("datasets", "path", "train", "val"):
        _options(cfg.get(key), key)
    if "model_type" in cfg:
        check_choice("model_type", cfg["model_type"], MODEL_REGISTRY.keys())
    for place, options, registry in _typed(cfg):
        name = _options(options, place).get("type")
        if f"{name}_basicsr" not in registry:  # BasicSR finds some names without this suffix
            check_choice(f"type in {place}", name, registry.keys())


def _options(value: object, place: str) -> Mapping:
    if value is not None and not isinstance(value, Mapping):
        raise ValueError(f"{place} is {value!r}; expected a group of options")
    return value or {}


def _typed(cfg: Mapping) -> Iterator[tuple[str, object, Registry]]:
    """What is built from a registry: the place, its options, the registry."""
    for key, options in cfg.items():
        if str(key).startswith("network_") and options is not None:
            # a network's options hold those of the network it wraps
            for path, nested in _walk(_options(options, key), (key,)):
                yield ".".join(path), nested, ARCH_REGISTRY
    for key, options in (cfg.get("datasets") or {}).items():
        yield f"datasets.{key}", options, DATASET_REGISTRY
    for key, options in (cfg.get("train") or {}).items():
        if str(key).endswith("_opt") and options:
            yield f"train.{key}", options, LOSS_REGISTRY
    for key, options in ((cfg.get("val") or {}).get("metrics") or {}).items():
        yield f"val.metrics.{key}", options, METRIC_REGISTRY


def check_options(cfg: Mapping, modules: Iterable[str] = ()) -> None:
    """Refuse options that nothing reads, and numbers out of their range.

    Args:
        cfg: All options of a run.
        modules: Names of further modules that may read some.

    Raises:
        ValueError: There is one, or a number that YAML takes for text.
    """
    more = frozenset(key for name in modules for _, _, key in keys_read(name))
    allowed = {path: _allowed(path, options) | more for path, options in _walk(cfg, ())}
    for path, options in _walk(cfg, ()):
        for key, value in options.items():
            place = ".".join((*path, str(key)))
            if key not in allowed[path] and not _is_free(path, key):
                raise ValueError(f"unknown option {place!r}{_elsewhere(path, key, allowed)}")
            if isinstance(value, str) and _NUMBER.fullmatch(value):
                raise ValueError(
                    f"YAML reads {place} as the text {value!r}; write {float(value)!r} or !!float "
                    f"{value}"
                )
            check_value(place, str(key), value)


def _elsewhere(path: tuple[str, ...], key: str, allowed: Mapping[tuple, frozenset[str]]) -> str:
    """What else may be meant: a name like it here, or the same name at another place."""
    if path and str(path[0]).startswith("network_") and (hint := where_it_belongs(key)):
        return hint
    near = did_you_mean(key, allowed[path])
    others = [".".join(other) or "the top" for other, keys in allowed.items() if key in keys]
    others.sort(key="the top".__eq__)  # a single model of BasicSR reads some there
    if "did you mean" not in near and others:
        return f"; it belongs to {others[0]}"
    return near


def _walk(options: Mapping, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Mapping]]:
    """All mappings and where they stand, but nothing inside a network or loss without a type.

    Those are the settings of a part, or names of the user's; whoever takes them checks them.
    """
    yield path, options
    checks_itself = "type" in options and not _reads_options(options["type"])
    for key, value in options.items():
        if isinstance(value, Mapping) and ("type" in value or not checks_itself):
            yield from _walk(value, (*path, str(key)))


def _reads_options(name: str) -> bool:
    """BasicSR's data sets take their whole options and read what they want; the rest checks."""
    return name in DATASET_REGISTRY and not hasattr(DATASET_REGISTRY.get(name), "OPTIONS")


def _is_free(path: tuple[str, ...], key: str) -> bool:
    """Places where the user chooses the name."""
    if path == ():
        return str(key).startswith("network_")
    if path == ("datasets",):
        return str(key).split("_")[0] in _PHASES
    if path == ("path",):
        return str(key).startswith(("pretrain_network_", "param_key_", "strict_load_"))
    return path == ("val", "metrics")


def _allowed(path: tuple[str, ...], options: Mapping) -> frozenset[str]:
    """The keys that something reads at this place."""
    places = _keys_by_place()
    if path == ():
        return places["top"]
    if len(path) == 2 and path[0] == "datasets":
        known = getattr(DATASET_REGISTRY._obj_map.get(options.get("type")), "OPTIONS", None)
        return places["dataset"] if known is None else HOST_KEYS | known
    if len(path) == 1 and path[0] in ("train", "val", "path", "logger"):
        return places[path[0]]
    if path == ("logger", "wandb"):
        return places["wandb"]
    if path == ("datasets",):
        return frozenset(_PHASES)
    if path == ("val", "metrics"):
        return frozenset()
    return _parameters(path, options)


def _parameters(path: tuple[str, ...], options: Mapping) -> frozenset[str]:
    """The parameters of what these options are the arguments of; all keys where nobody knows."""
    place, kind = path[-1], options.get("type")
    if path == ("dist_params",):
        return _names(dist_util._init_dist_slurm)
    if place == "io_backend":
        return _names(file_client.FileClient._backends.get(kind))
    if place.startswith("optim_"):
        return _names(getattr(torch.optim, str(kind), None))
    if place == "scheduler":
        kind = str(kind).replace("MultiStepLR", "MultiStepRestartLR")
        return _names(getattr(lr_scheduler, kind, None))
    names = (kind, f"{kind}_basicsr")  # BasicSR finds some names without this suffix
    found = [r.get(name) for r in _REGISTRIES for name in names if name in r]
    if not found:
        return _keys_by_place()["any"]
    more = {"better"} if path[:2] == ("val", "metrics") else ()
    return frozenset({*more}.union(*map(_names, found)))


def _names(function: Callable | None) -> frozenset[str]:
    """Its parameters; all keys where they are not known."""
    if function is None:
        return _keys_by_place()["any"]
    # those that have names: BasicSR's metrics swallow all others
    named = parameters_of(function) or inspect.signature(function).parameters
    return frozenset({*named, "type"})


@functools.cache
def _keys_by_place() -> Mapping[str, frozenset[str]]:
    """The keys that BasicSR and its adapter here read, by where in the options they stand."""
    found: dict[str, set[str]] = {
        place: set() for place in "top train val path logger wandb dataset datasets any".split()
    }
    for package in ("basicsr", __package__):
        for file, owner, key in keys_read(package):
            place = _place(file, owner)
            found["any"].add(key)
            if place is not None:
                found[place].add(key)
    found["dataset"] |= HOST_KEYS
    return {place: frozenset(keys) for place, keys in found.items()}


def _place(file: str, owner: str) -> str | None:
    """Where in the options something of this name in the source stands."""
    if "datasets" in owner and not owner.endswith(("datasets']", "datasets')")):
        return "dataset"
    if match := _PLACE.fullmatch(owner):
        return match["place"]
    if _WHOLE.fullmatch(owner):
        if file.startswith(("data", "enhancement")):
            return "dataset"
        if not file.startswith(("archs/", "losses/", "metrics/")):
            return "top"
    return None
