"""Apply ``InferenceSettings`` to a network: precision, memory layout, compiler, graphs.

**Half precision** means autocast: convolutions in bfloat16 or float16, weights in float32. Flow
networks (``FLOW``), warping and deformable convolution (``ops``, and ``compat.half_precision`` for
the hosts' own) stay in float32, and the result is float32.

**Compilation** covers the parts that a network calls for every frame or batch of frames: residual
bodies, upsamplers, flow networks. The loops over frames stay in Python, because compiling them
unrolled would take longer than most clips.
"""

import shutil
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from fca2_plugin._malloc import keep_memory
from fca2_plugin._torch import check_can_compile, is_out_of_memory, uncompiled
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.nets.fitted import StreamsFrames
from fca2_plugin.nets.guided import GuidedAutoencoder

__all__ = ["eager", "prepare", "replays"]

FLOW = ("spynet", "flow", "compensation")
"""Parts of the names of what computes flow; ``spynet`` is what both hosts call it."""
HOLDERS = ("autoencoder", "basicvsr", "cleaning", "front", "net", "vsr")
"""Names of networks on clips inside others."""
MOST_GRAPHS = 16  # each graph uses additional memory
WARM_PASSES = 3  # before a graph is captured, as torch's documentation recommends


def prepare(network: nn.Module, settings: InferenceSettings) -> nn.Module:
    """Put a network in evaluation mode and make it run as the settings say.

    The network is changed in place, for inference only. Preparing a network again, or one that
    shares its VSR network with another, is safe.

    Args:
        network: A network that takes clips, or windows (``step``).
        settings: How it should run.

    Returns:
        ``network``.

    Raises:
        ValueError: The device does not exist, or this machine cannot compile.
    """
    device = settings.find_device()
    keep_memory()
    network.to(device).eval()
    if settings.channels_last or device.type == "cpu":  # 1.03 to 1.2 times as fast there
        _put_channels_last(network)
    if settings.dtype != "float32":
        dtype = getattr(torch, settings.dtype)
        for part in _flow_parts(network):
            _replace(part, "forward", _in_float32)
        for method in ("forward", "step"):
            if hasattr(network, method):
                _replace(network, method, lambda run: _autocast(run, device.type, dtype))
        if isinstance(network, StreamsFrames):
            _replace(
                network, "stream_frames", lambda run: _autocast_frames(run, device.type, dtype)
            )
    if settings.compile:
        _check_compiler(device)
        for region in _regions(network):
            region.compile(dynamic=False)
    if settings.cuda_graphs and not replays(network):
        network.forward = _Graphs(network.forward)  # around autocast, which is captured, too
    return network


def replays(network: nn.Module) -> bool:
    """Whether a pass is replayed as a graph, which Python cannot observe."""
    return isinstance(vars(network).get("forward"), _Graphs)


@contextmanager
def eager(network: nn.Module) -> Iterator[None]:
    """Run a prepared network operator by operator, neither compiled nor replayed."""
    forward = vars(network).get("forward")
    try:
        if forward is not None and replays(network):
            network.forward = forward.run
        with uncompiled():
            yield
    finally:
        if forward is not None:
            network.forward = forward


def _replace(module: nn.Module, method: str, change: Callable[[Callable], Callable]) -> None:
    """Put ``change`` around a method of one module; once."""
    if method not in vars(module):
        setattr(module, method, change(getattr(module, method)))


def _put_channels_last(module: nn.Module) -> None:
    """Change only 2-D convolutions, because torch refuses networks that also have others.

    The guided autoencoder stays as it is: what it adds to its convolutions' results comes from
    warping, which has the other layout, and adding maps of two layouts takes five times as long.
    """
    if isinstance(module, GuidedAutoencoder):
        return
    for parameter in module.parameters(recurse=False):
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    for child in module.children():
        _put_channels_last(child)


def _flow_parts(module: nn.Module) -> Iterator[nn.Module]:
    for name, child in module.named_children():
        if any(part in name for part in FLOW):
            yield child
        else:
            yield from _flow_parts(child)


def _in_float32(run: Callable) -> Callable:
    def wide(*inputs: Tensor) -> Tensor:
        with torch.autocast(inputs[0].device.type, enabled=False):
            return run(*(one.float() for one in inputs))

    return wide


def _autocast(run: Callable, device: str, dtype: torch.dtype) -> Callable:
    def narrow(*inputs: object) -> object:
        with torch.autocast(device, dtype):
            result = run(*inputs)
        if isinstance(result, tuple):  # a frame and the state for the next
            return result[0].float(), *result[1:]
        return result.float()

    return narrow


def _autocast_frames(run: Callable, device: str, dtype: torch.dtype) -> Callable:
    """Switch autocast on only while the network runs, not between its frames."""

    def narrow(*inputs: object, **keep: slice) -> Iterator[Tensor]:
        frames = run(*inputs, **keep)
        if device != "cpu":  # once, because it casts the weights anew each time
            with torch.autocast(device, dtype):
                frames = iter(list(frames))
        while True:
            with torch.autocast(device, dtype):
                frame = next(frames, None)
            if frame is None:
                return
            yield frame.float()

    return narrow


def _regions(module: nn.Module) -> Iterator[nn.Module]:
    """Yield the parts called for every frame: children, also those of lists and clip networks."""
    for name, child in module.named_children():
        if isinstance(child, nn.ModuleList | nn.ModuleDict) or name in HOLDERS:
            yield from _regions(child)
        else:
            yield child


def _check_compiler(device: torch.device) -> None:
    check_can_compile()
    if device.type == "cpu" and not any(map(shutil.which, ("g++", "clang++", "c++"))):
        raise ValueError(
            "torch.compile needs a C++ compiler on a CPU, but neither g++ nor clang++ was found; "
            "install one (apt install g++), or leave --compile out"
        )


class _Graphs:
    """Captures a pass for every input shape and plan of FCA²'s groups, and replays it.

    Windows of a clip can have different plans; after ``MOST_GRAPHS`` graphs, passes run normally.
    """

    def __init__(self, run: Callable[..., Tensor]) -> None:
        self.run = run
        self.captured: dict[tuple, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}

    def __call__(self, clip: Tensor, *groups: Hashable) -> Tensor:
        key = (tuple(clip.shape), clip.dtype, *groups)
        if key not in self.captured:
            if len(self.captured) >= MOST_GRAPHS:
                return self.run(clip, *groups)
            self.captured[key] = self._capture(clip, *groups)
        graph, inputs, result = self.captured[key]
        inputs.copy_(clip)
        graph.replay()
        return result.clone()  # the next replay writes into it

    def _capture(
        self, clip: Tensor, *groups: Hashable
    ) -> tuple[torch.cuda.CUDAGraph, Tensor, Tensor]:
        inputs = clip.clone()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_PASSES):
                self.run(inputs, *groups)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph):
                result = self.run(inputs, *groups)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            reason = (str(error).strip().splitlines() or ["no reason given"])[0]
            raise ValueError(
                "this network cannot be captured as a CUDA graph, because it asks the GPU for a "
                f"value while it runs ({reason}); leave --cuda-graphs out, or change the number "
                "of frames (BasicVSR compares the halves of clips of an even length)"
            ) from error
        return graph, inputs, result
