"""One interface for any network: it takes a clip and returns the larger clip."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from fca2_plugin.geometry import CENTRED, displacement
from fca2_plugin.inference.facts import fingerprint
from fca2_plugin.inference.phase import KnownPhase, alignment_note, find_phase
from fca2_plugin.inference.prepare import prepare, replays
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.inference.wrap import on_clips
from fca2_plugin.nets import FCA2Net, FramesAsBatch, SlidingWindow
from fca2_plugin.nets.enhancer import Enhancer
from fca2_plugin.nets.fitted import StreamsFrames
from fca2_plugin.nets.frontend import FrontEnd
from fca2_plugin.nets.spec import NetSpec, context_of
from fca2_plugin.ops.frame_groups import FrameGroup, window_groups
from fca2_plugin.ops.resize import displace

__all__ = ["TRIAL_FRAMES", "TRIAL_SIDE", "ClipRunner"]

TRIAL_SIDE, TRIAL_FRAMES = 64, 4


class ClipRunner:
    """A network that runs on clips, with its settings and notes.

    Args:
        network: Any network; window and image networks get their adapter. It is changed in place,
            as ``prepare`` says.
        name: Its name in messages and results.
        settings: How it runs; by default in float32, on a GPU if there is one.
        spec: Requirements on its input, for a network without a ``spec``.
        phase: The phase that it was trained on.
        data_phase: Where the LQ pixels of its clips lie: ordinary video is ``centred``. The results
            of a network that was trained on another phase are moved accordingly.
        notes: Notes for the user, one sentence each.
        sha256: Checksum of its checkpoint.

    Raises:
        ValueError: The network does not map clips to clips, or the device does not exist.

    Example:
        >>> from fca2_plugin.nets import CompactVSRNet
        >>> runner = ClipRunner(CompactVSRNet(8, 1), "mine", InferenceSettings("cpu"))
        >>> runner(torch.rand(1, 3, 3, 8, 8)).shape
        torch.Size([1, 3, 3, 32, 32])
    """

    def __init__(
        self,
        network: nn.Module,
        name: str,
        settings: InferenceSettings | None = None,
        *,
        spec: NetSpec | None = None,
        phase: KnownPhase | None = None,
        data_phase: str = CENTRED,
        notes: Sequence[str] = (),
        sha256: str | None = None,
    ) -> None:
        self.name = name
        self.sha256 = sha256
        self.settings = settings or InferenceSettings()
        self.device = self.settings.find_device()
        # any network: its other attributes are looked up below
        self.network: Any = prepare(_on_clips(network, spec), self.settings)
        spec = getattr(self.network, "spec", None) or NetSpec(scale=None)
        self._planned: tuple[tuple | None, tuple[FrameGroup, ...]] = (None, ())
        self.is_luma = spec.color == "y"
        self.scale = spec.scale or self._try_scale()
        self.phase = phase or find_phase(network)
        self.move = -displacement(self.phase.phase, data_phase, self.scale)
        found = self.phase.note, alignment_note(name, self.phase.phase, data_phase, self.scale)
        self.notes = (*notes, *(filter(None, found) if self.scale > 1 else ()))

    @property
    def align(self) -> int:
        """Windows begin at multiples of this number of frames."""
        return getattr(self.network, "cut_multiple", 1)

    @property
    def context(self) -> int:
        """Number of frames on each side of a window that affect its result, or should."""
        return context_of(self.network)

    @property
    def groups_adapt(self) -> bool:
        """Whether FCA² chooses its groups from the frames."""
        return getattr(self.network, "grouping", None) == "adaptive"

    @property
    def plans_shots(self) -> bool:
        """Whether FCA² plans its groups for a whole shot, of which each window is a part."""
        return getattr(self.network, "spans_clips", False)

    def plan_window(
        self, shot: tuple[int, int], start: int, stop: int, types: str | None = None
    ) -> tuple[FrameGroup, ...] | None:
        """Return a window's part of its shot's groups; None if windows are planned separately.

        Args:
            shot: The first frame of the shot, and the frame after its last.
            start: The window's first frame.
            stop: The frame after its last.
            types: How the shot's frames were coded, if known.
        """
        if not self.plans_shots:
            return None
        groups = self._plan_shot(shot[1] - shot[0], types or None)
        return window_groups(groups, start - shot[0], stop - shot[0])

    def _plan_shot(self, num_frames: int, types: str | None) -> tuple[FrameGroup, ...]:
        """Plan once for all windows of a shot."""
        if self._planned[0] != (num_frames, types):
            groups = self.network.plan_ahead(num_frames, types)
            self._planned = (num_frames, types), groups
        return self._planned[1]

    @torch.inference_mode()
    def plan_groups(self, clip: Tensor) -> str:
        """Say which groups FCA² would choose for a clip, (1, t, 3, h, w)."""
        return self.network.follow(self.network.clean(clip.to(self.device))[0]).text

    @torch.inference_mode()
    def __call__(self, clip: Tensor, groups: Sequence[FrameGroup] | None = None) -> Tensor:
        """Run on (1, t, c, h, w) on any device; return (1, t, c, s*h, s*w) on the network's.

        Args:
            clip: A clip, or a window of one.
            groups: The groups from ``plan_window``.

        Raises:
            ValueError: The result has another shape.
        """
        clip = clip.to(self.device)
        result = self.network(clip) if groups is None else self.network(clip, groups)
        _, t, c, h, w = clip.shape
        expected = (1, t, c, self.scale * h, self.scale * w)
        got = tuple(result.shape) if isinstance(result, Tensor) else type(result).__name__
        if got != expected:
            raise ValueError(
                f"{self.name} returned {got} for a clip of {tuple(clip.shape)}; expected {expected}"
            )
        return displace(result, self.move)

    @property
    def streams(self) -> bool:
        """Whether only few frames of a result exist at a time: on a CPU, if the network can."""
        return self.device.type == "cpu" and isinstance(self.network, StreamsFrames)

    @torch.inference_mode()
    def stream(
        self,
        clip: Tensor,
        groups: Sequence[FrameGroup] | None = None,
        keep: slice = slice(None),
    ) -> Iterator[Tensor]:
        """Yield some frames of the result in order, (c, s*h, s*w), on the network's device.

        On a GPU, all of them are computed before the first is yielded, so that it never waits.

        Args:
            clip: A clip, or a window of one, (1, t, c, h, w) on any device.
            groups: The groups from ``plan_window``.
            keep: The frames that are wanted; others are only computed where these need them.

        Raises:
            ValueError: The result has another shape.
        """
        if replays(self.network) or not isinstance(self.network, StreamsFrames):
            yield from self(clip, groups)[0, keep].unbind(0)
            return
        clip = clip.to(self.device)
        plan = () if groups is None else (groups,)
        frames = self.network.stream_frames(clip, *plan, keep=keep)
        if not self.streams:
            frames = iter(list(frames))
        for frame in frames:
            yield displace(frame[0], self.move)

    def trial_clip(self, frames: int) -> Tensor:
        """Return an empty clip of ``TRIAL_SIDE`` pixels a side, a size that every network takes."""
        channels = 1 if self.is_luma else 3
        return torch.zeros(1, frames, channels, TRIAL_SIDE, TRIAL_SIDE, device=self.device)

    def not_finite(self, frame: int) -> str:
        """Return the message for a frame whose result contains NaN or infinity."""
        way_out = "" if self.settings.dtype == "float32" else ", or use dtype float32"
        return (
            f"{self.name} returned NaN or infinity for frame {frame}; check the checkpoint{way_out}"
        )

    def fingerprint(self) -> str:
        """Return a digest of the structure and all weights."""
        return fingerprint(self.network)

    @torch.inference_mode()
    def _try_scale(self) -> int:
        clip = self.trial_clip(TRIAL_FRAMES)
        result = self.network(clip)
        if not isinstance(result, Tensor) or result.ndim != 5 or result.shape[:3] != clip.shape[:3]:
            shape = tuple(result.shape) if isinstance(result, Tensor) else type(result).__name__
            raise ValueError(
                f"{self.name} returned {shape} for a clip of {tuple(clip.shape)}; expected as many "
                "frames; use a network from clips to clips, or put this one into the adapter "
                "FCA2SlidingWindow or FCA2FramesAsBatch"
            )
        return result.shape[-1] // TRIAL_SIDE


def _on_clips(network: nn.Module, spec: NetSpec | None) -> nn.Module:
    """Put the adapter around the network that it needs."""
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
