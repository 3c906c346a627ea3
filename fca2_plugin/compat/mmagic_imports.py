"""MMagic without the packages that video restoration never uses.

Breaks: ``import mmagic.models`` with an ImportError for diffusers, transformers, lpips, einops,
pandas, albumentations, ..., or with an AttributeError inside a version newer than MMagic's.
Why: ``mmagic/models/editors/__init__.py`` imports all of its 60 models, so one missing package of
one of them takes all the others along.
Here: a model (or one of a few modules beside) that fails to import becomes a placeholder, every
name of which is a class that raises the first error when it is built. The video and image
super-resolution networks in ``KEEP`` are never replaced: a failure there is a failure.
Does nothing: where everything imports. No file of MMagic is changed.
"""

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Sequence

__all__ = ["KEEP", "apply", "skipped"]

_EDITORS = "mmagic.models.editors"
_OTHERS = (
    "mmagic.models.archs.attention_injection",
    "mmagic.datasets.transforms.albu_function",
    "mmagic.evaluation.metrics.ppl",
    "mmagic.visualization.vis_backend",
    "mmagic.apis.inferencers.controlnet_animation_inferencer",
)
KEEP = (
    "basicvsr",
    "basicvsr_plusplus_net",
    "edsr",
    "edvr",
    "esrgan",
    "iconvsr",
    "liif",
    "nafnet",
    "rdn",
    "real_basicvsr",
    "real_esrgan",
    "srcnn",
    "srgan",
    "stylegan1",  # parts of the next two, which real_esrgan's discriminator comes from
    "stylegan2",
    "stylegan3",
    "swinir",
    "tdan",
    "tof",
)

skipped: dict[str, str] = {}
"""Name and first error of each module that was replaced in this process."""


def apply() -> str | None:
    sys.meta_path.insert(0, _Finder())
    _repair_try_import()
    return "MMagic imports all of its models at once; those that need missing packages are skipped"


class _Finder(importlib.abc.MetaPathFinder):
    """Gives the modules that may fail a loader that lets them."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        parent, _, child = name.rpartition(".")
        if name not in _OTHERS and (parent != _EDITORS or child in KEEP):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    """Runs another loader, and turns a module that fails into a placeholder."""

    def __init__(self, loader: importlib.abc.Loader) -> None:
        self.loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        try:
            self.loader.exec_module(module)
        except Exception as error:  # a package that is too new fails in any way it likes
            name = module.__name__
            skipped[name] = f"{type(error).__name__}: {error}".splitlines()[0]
            _forget(name)
            _empty(module, error)


def _forget(name: str) -> None:
    """Take back what the half-imported module ``name`` left in sys.modules and the registries.

    Only classes of the module itself go: it may have been the first to import layers that
    everything else needs, and those stay.
    """
    for loaded in [key for key in sys.modules if key.startswith(f"{name}.")]:
        del sys.modules[loaded]
    for owner in ("mmengine.registry.root", "mmagic.registry"):
        for registry in vars(sys.modules.get(owner, types)).values():
            table = getattr(registry, "_module_dict", None)
            if isinstance(table, dict):
                for key in [k for k, v in table.items() if _defined_in(v, name)]:
                    del table[key]


def _defined_in(value: object, name: str) -> bool:
    module = getattr(value, "__module__", None) or ""
    return module == name or module.startswith(f"{name}.")


def _empty(module: types.ModuleType, error: Exception) -> None:
    """Make ``module`` answer every name with a class that raises ``error`` when it is built."""
    for key in [key for key in vars(module) if not key.startswith("__") or key == "__all__"]:
        delattr(module, key)

    def placeholder(name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)

        def __init__(self: object, *args: object, **kwargs: object) -> None:
            raise ImportError(
                f"{module.__name__}.{name} could not be imported here: "
                f"{type(error).__name__}: {error}"
            ) from error

        made = type(name, (), {"__init__": __init__, "__module__": module.__name__})
        setattr(module, name, made)
        return made

    module.__getattr__ = placeholder  # type: ignore[method-assign]  # PEP 562


def _repair_try_import() -> None:
    """Let MMagic see an empty diffusers where there is none that it can use.

    ``mmagic/models/archs/__init__.py`` unpacks the result of ``register_diffusers_models()`` into
    two names, but without diffusers that function returns None. It also walks through every name
    of diffusers, some of which fail to import in versions other than its own.
    """
    import mmagic.utils

    original = mmagic.utils.try_import

    def try_import(name: str) -> object:
        if name != "diffusers":
            return original(name)
        try:
            diffusers = importlib.import_module("diffusers")
            for part in (diffusers.models, diffusers.pipelines, diffusers.schedulers):
                for attribute in dir(part):
                    getattr(part, attribute)
        except Exception as error:  # as above
            skipped["diffusers"] = f"{type(error).__name__}: {error}".splitlines()[0]
            empty = types.SimpleNamespace
            return empty(
                models=empty(),
                pipelines=empty(),
                schedulers=empty(),
                DiffusionPipeline=type("DiffusionPipeline", (), {}),
            )
        return diffusers

    mmagic.utils.try_import = try_import
