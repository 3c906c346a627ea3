"""Options that nothing reads: found by reading what BasicSR's source reads.

BasicSR takes its YAML apart all over its source and never says that a key meant nothing. So the
keys it knows are collected from the source itself: every text in ``opt["key"]``,
``opt.get("key")`` or ``"key" in opt``, there, here, and in the modules of ``custom_imports``. Where
options become arguments (networks, losses, metrics, optimisers, ...), the parameters of what
``type`` names are known too.
"""

import ast
import functools
import importlib.util
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

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

from fca2_plugin._suggest import check_choice, did_you_mean

__all__ = ["check_options", "check_types"]

_REGISTRIES = (ARCH_REGISTRY, DATASET_REGISTRY, LOSS_REGISTRY, METRIC_REGISTRY)
_PHASES = ("train", "val", "test")
# In BasicSR's published options, and read by no release: its training sampler always shuffles.
_HARMLESS = frozenset({"use_shuffle"})
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
        raise ValueError(f"{place} is {value!r}; expected options below it")
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
    """Refuse options that nothing reads.

    Args:
        cfg: All options of a run.
        modules: Names of further modules that may read some.

    Raises:
        ValueError: There is one, or a number that YAML takes for text.
    """
    known = set(_HARMLESS).union(*(_keys_read(name) for name in ("basicsr", __package__, *modules)))
    for path, options in _walk(cfg, ()):
        allowed = known | _parameters(path, options)
        for key, value in options.items():
            place = ".".join((*path, str(key)))
            if key not in allowed and not _is_free(path, key):
                raise ValueError(f"nothing reads the option {place!r}{did_you_mean(key, allowed)}")
            if isinstance(value, str) and _NUMBER.fullmatch(value):
                raise ValueError(
                    f"{place} is the text {value!r}, as YAML reads it; write {float(value)!r} or "
                    f"!!float {value}"
                )


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
    return path == ("val", "metrics")


def _parameters(path: tuple[str, ...], options: Mapping) -> set[str]:
    """The parameters of what these options are the arguments of."""
    if path == ("dist_params",):
        return _names(dist_util._init_dist_slurm)
    kind, place = options.get("type"), path[-1] if path else ""
    if not isinstance(kind, str):
        return set()
    if place.startswith("optim_"):
        return _names(getattr(torch.optim, kind, None))
    if place == "scheduler":
        return _names(
            getattr(lr_scheduler, kind.replace("MultiStepLR", "MultiStepRestartLR"), None)
        )
    if place == "io_backend":
        return _names(file_client.FileClient._backends.get(kind))
    names = (kind, f"{kind}_basicsr")  # BasicSR finds some names without this suffix
    return set().union(*(_names(r.get(n)) for r in _REGISTRIES for n in names if n in r))


def _names(function: Callable | None) -> set[str]:
    """The parameters, or what a data set of ours lists as its ``OPTIONS``."""
    if function is None:
        return set()
    return {*inspect.signature(function).parameters, *getattr(function, "OPTIONS", ()), "type"}


@functools.cache
def _keys_read(module: str) -> frozenset[str]:
    """The texts that a module, or all modules of a package, use as keys."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return frozenset()
    origin = Path(spec.origin)
    files = sorted(origin.parent.rglob("*.py")) if spec.submodule_search_locations else [origin]
    keys = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            keys.update(_keys_of(node))
    return frozenset(keys)


def _keys_of(node: ast.AST) -> Iterator[str]:
    candidates = []
    if isinstance(node, ast.Subscript):
        candidates = [node.slice]
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        # `"debug" in name` looks into a text
        if "opt" in ast.unparse(node.comparators[0]):
            candidates = [node.left]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("get", "pop", "setdefault"):
            candidates = node.args[:1]
    for candidate in candidates:
        if isinstance(candidate, ast.Constant) and isinstance(candidate.value, str):
            yield candidate.value
