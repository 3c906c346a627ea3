"""What of a network becomes an ONNX graph: the parts of FCA², and the whole.

The graphs of FCA² follow one another as the network runs them, for one chunk of frames::

    lq - cleaning - clean - encoder - codes - vsr - sr_codes - decoder - sr
                      |        +------ guide of a guided one -----+
                      +-------------- colours (eq. 4) ------------+
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from fca2_plugin.nets import FCA2Net, NetSpec
from fca2_plugin.nets.codes import Autoencoder, Codes

__all__ = ["ClipShape", "GraphPart", "clip_frames", "network_parts"]

DEFAULT_FRAMES = 7


class ClipShape(NamedTuple):
    """An input (n, frames, channels, scale*h, scale*w), h and w those of the LQ frames."""

    frames: int
    channels: int = 3
    scale: int = 1


@dataclass(frozen=True)
class GraphPart:
    """One graph to be.

    Args:
        name: Of the part, and of its file.
        run: Tensors to tensors.
        inputs: Names and shapes, in the order of ``run``'s arguments.
        outputs: Names of what it returns.
        free: Axes tried as free ones beside height and width.
        required: FCA² is not exported without it; a network of the host may be beyond ONNX.
    """

    name: str
    run: Callable[..., Tensor | tuple[Tensor, ...]]
    inputs: dict[str, ClipShape]
    outputs: tuple[str, ...]
    free: tuple[str, ...] = ()
    required: bool = False


def clip_frames(network: nn.Module, frames: int | None) -> int:
    """Frames that a graph of the whole takes.

    Raises:
        ValueError: None, or FCA² works on chunks of another length.
    """
    chunk = None
    if isinstance(network, FCA2Net) and network.autoencoder is not None and not network.spans_clips:
        chunk = network.chunk_frames
    if frames is not None and frames < 1:
        raise ValueError(f"frames must be at least 1, got {frames}")
    if chunk is not None and frames not in (None, chunk):
        raise ValueError(
            f"this network works on chunks of {chunk} frames, but frames={frames} was given; leave "
            "frames out"
        )
    return chunk or frames or DEFAULT_FRAMES


def network_parts(network: nn.Module, frames: int) -> Iterator[GraphPart]:
    """The graphs of a network, in the order in which they run, the whole last."""
    if isinstance(network, FCA2Net):
        yield from _fca2_parts(network, frames)
        if network.autoencoder is None and (network.cleaning is None) != (network.vsr is None):
            return  # its only part is the whole
    channels = getattr(network, "spec", NetSpec()).in_channels
    yield GraphPart("network", network, {"lq": ClipShape(frames, channels)}, ("sr",))


def _fca2_parts(net: FCA2Net, frames: int) -> Iterator[GraphPart]:
    lq = ClipShape(frames)
    if net.cleaning is not None:
        free = ("batch", "frames")
        yield GraphPart("cleaning", net.clean, {"lq": lq}, ("clean",), free, required=True)
    if net.autoencoder is not None:
        encoder, decoder = _autoencoder_parts(net, net.autoencoder, frames)
        yield encoder
    if net.vsr is not None:
        codes = lq if net.autoencoder is None else ClipShape(len(net.plan_ahead(frames)))
        yield GraphPart("vsr", net.super_resolve, {"codes": codes}, ("sr_codes",))
    if net.autoencoder is not None:
        yield decoder


def _autoencoder_parts(
    net: FCA2Net, autoencoder: Autoencoder, frames: int
) -> tuple[GraphPart, GraphPart]:
    """Encoder and decoder; what passes between them is found out by running the encoder."""
    groups = net.plan_ahead(frames)
    with torch.inference_mode():
        codes, guide = net.encode(torch.rand(1, frames, 3, 32, 32), groups)
        scale = net.spec.scale or net.super_resolve(codes).shape[-1] // codes.shape[-1]
    passed = {
        f"guide_{name}": ClipShape(value.shape[1], value.shape[2])
        for name, value in _fields(guide).items()
        if isinstance(value, Tensor)
    }

    def encode(clean: Tensor) -> Tensor | tuple[Tensor, ...]:
        codes, guide = net.encode(clean, groups)
        fields = _fields(guide)
        return (codes, *(fields[name.removeprefix("guide_")] for name in passed))

    def decode(sr_codes: Tensor, *others: Tensor) -> Tensor:
        tensors = dict(zip(passed, others, strict=False))
        filled = guide
        if passed:
            filled = guide._replace(**{k.removeprefix("guide_"): v for k, v in tensors.items()})
        sr = autoencoder.decode(Codes(sr_codes, filled))
        return net.correct(sr, others[-1]) if len(others) > len(passed) else sr

    inputs = {"sr_codes": ClipShape(codes.shape[1], scale=scale), **passed}
    if net.corrects_output:
        inputs["clean"] = ClipShape(frames)
    free = ("batch",)
    return (
        GraphPart(
            "encoder", encode, {"clean": ClipShape(frames)}, ("codes", *passed), free, required=True
        ),
        GraphPart("decoder", decode, inputs, ("sr",), free, required=True),
    )


def _fields(guide: Any) -> dict[str, Any]:
    """What a guide contains by name; FCA²'s own is a mere number of frames."""
    return guide._asdict() if hasattr(guide, "_asdict") else {}
