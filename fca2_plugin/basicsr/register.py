"""Adds FCA² to BasicSR's registries; a second call changes nothing."""

from collections.abc import Callable

import basicsr.archs  # the host's own names first
import basicsr.data
import basicsr.losses
import basicsr.metrics
import basicsr.models  # noqa: F401
from basicsr.utils.registry import (
    ARCH_REGISTRY,
    DATASET_REGISTRY,
    METRIC_REGISTRY,
    MODEL_REGISTRY,
    Registry,
)

from fca2_plugin.basicsr.datasets import FCA2VideoDataset, FCA2VideoTestDataset
from fca2_plugin.basicsr.enhancement import (
    METRIC_FUNCTIONS,
    FCA2EnhancementDataset,
    FCA2EnhancementModel,
    FCA2EnhancementTestDataset,
)
from fca2_plugin.basicsr.host_nets import FCA2Network, host_adapter
from fca2_plugin.basicsr.model import FCA2Model
from fca2_plugin.nets import ADAPTERS, NETS

__all__ = ["register_all"]


def _add(registry: Registry, name: str, module: Callable) -> None:
    # Registry.register takes the name of the class, and BasicSR's loggers print it
    if name not in registry:
        registry._do_register(name, module)


def register_all() -> None:
    """Register networks, data sets, metrics and the models."""
    for name, net in NETS.items():
        _add(ARCH_REGISTRY, name, net)
    for name, adapter in ADAPTERS.items():
        _add(ARCH_REGISTRY, name, host_adapter(adapter))
    for name in ("FCA2Net", "FCA2Wrapper"):
        _add(ARCH_REGISTRY, name, FCA2Network)
    for dataset in (
        FCA2VideoDataset,
        FCA2VideoTestDataset,
        FCA2EnhancementDataset,
        FCA2EnhancementTestDataset,
    ):
        _add(DATASET_REGISTRY, dataset.__name__, dataset)
    for name, metric in METRIC_FUNCTIONS.items():
        _add(METRIC_REGISTRY, name, metric)
    for model in (FCA2Model, FCA2EnhancementModel):
        _add(MODEL_REGISTRY, model.__name__, model)
