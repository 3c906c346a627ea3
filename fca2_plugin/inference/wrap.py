"""Put FCA² around a trained network without training FCA².

This needs a preset whose parts start neutral: an untrained guided autoencoder uses key frames as
codes, and carries the detail that super-resolution added to them over to the other frames.
"""

import importlib
from pathlib import Path

from torch import nn

from fca2_plugin._suggest import check_choice
from fca2_plugin.nets import FCA2Net, FramesAsBatch, SlidingWindow
from fca2_plugin.nets.build import NEUTRAL_PRESETS, PRESETS
from fca2_plugin.nets.spec import NetSpec, find_spec
from fca2_plugin.nets.staged import StagedFCA2Net

__all__ = ["check_wraps", "on_clips", "wrap"]

_HOSTS = ("mmagic", "basicsr")
_WRAPPERS = {"mmagic": "mmagic.generator.FCA2Generator", "basicsr": "basicsr.host_nets.FCA2Network"}


def wrap(
    network: nn.Module,
    preset: str = "fast",
    *,
    phase: str | None = None,
    config: str | Path | None = None,
) -> FCA2Net:
    """Put FCA² around a trained network, so that it processes fewer frames, without training.

    FCA² contains the network itself, not a copy. To improve results, train FCA² around it with
    the stage ``adapt``, which keeps the network frozen.

    Args:
        network: A network that maps clips (n, t, 3, h, w) to (n, t, 3, s*h, s*w), s = 2 or 4.
            Window and image networks of either host, and ours, are put into their adapter.
        preset: A preset whose untrained parts are neutral: ``fast`` or ``tiny_fast``.
        phase: Position of LQ pixels in the network's training, a word of ``fca2_plugin.geometry``;
            by default the network's own, otherwise ``centred``, as in ordinary video.
        config: The config that it was built from, if its host is not clear from the network's
            class.

    Returns:
        The network inside FCA², in evaluation mode.

    Raises:
        TypeError: ``network`` is not a module.
        ValueError: The network already is FCA² or does not enlarge, the preset must be trained
            first, or the phase is unknown or differs from the network's own.

    Example:
        >>> import fca2_plugin, torch
        >>> from fca2_plugin.nets import CompactVSRNet
        >>> network = CompactVSRNet(mid_channels=8, num_blocks=1)  # your trained network
        >>> faster = fca2_plugin.wrap(network, preset="tiny_fast")
        >>> with torch.inference_mode():
        ...     sr = faster(torch.rand(1, 7, 3, 16, 16))
        >>> sr.shape
        torch.Size([1, 7, 3, 64, 64])
    """
    check_wraps(preset)
    if not isinstance(network, nn.Module):
        raise TypeError(f"wrap got a {type(network).__name__}; expected a trained torch.nn.Module")
    if isinstance(network, FCA2Net):
        raise ValueError(
            "the network is already an FCA2Net; use it as it is, or wrap its VSR network, "
            "network.vsr"
        )
    cls = _wrapper_for(network, config)
    spec = find_spec(network, cls.HOST_SPECS)
    if spec is not None and (spec.scale == 1 or spec.color == "y"):
        raise ValueError(
            f"{type(network).__name__} does not enlarge RGB videos (scale {spec.scale}, "
            f"{spec.color}), but FCA² speeds up super-resolution only; wrap a network of scale 2 "
            "or 4"
        )
    return cls(on_clips(network, spec), stage="adapt", preset=preset, phase=phase).eval()


def check_wraps(preset: str) -> str:
    """Return ``preset`` if its parts start neutral.

    Raises:
        ValueError: The preset must be trained first, or is unknown.
    """
    if preset in PRESETS and preset not in NEUTRAL_PRESETS:
        raise ValueError(
            f"the preset {preset!r} starts from random weights and must be trained before it "
            f"works; for a trained network use {' and '.join(NEUTRAL_PRESETS)}"
        )
    return check_choice("preset", preset, NEUTRAL_PRESETS)


def on_clips(network: nn.Module, spec: NetSpec | None) -> nn.Module:
    """Put the adapter around a network for windows or images; return other networks unchanged."""
    if spec is None or isinstance(network, FramesAsBatch | SlidingWindow):
        return network
    if spec.num_frames == 1:
        return FramesAsBatch(network, spec=spec)
    return SlidingWindow(network, spec=spec) if spec.center_only else network


def _wrapper_for(network: nn.Module, config: str | Path | None) -> type[StagedFCA2Net]:
    """Return FCA² of the network's host, which knows the requirements of the host's networks."""
    host: str | None
    if config is not None:
        host = "mmagic" if Path(config).suffix.lower() == ".py" else "basicsr"
    else:
        roots = {cls.__module__.partition(".")[0] for cls in type(network).__mro__}
        host = next((name for name in _HOSTS if name in roots), None)
    if host is None:
        return StagedFCA2Net
    module, _, name = _WRAPPERS[host].rpartition(".")
    return getattr(importlib.import_module(f"fca2_plugin.{module}"), name)
