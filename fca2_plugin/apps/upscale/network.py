"""Any network as one thing: a clip in, the larger clip out, with what it needs known."""

import os
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from fca2_plugin._malloc import keep_memory
from fca2_plugin._torch import warn_of_emulated_bfloat16
from fca2_plugin.apps.facts import fingerprint
from fca2_plugin.apps.inference import default_device
from fca2_plugin.apps.loading import find_host_spec, load_with_phase
from fca2_plugin.apps.phase import KnownPhase, alignment_note, find_phase
from fca2_plugin.apps.upscale.options import UpscaleOptions
from fca2_plugin.apps.upscale.presets import choose_preset, default_note, load_preset
from fca2_plugin.apps.wrap import on_clips
from fca2_plugin.geometry import CENTRED, displacement
from fca2_plugin.nets import FCA2Net, FramesAsBatch, SlidingWindow
from fca2_plugin.nets.enhancer import Enhancer
from fca2_plugin.nets.frontend import FrontEnd
from fca2_plugin.nets.spec import NetSpec
from fca2_plugin.ops.frame_groups import FrameGroup, window_groups
from fca2_plugin.ops.resize import displace

__all__ = ["Upscaler", "load_upscaler"]

RECURRENT_CONTEXT = 8  # frames after which a recurrent network has forgotten a border, by and large
PEAK_CONTEXT = 2  # every second frame is taken for a peak
FRAMES_OF_A_CODE = 3  # rounded up from 7 / 3
TRIAL_SIDE, TRIAL_FRAMES = 64, 4
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Upscaler:
    """A network on clips, and what there is to know about it.

    Args:
        network: Any network; window and image networks get their adapter.
        name: What it is called.
        device: Where it runs; a GPU where there is one.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        spec: What it asks of its input, when it has no ``spec`` of its own.
        phase: On which phase it was trained. Ordinary video is ``centred``, and the results of
            another network are moved to where they belong.

    Raises:
        ValueError: It does not map clips to clips.
    """

    def __init__(
        self,
        network: nn.Module,
        name: str,
        device: str | torch.device | None = None,
        precision: str = "fp32",
        spec: NetSpec | None = None,
        phase: KnownPhase | None = None,
    ) -> None:
        self.name = name
        phase = phase or find_phase(network)
        self.device = _device(device)
        self.dtype = DTYPES.get(precision)
        warn_of_emulated_bfloat16(self.device, self.dtype)
        keep_memory()
        self.network = _on_clips(network, spec).to(self.device).eval()
        spec = getattr(self.network, "spec", None) or NetSpec(scale=None)
        self._planned: tuple[tuple | None, tuple[FrameGroup, ...]] = (None, ())
        self.is_luma = spec.color == "y"
        self.scale = spec.scale or self._try_scale()
        self.move = -displacement(phase.phase, CENTRED, self.scale)
        said = phase.note, alignment_note(name, phase.phase, CENTRED, self.scale)
        # what there is to know, a sentence each
        self.notes: tuple[str, ...] = tuple(filter(None, said)) if self.scale > 1 else ()

    @property
    def align(self) -> int:
        """Frames that the network groups; chunks begin at multiples of it."""
        if getattr(self.network, "uses_peaks", False):
            return PEAK_CONTEXT
        if self.groups_adapt or self.plans_shots:
            return 1
        return getattr(self.network, "chunk_frames", None) or 1

    @property
    def groups_adapt(self) -> bool:
        """Whether FCA² chooses its groups by what it sees."""
        return getattr(self.network, "grouping", None) == "adaptive"

    @property
    def plans_shots(self) -> bool:
        """Whether FCA² lays its groups over a whole shot, of which windows see a part."""
        return getattr(self.network, "spans_clips", False)

    def plan_window(
        self, shot: tuple[int, int], start: int, stop: int, types: str = ""
    ) -> tuple[FrameGroup, ...] | None:
        """The groups of a window as they are in its whole shot; None where each is on its own.

        Args:
            shot: The first frame of the shot, and the one after its last.
            start: The window's first frame.
            stop: The one after its last.
            types: How the shot's frames were coded; nothing if not known.
        """
        if not self.plans_shots:
            return None
        groups = self._plan_shot(shot[1] - shot[0], types or None)
        return window_groups(groups, start - shot[0], stop - shot[0])

    def _plan_shot(self, num_frames: int, types: str | None) -> tuple[FrameGroup, ...]:
        """Planned once for all windows of a shot."""
        if self._planned[0] != (num_frames, types):
            groups = self.network.plan_ahead(num_frames, types)
            self._planned = (num_frames, types), groups
        return self._planned[1]

    @torch.inference_mode()
    def plan_groups(self, clip: Tensor) -> str:
        """Say which groups FCA² would choose for a clip, (1, t, 3, h, w)."""
        return self.network.follow(self.network.clean(clip.to(self.device))[0]).text

    @property
    def context(self) -> int:
        """Frames beside a chunk that change its result, or should."""
        return _context(self.network)

    @torch.inference_mode()
    def __call__(self, clip: Tensor, groups: Sequence[FrameGroup] | None = None) -> Tensor:
        """(1, t, c, h, w) on any device to (1, t, c, s*h, s*w) on the network's.

        Args:
            clip: A clip, or a window of one.
            groups: What ``plan_window`` says.

        Raises:
            ValueError: The result has another shape, or holds NaN or infinity.
        """
        clip = clip.to(self.device)
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not None):
            result = self.network(clip) if groups is None else self.network(clip, groups)
        _, t, c, h, w = clip.shape
        expected = (1, t, c, self.scale * h, self.scale * w)
        if tuple(result.shape) != expected:
            raise ValueError(
                f"{self.name} returned {tuple(result.shape)} for a clip of {tuple(clip.shape)}; "
                f"expected {expected}"
            )
        return displace(result, self.move)

    def fingerprint(self) -> str:
        """A digest of the structure and all weights."""
        return fingerprint(self.network)

    @torch.inference_mode()
    def _try_scale(self) -> int:
        channels = 1 if self.is_luma else 3
        clip = torch.zeros(1, TRIAL_FRAMES, channels, TRIAL_SIDE, TRIAL_SIDE, device=self.device)
        result = self.network(clip)
        if not isinstance(result, Tensor) or result.ndim != 5 or result.shape[:3] != clip.shape[:3]:
            shape = tuple(result.shape) if isinstance(result, Tensor) else type(result).__name__
            raise ValueError(
                f"{self.name} returned {shape} for a clip of {tuple(clip.shape)}; expected as many "
                "frames: give a network from clips to clips, or its adapter FCA2SlidingWindow or "
                "FCA2FramesAsBatch"
            )
        return result.shape[-1] // TRIAL_SIDE


def load_upscaler(
    config: str | Path | None,
    checkpoint: str | Path | None,
    preset: str | None,
    network: nn.Module | None,
    options: UpscaleOptions,
) -> Upscaler:
    """The network that was asked for: a config with its checkpoint, a preset, or a module.

    Where nothing was, it is the one that ships, and a note says so.

    Raises:
        FileNotFoundError: One of the files is not there.
        ModuleNotFoundError: The config's host is not installed.
        ValueError: Several were asked for, the weights are another network's, or FCA² is asked
            for around something else than a config's network.
    """
    device, precision, phase = _device(options.device), options.precision, options.phase
    chosen = choose_preset(config, checkpoint, preset, network, device)
    if options.fca2 is not None and config is None:
        raise ValueError(
            "FCA² goes around the network of a config and its checkpoint here (--config C "
            "--checkpoint K --fca2); leave --fca2 out, or in Python pass "
            "network=fca2_plugin.wrap(network)"
        )
    if network is not None:
        known = find_phase(network, phase)
        return Upscaler(network, type(network).__name__, device, precision, phase=known)
    if chosen is not None:
        network = load_preset(chosen)
        known = find_phase(network, phase)
        upscaler = Upscaler(network, chosen, device, precision, phase=known)
        if preset is None:
            upscaler.notes = (default_note(chosen, device), *upscaler.notes)
        return upscaler
    loaded = load_with_phase(config, checkpoint, phase, options.fca2)
    spec = find_host_spec(config, loaded.module)
    return Upscaler(loaded.module, Path(config).stem, device, precision, spec, loaded.phase)


def _device(name: str | torch.device | None) -> torch.device:
    try:
        device = torch.device(name or default_device())
        if name is None and device.type == "cuda":  # torchrun's processes take one each
            place = int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count()
            device = torch.device("cuda", place)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        there = "cpu or cuda" if torch.cuda.is_available() else "cpu"
        raise ValueError(f"device {str(name)!r} is not there; expected {there}") from error
    return device


def _on_clips(network: nn.Module, spec: NetSpec | None) -> nn.Module:
    """Put the adapter around the network that its kind needs."""
    if isinstance(network, FCA2Net | Enhancer | FrontEnd | FramesAsBatch | SlidingWindow):
        return network  # they pad themselves
    spec = spec or getattr(network, "spec", None)
    if spec is None:
        return network
    adapted = on_clips(network, spec)
    asks_nothing = spec == NetSpec(scale=spec.scale, phase=spec.phase)
    if adapted is not network or spec.color == "y" or asks_nothing:
        return adapted
    return FCA2Net(vsr=network, vsr_spec=spec)  # nothing but padding


def _context(network: nn.Module) -> int:
    known = getattr(network, "context_frames", None)
    if known is not None:
        return known
    if isinstance(network, FramesAsBatch):
        return 0
    if isinstance(network, SlidingWindow):
        return network.num_frames // 2
    if isinstance(network, FrontEnd):
        return _context(network.front) + _context(network.vsr)
    if isinstance(network, Enhancer) and not hasattr(network, "stream"):  # a state runs through
        return PEAK_CONTEXT if network.uses_peaks else network.radius
    if isinstance(network, FCA2Net):
        grouped = network.autoencoder is not None
        joined = network.join_codes or network.grouping == "adaptive"
        if grouped and network.chunk_frames is not None and not joined:
            return 0  # chunks do not depend on each other
        inner = 0 if network.vsr is None else _context(network.vsr)
        if not grouped:
            return inner
        known = inner * (network.reach // 2 + 1) + network.reach  # codes may lie that far apart
        return max(inner * FRAMES_OF_A_CODE, min(known, RECURRENT_CONTEXT * FRAMES_OF_A_CODE))
    return RECURRENT_CONTEXT
