"""Centre-frame and image networks as networks on clips, so that FCA² can wrap them.

::

    clip (n,t,3,h,w) - upsample - normalise - windows (n*t,f,3,h,w) - net - (n*t,3,H,W) - clip
                                              or images (n*t,3,h,w)

``upsample``, ``mean`` and ``std`` are for networks that leave part of their work to the data
pipeline: TOFlow takes enlarged frames, and MMagic's TOFlow takes them normalised. Frames are padded
to the size that the network needs; FCA² reads ``spec`` and pads them beforehand.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin._suggest import check_settings
from fca2_plugin.nets.spec import HostSpecs, NetSpec, find_spec
from fca2_plugin.ops.padding import pad_space
from fca2_plugin.ops.pieces import images_at_once
from fca2_plugin.ops.windows import pick_windows, window_indices

__all__ = ["FramesAsBatch", "SlidingWindow", "take_config"]


class _Adapter(nn.Module):
    """The shared part of both adapters: everything around the network itself."""

    #: Networks that a host builds from its config, and where the spec of each goes.
    SLOTS: ClassVar[dict[str, str]] = {"net": "spec"}

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        net: nn.Module,
        spec: NetSpec | None,
        at_once: tuple[str, int | None],
        upsample: int,
        mean: Sequence[float] | None,
        std: Sequence[float] | None,
    ) -> None:
        super().__init__()
        name, number = at_once
        if number is not None and number < 1:
            raise ValueError(f"{name} must be at least 1, or None for all; got {number}")
        if upsample < 1:
            raise ValueError(f"upsample must be 1 (off), 2, 4, ..., got {upsample}")
        for key, values in (("mean", mean), ("std", std)):
            if values is not None and len(values) != 3:
                raise ValueError(f"{key}={list(values)} does not have three values, for R, G and B")
        self.net = net
        self.net_spec = spec or getattr(net, "spec", None) or NetSpec(scale=None)
        self.at_once = number
        self.upsample = upsample
        self.normalizes = mean is not None or std is not None
        for key, values, neutral in (("mean", mean, 0.0), ("std", std, 1.0)):
            buffer = torch.tensor(values or [neutral] * 3).view(3, 1, 1)
            self.register_buffer(key, buffer, persistent=False)

    @property
    def spec(self) -> NetSpec:
        """Requirements on a clip, so that its windows suit the network."""
        inner, factor = self.net_spec, self.upsample
        return replace(
            inner,
            scale=None if inner.scale is None else inner.scale * factor,
            num_frames=None,
            min_frames=1,
            center_only=False,
            size_multiple=inner.size_multiple // math.gcd(inner.size_multiple, factor),
            min_size=-(-inner.min_size // factor),
        )

    def forward(self, lq: Tensor) -> Tensor:
        inputs = self._inputs(lq)
        # with a gradient, all activations are kept anyway
        at_once = len(inputs) if torch.is_grad_enabled() else self.at_once or len(inputs)
        sr = torch.cat([self._images(batch, lq) for batch in inputs.split(at_once)])
        return sr.unflatten(0, lq.shape[:2])

    def stream_frames(self, lq: Tensor, *, keep: slice = slice(None)) -> Iterator[Tensor]:
        """Yield the frames ``keep`` of the result in order; see ``StreamsFrames``."""
        inputs = self._inputs(lq).unflatten(0, lq.shape[:2])[:, keep]  # (n, k, ...)
        n, k = inputs.shape[:2]
        pixels = n * lq.shape[-2] * lq.shape[-1] * (self.spec.scale or 1) ** 2
        at_once = images_at_once(k, pixels, lq.device)
        if self.at_once is not None:
            at_once = min(at_once, max(self.at_once // n, 1))
        for batch in inputs.split(at_once, dim=1):
            frames = self._images(batch.flatten(0, 1), lq)
            yield from frames.unflatten(0, (n, -1)).unbind(1)

    def _inputs(self, lq: Tensor) -> Tensor:
        """What the network takes of a clip, one input for each frame, (n*t, ...)."""
        padded = pad_space(lq, self.spec.size_multiple, self.spec.min_size)
        frames = padded.flatten(0, 1)  # (n*t, 3, h, w)
        if self.upsample > 1:
            # antialias selects the cubic kernel with a = -0.5, the one that data sets use
            enlarged = F.interpolate(
                frames.float(), scale_factor=self.upsample, mode="bicubic", antialias=True
            )
            frames = enlarged.to(frames.dtype)  # torch lacks such a kernel in half precision
        if self.normalizes:
            frames = (frames - self.mean) / self.std
        return self.arrange(frames.unflatten(0, lq.shape[:2]))

    def _images(self, batch: Tensor, lq: Tensor) -> Tensor:
        """Run the network on some inputs, and crop what it makes of frames like ``lq``'s."""
        sr = self.run(batch)
        if self.normalizes:
            sr = sr * self.std + self.mean
        scale = self.upsample * sr.shape[-1] // batch.shape[-1]
        h, w = lq.shape[-2:]
        return sr[..., : h * scale, : w * scale]

    def arrange(self, frames: Tensor) -> Tensor:
        """Arrange (n, t, 3, h, w) as n*t inputs of the network."""
        raise NotImplementedError

    def run(self, batch: Tensor) -> Tensor:
        """Run the network; the image is the first of several results (TDAN returns two)."""
        sr = self.net(batch)
        sr = sr[0] if isinstance(sr, tuple | list) else sr
        if not isinstance(sr, Tensor) or sr.ndim != 4 or sr.shape[:2] != (len(batch), 3):
            got = tuple(sr.shape) if isinstance(sr, Tensor) else type(sr).__name__
            raise ValueError(
                f"{type(self.net).__name__} returned {got} for an input of {tuple(batch.shape)}; "
                f"expected one image each, ({len(batch)}, 3, H, W); a network that returns clips "
                "needs no adapter"
            )
        return sr


class SlidingWindow(_Adapter):
    """A centre-frame network, run on a window around every frame.

    Args:
        net: Network that maps a window (b, f, 3, h, w) to its middle frame (b, 3, s*h, s*w). It
            may return a tuple that starts with it.
        num_frames: Frames of a window, odd; None follows ``spec``.
        border: What replaces frames before the first and after the last: ``replicate``,
            ``reflection``, ``reflection_circle`` or ``circle``, as in BasicSR.
        windows_at_once: Windows that run as one batch without gradients; None for all.
        upsample: Factor by which frames are first enlarged, by bicubic interpolation.
        mean: Subtracted from R, G and B before the network, and added afterwards.
        std: Divides R, G and B before the network, and multiplies them afterwards.
        spec: Requirements of ``net`` on its input, if it has no ``spec`` of its own.

    Shape:
        (n, t, 3, h, w) to (n, t, 3, s*h, s*w), s the network's scale times ``upsample``.

    Raises:
        ValueError: The number of frames is even or unknown, the border is unknown,
            ``windows_at_once`` is below 1, or the network returns something else.

    Example:
        >>> class Middle(torch.nn.Module):  # your network for the middle frame of a window
        ...     def forward(self, window):
        ...         return torch.nn.functional.interpolate(window[:, 2], scale_factor=4)
        >>> SlidingWindow(Middle(), num_frames=5)(torch.rand(1, 7, 3, 8, 8)).shape
        torch.Size([1, 7, 3, 32, 32])
    """

    def __init__(
        self,
        net: nn.Module,
        num_frames: int | None = None,
        border: str = "reflection",
        windows_at_once: int | None = None,
        upsample: int = 1,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        spec: NetSpec | None = None,
    ) -> None:
        super().__init__(net, spec, ("windows_at_once", windows_at_once), upsample, mean, std)
        known = self.net_spec.num_frames
        frames = num_frames or known
        if frames is None:
            raise ValueError(
                f"the window of {type(net).__name__} is unknown; set num_frames to the number of "
                "frames that it takes, such as 5"
            )
        if known not in (None, frames):
            raise ValueError(
                f"num_frames={num_frames} does not fit {type(net).__name__}, which takes {known}; "
                "leave num_frames out, or build the network for that number"
            )
        self.num_frames = frames
        self.border = border
        window_indices(1, self.num_frames, border)  # checks both

    @property
    def context_frames(self) -> int:
        """Frames on each side of a frame that affect its result."""
        return self.num_frames // 2

    def arrange(self, frames: Tensor) -> Tensor:
        indices = window_indices(frames.shape[1], self.num_frames, self.border)
        return pick_windows(frames, indices)


class FramesAsBatch(_Adapter):
    """An image network, run on all frames as one batch.

    Args:
        net: Network that maps images (b, 3, h, w) to (b, 3, s*h, s*w).
        frames_at_once: Frames that run as one batch without gradients; None for all.
        upsample: Factor by which frames are first enlarged, by bicubic interpolation.
        mean: Subtracted from R, G and B before the network, and added afterwards.
        std: Divides R, G and B before the network, and multiplies them afterwards.
        spec: Requirements of ``net`` on its input, if it has no ``spec`` of its own.

    Shape:
        (n, t, 3, h, w) to (n, t, 3, s*h, s*w), s the network's scale times ``upsample``.

    Raises:
        ValueError: ``frames_at_once`` is below 1, or the network returns something else.

    Example:
        >>> enlarge = torch.nn.Upsample(scale_factor=4)  # your image network
        >>> FramesAsBatch(enlarge)(torch.rand(1, 3, 3, 8, 8)).shape
        torch.Size([1, 3, 3, 32, 32])
    """

    context_frames = 0

    def __init__(
        self,
        net: nn.Module,
        frames_at_once: int | None = None,
        upsample: int = 1,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        spec: NetSpec | None = None,
    ) -> None:
        super().__init__(net, spec, ("frames_at_once", frames_at_once), upsample, mean, std)

    def arrange(self, frames: Tensor) -> Tensor:
        return frames.flatten(0, 1)


def take_config(
    adapter: Any,
    build: Callable[[Mapping], nn.Module],
    host_specs: HostSpecs,
) -> Callable[..., nn.Module]:
    """Make an adapter that a host can build from its config, the networks inside included.

    Args:
        adapter: A class of modules around networks; its ``SLOTS`` name the networks' arguments.
        build: Builds one of the host's networks from its config.
        host_specs: Requirements of the host's networks, which do not have a ``spec``.
    """
    slots = adapter.SLOTS
    signature = inspect.signature(adapter)
    offered = [p for p in signature.parameters.values() if p.name not in slots.values()]
    name = f"FCA2{adapter.__name__}"

    def make(*nets: Mapping | nn.Module, **settings: Any) -> nn.Module:
        settings = {**dict(zip(slots, nets, strict=False)), **settings}
        check_settings(name, settings, [p.name for p in offered])
        for slot, spec in slots.items():
            if slot not in settings:
                raise TypeError(f"{name} got no {slot}; expected {slot} as a network's config")
            net = settings[slot]
            settings[slot] = net if isinstance(net, nn.Module) else build(net)
            settings[spec] = find_spec(settings[slot], host_specs)
        return adapter(**settings)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = adapter.__doc__
    vars(make)["__signature__"] = signature.replace(parameters=offered)
    return make
