"""How fast, how large: networks timed side by side on one clip.

Times of two networks are comparable only when both met the same machine in the same state. So
``compare`` runs all of them in one process and takes turns: after every round each network has run
once, and whatever slows the machine down for a while slows all of them. Times are medians, per
OUTPUT frame, of the network alone (no decoding, no disk).

Each pass of an ``FCA2Net`` is also told apart by its parts (``passes``), in the same rounds.
"""

import itertools
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from fca2_plugin import __version__
from fca2_plugin.apps.benchmark.counting import (
    count_work,
    evaluating,
    held_bytes,
    tensor_bytes,
)
from fca2_plugin.apps.benchmark.passes import marked_parts, split_whole
from fca2_plugin.inference.facts import count_parameters, device_name
from fca2_plugin.inference.prepare import replays

__all__ = ["compare"]

MIB = 2**20
REPEATS, LONG_REPEATS, LONG_ROUND_SECONDS = 5, 3, 20


def compare(
    models: Mapping[str, nn.Module],
    clip: Tensor,
    *,
    repeats: int | None = None,
    warmup: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict:
    """Time networks in turns on one clip.

    Args:
        models: Networks by name, on the clip's device; the first one is the baseline.
        clip: Input, (1, t, 3, h, w).
        repeats: Timed rounds; None for 5, or 3 where a round takes longer than 20 seconds.
        warmup: Rounds before the timed ones, besides the one that counts operations.
        progress: Called as ``progress(done, total)`` after every forward pass.

    Returns:
        Facts about the run (``device``, ``torch``, ``shape``, ...), ``ratios`` (speed of each
        network as a multiple of the baseline's) and under ``models`` for each: ``ms_per_frame``,
        ``iqr_ms_per_frame``, ``parameters``, ``macs_per_frame``, ``peak_memory_mib`` (its weights,
        the clip and what a pass allocates; None on a CPU), ``above_model_mib`` (what a pass
        allocates), ``work`` of a pass (``macs``, ``launches``, ``bytes``) and its ``parts``, each
        with ``ms_per_frame`` and its share of the work; none where a pass is replayed as a graph.
        Plain numbers and strings, for JSON.

    Raises:
        ValueError: A network returns another number of frames.

    Example:
        >>> models = {"slow": torch.nn.Identity(), "fast": torch.nn.Identity()}
        >>> result = compare(models, torch.rand(1, 3, 3, 8, 8), repeats=1)
        >>> sorted(result["ratios"])
        ['fast', 'slow']
    """
    cuda = clip.device.type == "cuda"
    t = clip.shape[1]
    start = time.monotonic()
    steps = itertools.count(1)
    counted: dict[str, tuple[dict[str, int], dict[str, dict[str, int]]]] = {}
    passes: dict[str, list[_Pass]] = {name: [] for name in models}

    def tick() -> None:
        done = next(steps)
        if progress is not None:
            progress(done, len(models) * (1 + warmup + (repeats or REPEATS)))

    with evaluating(models.values()):
        for name, model in models.items():
            counted[name] = count_work(_SameFrames(model, name), clip, model)
            tick()
        if repeats is None:
            is_long = time.monotonic() - start > LONG_ROUND_SECONDS
            repeats = LONG_REPEATS if is_long else REPEATS
        for _ in range(warmup + repeats):
            for name, model in models.items():
                passes[name].append(_run(model, clip))
                tick()

    measured: dict[str, dict[str, Any]] = {}
    for name, model in models.items():
        ms = [1000 * one.seconds / t for one in passes[name][warmup:]]
        low, median, high = np.percentile(ms, (25, 50, 75))
        above = max(one.above_bytes for one in passes[name]) if cuda else None
        own = held_bytes(model) + tensor_bytes(clip)
        measured[name] = {
            "ms_per_frame": float(median),
            "iqr_ms_per_frame": float(high - low),
            "parameters": count_parameters(model),
            "macs_per_frame": counted[name][0]["macs"] // t,
            "peak_memory_mib": None if above is None else (above + own) / MIB,
            "above_model_mib": None if above is None else above / MIB,
            "work": counted[name][0],
            "parts": _parts(counted[name][1], passes[name][warmup:], t),
        }
    baseline = next(iter(measured.values()))["ms_per_frame"]
    return {
        "device": device_name(clip.device),
        "torch": torch.__version__,
        "fca2_plugin": __version__,
        "dtype": str(clip.dtype).removeprefix("torch."),
        "shape": list(clip.shape),
        "threads": torch.get_num_threads(),
        "repeats": repeats,
        "peak_memory_note": (
            "weights, clip and what a pass allocates, by torch's CUDA allocator"
            if cuda
            else "not measured: torch counts allocated memory on CUDA devices only"
        ),
        "models": measured,
        "ratios": {name: baseline / values["ms_per_frame"] for name, values in measured.items()},
    }


class _SameFrames(nn.Module):
    """Checks what a time per output frame rests on: as many frames come out as went in."""

    def __init__(self, model: nn.Module, name: str) -> None:
        super().__init__()
        self.model = model
        self.name = name

    def forward(self, clip: Tensor) -> Tensor:
        out = self.model(clip)
        if out.ndim != 5 or out.shape[:2] != clip.shape[:2]:
            raise ValueError(
                f"model {self.name!r} returned {tuple(out.shape)} for a clip of "
                f"{tuple(clip.shape)}; expected as many frames, (1, {clip.shape[1]}, 3, H, W), "
                "or its time per frame cannot be compared"
            )
        return out


class _Pass(NamedTuple):
    seconds: float
    parts: dict[str, float]  # seconds of each
    above_bytes: int  # what it allocated on a GPU


def _run(model: nn.Module, clip: Tensor) -> _Pass:
    """One timed forward pass."""
    device, on_gpu = clip.device, clip.is_cuda
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)  # the other networks' weights included
    meter = _event if on_gpu else time.perf_counter
    marked: Any = nullcontext([]) if replays(model) else marked_parts(model, meter)
    with marked as marks:
        if on_gpu:
            torch.cuda.synchronize(device)
        start = time.perf_counter()
        model(clip)
        if on_gpu:  # kernels run on after the call returns
            torch.cuda.synchronize(device)
        seconds = time.perf_counter() - start
    if not on_gpu:
        took = [(name, end - start) for name, start, end in marks]
        return _Pass(seconds, split_whole(seconds, took), 0)
    took = [(name, start.elapsed_time(end) / 1000) for name, start, end in marks]
    above = torch.cuda.max_memory_allocated(device) - before
    return _Pass(seconds, split_whole(seconds, took), above)


def _event() -> torch.cuda.Event:
    """A mark on the GPU's own time line, which holds nothing up."""
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _parts(work: Mapping[str, Mapping], passes: list[_Pass], t: int) -> dict[str, dict]:
    """What a breakdown says of each part that was timed."""
    return {
        name: {
            "ms_per_frame": max(float(np.median([1000 * p.parts[name] / t for p in passes])), 0.0),
            **work[name],
        }
        for name in passes[0].parts
    }
