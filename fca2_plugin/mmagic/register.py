"""Adds FCA² to MMagic's registries; a second call changes nothing."""

from mmagic.registry import DATA_SAMPLERS, DATASETS, HOOKS, METRICS, MODELS, TRANSFORMS
from mmengine.registry import Registry

from fca2_plugin.mmagic.datasets import FCA2ClipsDataset, FCA2FramesDataset
from fca2_plugin.mmagic.enhancement import (
    METRIC_CLASSES,
    FCA2EnhancementDataset,
    FCA2EnhancementModel,
    FCA2EnhancementTestDataset,
)
from fca2_plugin.mmagic.generator import FCA2Generator
from fca2_plugin.mmagic.hooks import FCA2ProgressHook
from fca2_plugin.mmagic.host_nets import host_adapter
from fca2_plugin.mmagic.sampler import FCA2InfiniteSampler
from fca2_plugin.mmagic.transforms import FCA2Degrade, FCA2DrawLQ, FCA2RandomCodec
from fca2_plugin.mmagic.wrapper import fca2_wrapper
from fca2_plugin.nets import ADAPTERS, NETS

__all__ = ["register_all"]


def _add(registry: Registry, name: str, module) -> None:
    if name not in registry.module_dict:
        registry.register_module(name=name, module=module)


def register_all() -> None:
    """Register models, data sets, their sampler, transforms, metrics and hooks."""
    for name, net in NETS.items():
        _add(MODELS, name, net)
    for name, adapter in ADAPTERS.items():
        _add(MODELS, name, host_adapter(adapter))
    _add(MODELS, "FCA2Net", FCA2Generator)
    _add(MODELS, "FCA2Wrapper", fca2_wrapper)
    _add(MODELS, "FCA2EnhancementModel", FCA2EnhancementModel)
    for dataset in (
        FCA2FramesDataset,
        FCA2ClipsDataset,
        FCA2EnhancementDataset,
        FCA2EnhancementTestDataset,
    ):
        _add(DATASETS, dataset.__name__, dataset)
    for transform in (FCA2Degrade, FCA2RandomCodec, FCA2DrawLQ):
        _add(TRANSFORMS, transform.__name__, transform)
    for name, metric in METRIC_CLASSES.items():
        _add(METRICS, name, metric)
    _add(DATA_SAMPLERS, "FCA2InfiniteSampler", FCA2InfiniteSampler)
    _add(HOOKS, "FCA2ProgressHook", FCA2ProgressHook)
