"""``fca2 benchmark``: a VSR network alone and wrapped, one size or many, used or trained."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from fca2_plugin import __version__
from fca2_plugin._torch import out_of_memory_said
from fca2_plugin.apps.benchmark import memory
from fca2_plugin.apps.benchmark.networks import Choice, build_pair
from fca2_plugin.apps.benchmark.passes import TrainingStep
from fca2_plugin.apps.benchmark.timing import compare
from fca2_plugin.inference.prepare import prepare
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.nets import FCA2Net

__all__ = ["SCHEMA", "Setting", "commit", "random_clip", "run_benchmark"]

SCHEMA = 2  # 1 had no breakdown


@dataclass(frozen=True)
class Setting:
    """On what, and how often, networks are timed.

    Args:
        frames: Frames of the clip.
        size: Width and height of its LQ frames.
        repeats: Timed rounds; None for as many as ``compare`` takes.
        inference: How networks are run, all alike.
        training: Whether training steps are timed, on the whole clip as one batch.
        memory: Measure memory on a CPU too, which takes a process for each network.

    Raises:
        ValueError: A number below 1, a device that is not there, or settings that do not train.
    """

    frames: int = 7
    size: tuple[int, int] = (180, 144)
    repeats: int | None = None
    inference: InferenceSettings = field(default_factory=InferenceSettings)
    training: bool = False
    memory: bool = True

    def __post_init__(self) -> None:
        for name, value in (("frames", self.frames), ("repeats", self.repeats)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.inference.find_device()
        if self.training and (self.inference.dtype == "float16" or self.inference.cuda_graphs):
            raise ValueError(
                f"training steps cannot be timed with {self.inference.text}; expected float32 or "
                "bfloat16, and no CUDA graphs"
            )

    @property
    def text(self) -> str:
        """A summary for the user."""
        said = f"{self.frames} frames of {self.size[0]}x{self.size[1]}"
        return f"training on {said}" if self.training else said

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the clip, (1, t, 3, h, w)."""
        width, height = self.size
        return (1, self.frames, 3, height, width)


def run_benchmark(
    choice: Choice,
    setting: Setting,
    *,
    pair: Mapping[str, FCA2Net] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict:
    """Time ``baseline`` and ``wrapped`` in turns, and measure their memory.

    Args:
        choice: The networks.
        setting: The clip and the number of rounds.
        pair: What ``build_pair(choice)`` gave, to build it once for many settings.
        progress: Called as ``progress(done, total)`` after every forward pass.

    Returns:
        ``baseline`` and ``wrapped``, each with ``ms_per_frame``, ``iqr_ms_per_frame``,
        ``peak_mib``, ``above_model_mib``, ``macs_per_frame``, ``params``, the ``macs``,
        ``launches`` and ``bytes`` of a pass and its ``parts``; ``speed_ratio`` (baseline's time
        over wrapped's), ``mac_ratio``, ``peak_ratio`` and ``above_model_ratio`` (wrapped's over
        baseline's) and what was run where. A pass is a training step where ``setting`` says so.

    Raises:
        ValueError: See ``build_pair``, or a clip that does not fit in memory.
    """
    inference = setting.inference
    device = inference.find_device()
    built = pair or build_pair(choice)
    nets: dict[str, nn.Module] = {name: prepare(net, inference) for name, net in built.items()}
    clip = random_clip(setting.shape, device)
    if setting.training:
        nets = {name: TrainingStep(net, clip) for name, net in built.items()}
    load = os.getloadavg()[0]  # of the others, before this adds to it
    with out_of_memory_said(
        f"{setting.text} do not fit in the memory of {device}; try fewer frames or a smaller size"
    ):
        measured = compare(
            nets, clip, repeats=setting.repeats, warmup=inference.warmup, progress=progress
        )
    networks = {
        name: {
            "ms_per_frame": values["ms_per_frame"],
            "iqr_ms_per_frame": values["iqr_ms_per_frame"],
            "peak_mib": values["peak_memory_mib"],
            "above_model_mib": values["above_model_mib"],
            "macs_per_frame": values["macs_per_frame"],
            "params": values["parameters"],
            **values["work"],
            "parts": values["parts"],
        }
        for name, values in measured["models"].items()
    }
    note = measured["peak_memory_note"]
    if device.type == "cpu" and setting.memory:
        note = memory.TRAINING_NOTE if setting.training else memory.NOTE
        for name, values in networks.items():
            values |= memory.measure_memory(
                choice, name, setting.shape, inference, training=setting.training
            )
    baseline, wrapped = networks["baseline"], networks["wrapped"]
    return {
        "kind": "benchmark_training" if setting.training else "benchmark",
        "schema": SCHEMA,
        "fca2_plugin": __version__,
        "commit": commit(),
        **_what(choice, built["wrapped"], setting.frames),
        "frames": setting.frames,
        "size": list(setting.size),
        "shape": list(setting.shape),
        **asdict(inference),
        "device": measured["device"],
        "threads": measured["threads"],
        "torch": measured["torch"],
        "repeats": measured["repeats"],
        "load_average": load,
        "peak_memory_note": note,
        **networks,
        "speed_ratio": measured["ratios"]["wrapped"],
        "mac_ratio": wrapped["macs_per_frame"] / baseline["macs_per_frame"],
        "peak_ratio": _ratio(wrapped["peak_mib"], baseline["peak_mib"]),
        "above_model_ratio": _ratio(wrapped["above_model_mib"], baseline["above_model_mib"]),
    }


def _ratio(value: float | None, base: float | None) -> float | None:
    """Of two figures that may not have been measured."""
    return value / base if value is not None and base else None


def commit() -> str | None:
    """The git commit this code is at, marked where files differ from it; None outside git."""
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return None
    git = ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    run = subprocess.run(git, capture_output=True, text=True)
    return run.stdout.strip() or None


def _what(choice: Choice, wrapped: FCA2Net, num_frames: int) -> dict:
    """The choice, with what was left to defaults filled in."""
    net, autoencoder, cleaning = wrapped.vsr, wrapped.autoencoder, wrapped.cleaning
    grouping = getattr(autoencoder, "grouping", None)
    return {
        **asdict(choice),
        "vsr": None if choice.config else choice.vsr,
        "host": "basicsr" if str(choice.config).endswith((".yml", ".yaml")) else choice.host,
        "preset": None if choice.config else choice.preset_used,
        "stage": getattr(wrapped, "stage", None),
        "frozen": sorted(wrapped.frozen),
        "network": type(getattr(net, "net", net)).__name__,  # inside its adapter, if it has one
        "n_subs": grouping and grouping.n_subs,
        "n_ovls": grouping and grouping.n_ovls,
        "codes": autoencoder and autoencoder.num_codes(wrapped.chunk_frames or num_frames),
        "num_passes": cleaning.num_passes if cleaning else 0,
        "chunk_frames": wrapped.chunk_frames,
    }


def random_clip(shape: tuple[int, ...], device: torch.device) -> Tensor:
    """The same on every run."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)).to(device)
