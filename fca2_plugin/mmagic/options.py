"""Options that nothing reads: compared with what the registered classes and the Runner take.

MMEngine builds classes from parts of a config, and stops at an argument that a class does not have;
but not in the parts that a run does not build, and dictionaries without a ``type`` are read by
``get``. So every dictionary that the Runner is given is compared here, before the run:

* one with a ``type`` with the parameters of what is registered under that name;
* a model's ``train_cfg`` and ``test_cfg`` with the keys that the model's source reads;
* the Runner's own (``env_cfg``, ``randomness``, data loaders, ...) with what it hands them to.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import mmagic.registry
from mmengine.dist import init_dist
from mmengine.optim import DefaultOptimWrapperConstructor
from mmengine.registry import Registry
from mmengine.runner import Runner, set_random_seed
from mmengine.utils.dl_utils import set_multi_processing
from torch.distributed import init_process_group
from torch.utils.data import DataLoader

from fca2_plugin._keys import keys_read_by, parameters_of
from fca2_plugin._suggest import did_you_mean
from fca2_plugin._values import check_value
from fca2_plugin.nets.build import where_it_belongs

__all__ = ["RUNNER_KEYS", "check_options", "instead_of"]

#: What the Runner reads: its arguments, and some keys that it looks up in the whole config.
RUNNER_KEYS = frozenset(inspect.signature(Runner.__init__).parameters) - {"self", "cfg"} | {
    "activation_checkpointing",
    "compile",
    "custom_imports",
    "efficient_conv_bn_eval",
    "find_unused_parameters",
    "model_wrapper_cfg",
    "sync_bn",
}
_LOADER = {*inspect.signature(DataLoader.__init__).parameters, "num_batch_per_epoch", "collate_fn"}
_OPTIMIZER = {"type", "constructor", "paramwise_cfg"}
#: Arguments that a class takes as ``**kwargs``, by its name.
_MORE = {"CheckpointHook": set(inspect.signature(Runner.save_checkpoint).parameters)}
#: In the host's published configs, and read by no release.
_HARMLESS = {"metrics", "crop_border"}
#: What the Runner takes out of parts before it builds them.
_ALSO = {"optim_wrapper": _OPTIMIZER, "param_scheduler": {"convert_to_iter_based"}}
_LOOPS = ("train_cfg", "val_cfg", "test_cfg")
#: Where a type has to be registered: here, or in a list of these.
_BUILT = (
    *("model", "generator", "vsr", "net", "dataset", "optimizer", "sampler"),
    *("pipeline", "metrics", "custom_hooks", "param_scheduler", "vis_backends"),
)

Path = tuple[str, ...]

#: What is built from a part that names no type.
_BY_DEFAULT: dict[Path, tuple[str, ...]] = {
    ("log_processor",): ("LogProcessor",),
    ("train_cfg",): ("IterBasedTrainLoop", "EpochBasedTrainLoop"),
    ("val_cfg",): ("ValLoop",),
    ("test_cfg",): ("TestLoop",),
}


def check_options(cfg: Mapping) -> None:
    """Refuse options that nothing reads, and numbers out of their range.

    Args:
        cfg: A whole config. Keys of its own at the top are helpers of the file, and not looked at.

    Raises:
        ValueError: There is one; the message says where it stands, and what may be meant.
    """
    for key in RUNNER_KEYS & set(cfg):
        check_value(key, key, cfg[key])
        for path, options, owner in _walk(cfg[key], (key,)):
            # what a model asks for by `get`
            for_owner = len(path) > 1 and path[-1] in ("train_cfg", "test_cfg")
            allowed = _read_by(owner) if for_owner else _allowed(path, options)
            for name, value in options.items():
                place = ".".join((*path, str(name)))
                if allowed is not None and name not in allowed:
                    raise ValueError(
                        f"unknown option {place!r}{_elsewhere(options, name, allowed)}"
                    )
                check_value(place, str(name), value)


def _elsewhere(options: Mapping, name: str, allowed: set[str]) -> str:
    if "preset" in allowed and (hint := where_it_belongs(name)):
        return hint
    hint = did_you_mean(name, allowed)
    return hint if "did you mean" in hint else f"; {options.get('type', 'it')} takes no options"


def _walk(
    value: object, path: Path, owner: Mapping | None = None
) -> Iterator[tuple[Path, Mapping, Mapping]]:
    """All dictionaries in the part of the config at ``path``, and in what each stands."""
    if isinstance(value, Mapping):
        yield path, value, owner or {}
        for key, inner in value.items():
            yield from _walk(inner, (*path, str(key)), value)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*path, str(index)), owner)


def _read_by(owner: Mapping) -> set[str] | None:
    """The keys that the class of a model reads."""
    found = _registered(owner.get("type"))
    classes = [one for one in found if inspect.isclass(one)]
    if not found or len(classes) < len(found):
        return None
    return _HARMLESS.union(*map(keys_read_by, classes))


def _allowed(path: Path, options: Mapping) -> set[str] | None:
    """The keys that something reads here; None where nobody knows."""
    whole, place = _RUNNER.get(path), path[-1]
    if whole is not None:
        return whole
    top = path[0]
    is_item = place.isdecimal()
    if top.endswith("_dataloader") and len(path) == 1 + is_item:
        return _LOADER
    if top == "optim_wrapper" and place == "paramwise_cfg":
        return set(keys_read_by(DefaultOptimWrapperConstructor)) | set(
            options.get("custom_keys", ())
        )
    kind = options.get("type")
    if kind is not None and place.endswith("_cfg") and place not in _LOOPS:
        return None
    kinds = _BY_DEFAULT.get(path, ()) if kind is None else (kind,)
    if path == ("optim_wrapper",) and kind is None and "optimizer" in options:
        kinds = ("OptimWrapper",)  # one for all; else there is one for each part of a GAN
    found = [one for name in kinds for one in _registered(name)]
    if not found:
        if kind is not None and (path[-2] if is_item else place) in _BUILT:
            raise ValueError(
                f"{'.'.join(path)} has the type {kind!r}, which is unknown to "
                f"MMagic{instead_of(kind)}"
            )
        return None
    allowed: set[str] = {"type", "_scope_"}
    for one in found:
        parameters = parameters_of(one)
        if parameters is None and one.__name__ not in _MORE:
            return None
        named = inspect.signature(one).parameters if parameters is None else parameters
        allowed |= {*named, *_MORE.get(one.__name__, ())}
    if kind is None and place in _LOOPS:
        allowed |= {"by_epoch"}
    return allowed | _ALSO.get(top, set())


_RUNNER: dict[Path, set[str]] = {
    ("env_cfg",): {"cudnn_benchmark", "mp_cfg", "dist_cfg", "resource_limit"},
    ("env_cfg", "mp_cfg"): set(parameters_of(set_multi_processing) or ()),
    ("env_cfg", "dist_cfg"): {
        *inspect.signature(init_dist).parameters,
        *inspect.signature(init_process_group).parameters,
        "port",
    },
    ("randomness",): set(parameters_of(set_random_seed) or ()),
    ("auto_scale_lr",): {"enable", "base_batch_size"},
    ("custom_imports",): {"imports", "allow_failed_imports"},
}


def _registries() -> list[Registry]:
    return [one for one in vars(mmagic.registry).values() if isinstance(one, Registry)]


def instead_of(kind: str) -> str:
    """What to say of a type that is not registered: the nearest one, and the way out."""
    names = {name for registry in _registries() for name in registry.module_dict}
    return f"{did_you_mean(kind, names)}; check that custom_imports names its module"


def _registered(kind: object) -> list[Callable]:
    """What is registered under this name, in whatever registries."""
    if not isinstance(kind, str):
        return [kind] if callable(kind) else []
    found: list[Any] = []
    for registry in _registries():
        one = registry.get(kind) if "." in kind else _plainly_named(registry, kind)
        if one is not None and one not in found:
            found.append(one)
    return found


def _plainly_named(registry: Registry, name: str) -> Callable | None:
    """What ``Registry.get`` returns, without its search of the whole path for a module ``name``."""
    registry.import_from_location()
    holder: Registry | None = registry
    while holder is not None and name not in holder.module_dict:
        holder = holder.parent
    return None if holder is None else holder.module_dict[name]
