"""``FCA2Wrapper``: puts FCA² into a whole MMagic model config."""

import inspect
from collections.abc import Mapping

from mmagic.registry import MODELS
from torch import nn

from fca2_plugin._suggest import check_settings
from fca2_plugin.mmagic.generator import FCA2Generator

__all__ = ["fca2_wrapper"]


def fca2_wrapper(model: Mapping, **fca2) -> nn.Module:
    """``type='FCA2Wrapper'``: the host's own model, its generator wrapped in FCA².

    The result *is* the host's model (``BasicVSR``, ...), and its generator is an ``FCA2Net``. So
    its losses, schedule, EMA, visualiser, inferencer and checkpoints are the host's, and a
    checkpoint is the same whether FCA² was named here or in the generator slot::

        model = dict(type='FCA2Wrapper', _delete_=True, model={{_base_.model}}, ...)

    Args:
        model: Config of an MMagic model with a ``generator``.
        **fca2: As in ``FCA2Generator``: stage, preset, autoencoder, cleaning, checkpoints, ...

    Raises:
        TypeError: ``model`` is no config with a generator, or a setting that nothing reads.
    """
    if not isinstance(model, Mapping) or not isinstance(model.get("generator"), Mapping):
        raise TypeError(
            "FCA2Wrapper wraps a model config with a generator; expected model={{_base_.model}} "
            f"of a video model, got {type(model).__name__}"
            + (f" with keys {sorted(model)}" if isinstance(model, Mapping) else "")
        )
    known = set(inspect.signature(FCA2Generator).parameters) - {"vsr"}
    check_settings("FCA2Wrapper", fca2, known)
    generator = dict(type="FCA2Net", vsr=model["generator"], **fca2)
    return MODELS.build({**model, "generator": generator})
