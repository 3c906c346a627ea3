"""``FCA2Wrapper``: puts FCA² into a whole MMagic model config."""

import inspect
from collections.abc import Mapping

from mmagic.registry import MODELS
from torch import nn

from fca2_plugin._suggest import check_settings
from fca2_plugin.mmagic.generator import FCA2Generator
from fca2_plugin.mmagic.host_nets import find_adapter
from fca2_plugin.nets.build import where_it_belongs

__all__ = ["fca2_wrapper"]

_CENTER_MODELS = ("EDVR", "TDAN")

_OPTIONS = frozenset(inspect.signature(FCA2Generator).parameters) - {"vsr"}


def fca2_wrapper(model: Mapping, **fca2) -> nn.Module:
    """``type='FCA2Wrapper'``: the host's own model, its generator wrapped in FCA².

    The result *is* the host's model (``BasicVSR``, ...), and its generator is an ``FCA2Net``. So
    its losses, schedule, EMA, visualiser, inferencer and checkpoints are the host's, and a
    checkpoint is the same whether FCA² was named here or in the generator slot::

        model = dict(type='FCA2Wrapper', _delete_=True, model={{_base_.model}}, ...)

    FCA² works on clips, and so do its data and loss: a config with the data of BasicVSR. MMagic's
    models for the middle frame of a window (EDVR, TDAN, TOFlow) and for images (EDSR, SwinIR, ...)
    have other data and are refused. Their networks go into BasicVSR's model, which knows nothing
    of the network in it, by an adapter::

        _base_ = 'mmagic::basicvsr/basicvsr_2xb4_reds4.py'
        net = dict(type='EDVRNet', in_channels=3, out_channels=3, with_tsa=False)
        vsr = dict(type='FCA2SlidingWindow', net=net)  # FCA2FramesAsBatch for images
        model = dict(
            type='FCA2Wrapper',
            _delete_=True,
            model=dict(
                type='BasicVSR',
                generator=vsr,
                pixel_loss=dict(type='CharbonnierLoss', reduction='mean'),
                data_preprocessor=dict(type='DataPreprocessor', mean=[0.0] * 3, std=[255.0] * 3),
            ),
        )

    Extra behaviour of those models is lost: EDVR's first iterations that train its fusion alone,
    and TDAN's loss on its aligned frames.

    Args:
        model: Config of an MMagic model with a ``generator``.
        **fca2: See ``FCA2Generator``: stage, preset, autoencoder, cleaning, checkpoints, ...

    Raises:
        TypeError: ``model`` is not a config with a generator, or one for the middle frame or for
            images, or a setting that nothing reads.

    Example:
        >>> generator = dict(type="BasicVSRNet", mid_channels=8, num_blocks=1)
        >>> loss = dict(type="CharbonnierLoss", reduction="mean")
        >>> model = dict(type="BasicVSR", generator=generator, pixel_loss=loss)
        >>> type(fca2_wrapper(model=model, preset="tiny_fast").generator).__name__
        'FCA2Generator'
    """
    if not isinstance(model, Mapping) or not isinstance(model.get("generator"), Mapping):
        raise TypeError(
            "FCA2Wrapper wraps a model config with a generator; expected model={{_base_.model}} "
            f"of a video model, got {type(model).__name__}"
            + (f" with keys {sorted(model)}" if isinstance(model, Mapping) else "")
        )
    _check_takes_clips(model)
    for key in fca2:
        if key not in _OPTIONS and (hint := where_it_belongs(key)):
            raise TypeError(f"FCA2Wrapper has no setting {key!r}{hint}")
    check_settings("FCA2Wrapper", fca2, _OPTIONS)
    generator = dict(type="FCA2Net", vsr=model["generator"], **fca2)
    return MODELS.build({**model, "generator": generator})


vars(fca2_wrapper)["OPTIONS"] = _OPTIONS  # for whoever checks a config


def _check_takes_clips(model: Mapping) -> None:
    kind, generator = str(model.get("type")), model["generator"]
    name = str(generator.get("type"))
    adapter = find_adapter(name)
    if adapter:
        generator = f"dict(type={adapter!r}, net=dict(type={name!r}, ...))"
        what = f"{name} works on {'images' if adapter == 'FCA2FramesAsBatch' else 'windows'}"
    elif kind in _CENTER_MODELS:
        what = f"{kind} uses data and a loss for the middle frame of a window"
        generator = f"dict(type={name!r}, ...)"
    else:
        return
    raise TypeError(
        f"{what}, but FCA2Wrapper works on clips; write model=dict(type='BasicVSR', "
        f"generator={generator}, pixel_loss=...) with the data of a BasicVSR config"
    )
