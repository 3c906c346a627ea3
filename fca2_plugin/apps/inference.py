"""Running a network over a clip, whole or in chunks of frames."""

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fca2_plugin._torch import out_of_memory_said
from fca2_plugin.apps.acceleration import prepare
from fca2_plugin.apps.facts import count_parameters, device_name
from fca2_plugin.apps.loading import load_network
from fca2_plugin.apps.pairs import Pair
from fca2_plugin.apps.scoring import Scorer
from fca2_plugin.apps.settings import InferenceSettings
from fca2_plugin.codec import YuvFile
from fca2_plugin.data import MfqePair, media_frames
from fca2_plugin.metrics import get_protocol
from fca2_plugin.ops.frame_groups import FrameGroup, window_groups
from fca2_plugin.ops.group_plan import GroupPlan
from fca2_plugin.ops.resize import displace

__all__ = [
    "NetworkMethod",
    "chunks",
    "default_device",
    "enhance_video",
    "load_network",
    "score_enhancer",
    "to_clip",
    "to_frames",
]


def default_device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def to_clip(frames: Sequence[np.ndarray], device: torch.device | str | None = None) -> Tensor:
    """``uint8`` frames to (1, t, c, h, w) in [0, 1]: RGB to 3 channels, luma planes to 1."""
    clip = torch.from_numpy(np.stack(frames)).to(device or default_device())
    clip = clip[:, None] if clip.ndim == 3 else clip.permute(0, 3, 1, 2)
    return clip[None].float() / 255


def to_frames(clip: Tensor) -> list[np.ndarray]:
    """(1, t, 3, h, w) to ``uint8`` RGB frames: clipped to [0, 1], times 255, rounded."""
    frames = (clip[0].clamp(0, 1) * 255).round().byte()
    return list(frames.permute(0, 2, 3, 1).cpu().numpy())


def chunks(
    total: int, max_frames: int | None = None, overlap: int = 0, align: int = 1
) -> Iterator[tuple[slice, slice]]:
    """Cut a clip into chunks that fit in memory.

    Neighbouring chunks share frames, so that each output frame has at least ``overlap`` frames on
    both sides where the clip has them. The last chunk begins earlier than its turn, to be as long
    as the others.

    Args:
        total: Frames of the clip.
        max_frames: Frames of a chunk; None is the whole clip at once.
        overlap: Frames of context on each side; they are computed and thrown away.
        align: Chunks begin at multiples of this.

    Yields:
        The chunk's frames, and which of its output frames to keep.

    Raises:
        ValueError: The context leaves nothing of a chunk.
    """
    if max_frames is not None and max_frames < 1:
        raise ValueError(f"max_frames must be at least 1, got {max_frames}")
    if max_frames is None or total <= max_frames:
        yield slice(0, total), slice(0, total)
        return
    step = max_frames - 2 * overlap
    if overlap < 0 or step < 1:
        raise ValueError(
            f"chunks of {max_frames} frames leave nothing beside {overlap} frames of context on "
            f"each side; expected an overlap from 0 to {(max_frames - 1) // 2}"
        )
    step = step // align * align or step
    start = done = 0
    while done < total:
        if start + max_frames >= total:
            start, end = min(start, -(-(total - max_frames) // align) * align), total
        else:
            end = start + max_frames - overlap
        yield slice(start, min(start + max_frames, total)), slice(done - start, end - start)
        done = end
        start += step


@torch.inference_mode()
def enhance_video(
    network: nn.Module,
    luma: np.ndarray,
    peaks: np.ndarray | None = None,
    device: torch.device | str | None = None,
) -> Iterator[np.ndarray]:
    """Enhance a video frame by frame; only the frames of one window are in memory.

    Args:
        network: An ``Enhancer`` for luma, or a pair of them, in evaluation mode on ``device``.
        luma: Y planes (n, h, w), ``uint8``, read as they are needed.
        peaks: Which frames are of peak quality, (n,) bool, for a network that ``uses_peaks``.
        device: Where the network is; a GPU where there is one.

    Yields:
        (h, w) ``float32``, neither clipped nor rounded.
    """
    found = None if peaks is None else np.flatnonzero(peaks).tolist()
    state = None
    for index, window in enumerate(network.windows(len(luma), found)):
        lq = torch.from_numpy(luma[window]).to(device or default_device())
        is_peak = peaks is not None and bool(peaks[index])
        frame, state = network.step(lq[None].float() / 255, state, is_peak)
        yield frame[0, 0].float().cpu().numpy()


class NetworkMethod:
    """A network as a method of ``scoring``.

    Raw video goes through an enhancement network frame by frame (``enhance_video``), anything else
    whole or in chunks.

    Args:
        network: Takes (1, t, 3, h, w) in [0, 1], or luma (1, t, 1, h, w), and returns as many
            frames, larger ones as a rule.
        name: What it is called.
        max_frames: As ``chunks``.
        overlap: As ``chunks``; a quarter of ``max_frames`` by default.
        settings: How it runs; on a GPU where there is one, in float32, by default.
        move: Move its results right and down by so many pixels, where the LQ pixels lie elsewhere
            than in its training.
    """

    def __init__(
        self,
        network: nn.Module,
        name: str,
        max_frames: int | None = None,
        overlap: int | None = None,
        settings: InferenceSettings | None = None,
        move: float = 0.0,
    ) -> None:
        settings = settings or InferenceSettings()
        self.move = move
        self.device = settings.on()
        self.network = prepare(network, settings)
        self.name = name
        self.max_frames = max_frames
        # FCA² works on chunks of its own, whose borders must not move, or plans whole clips
        self.plans = getattr(network, "spans_clips", False)
        self.align = 1 if self.plans else getattr(network, "chunk_frames", None) or 1
        if overlap is None:
            overlap = (max_frames or 0) // 4 // self.align * self.align
        self.overlap = overlap
        self._plans: list[dict] = []
        self._piece = 0  # its first frame
        if getattr(network, "grouping", None) == "adaptive":
            network.follow = self._recorded(network.follow)

    def facts(self) -> dict[str, object]:
        """Return what a table says of a network."""
        return {"params": count_parameters(self.network), "device": device_name(self.device)}

    def clip_facts(self) -> dict[str, object]:
        """Return what is known of the last clip: how an adaptive network grouped its frames."""
        return {"plans": self._plans} if self._plans else {}

    def _run(self, clip: Tensor, window: slice, groups: Sequence[FrameGroup] | None) -> Tensor:
        if groups is None:
            return self.network(clip)
        return self.network(clip, window_groups(groups, window.start, window.stop))

    def _recorded(self, plan: Callable) -> Callable:
        def planned(frames: Tensor) -> GroupPlan:
            found = plan(frames)
            sizes, cuts = list(found.sizes), list(found.cuts)
            self._plans.append({"first_frame": self._piece, "sizes": sizes, "cuts": cuts})
            return found

        return planned

    @torch.inference_mode()
    def __call__(self, pair: Pair) -> Iterator[tuple[np.ndarray, float]]:
        """Yield the clip's frames, and each one's share of its chunk's time.

        Raises:
            ValueError: The output has another number of frames, or holds NaN or infinity.
        """
        if isinstance(pair.lq, YuvFile) and hasattr(self.network, "step"):
            yield from self._enhance(pair)
            return
        self._plans = []
        lq = list(media_frames(pair.lq))
        groups = self.network.plan_ahead(len(lq), pair.types) if self.plans else None
        for piece, keep in chunks(len(lq), self.max_frames, self.overlap, self.align):
            clip = to_clip(lq[piece], self.device)
            self._piece = piece.start
            start = time.perf_counter()
            with out_of_memory_said(
                f"{clip.shape[1]} frames of {clip.shape[-1]}x{clip.shape[-2]} do not fit in the "
                f"memory of {self.device} with {self.name}; let fewer frames run at once with "
                "--max-frames"
            ):
                sr = self._run(clip, piece, groups)
                if self.device.type == "cuda":
                    torch.cuda.synchronize(self.device)
            milliseconds = 1000 * (time.perf_counter() - start) / (keep.stop - keep.start)
            self._check(sr, clip, pair, piece.start)
            sr = displace(sr, self.move)
            luma = lq[0].ndim == 2  # which is compared as it is, neither clipped nor rounded
            kept = sr[:, keep]
            for frame in kept[0, :, 0].float().cpu().numpy() if luma else to_frames(kept):
                yield frame, milliseconds

    def _enhance(self, pair: Pair) -> Iterator[tuple[np.ndarray, float]]:
        peaks = None
        if self.network.uses_peaks:
            peaks = MfqePair(pair.name, pair.gt, pair.lq).peaks()
        frames = enhance_video(self.network, pair.lq.luma, peaks, self.device)
        start = time.perf_counter()
        for index, frame in enumerate(frames):
            milliseconds = 1000 * (time.perf_counter() - start)
            if not np.isfinite(frame).all():
                raise self._not_finite(pair, index)
            yield frame, milliseconds
            start = time.perf_counter()

    def _not_finite(self, pair: Pair, index: int) -> ValueError:
        return ValueError(
            f"{pair.label}, frame {index}: {self.name} returned NaN or infinity; check the "
            "checkpoint, and mixed precision if it was trained with it"
        )

    def _check(self, sr: Tensor, clip: Tensor, pair: Pair, first: int) -> None:
        if sr.ndim != 5 or sr.shape[:2] != clip.shape[:2]:
            raise ValueError(
                f"{self.name} returned {tuple(sr.shape)} for a clip of {tuple(clip.shape)}; "
                f"expected as many frames, (1, {clip.shape[1]}, 3, H, W): give a config whose "
                "network returns them all"
            )
        finite = torch.isfinite(sr).flatten(2).all(-1)[0].tolist()
        if not all(finite):
            raise self._not_finite(pair, first + finite.index(False))


def score_enhancer(
    network: nn.Module, pair: MfqePair, device: torch.device | str | None = None
) -> dict:
    """Measure a network on a video as ``fca2 evaluate --protocol mfqe`` does.

    Args:
        network: For luma, at scale 1; it is left in the mode in which it was.
        pair: The video.
        device: Where the network runs.

    Returns:
        As ``Scorer``: means by measure, and ``frames`` with the values of each frame.
    """
    was_training = network.training
    try:
        settings = InferenceSettings(device and str(device))
        method = NetworkMethod(network, type(network).__name__, settings=settings)
        clip = Pair(pair.name, pair.raw, pair.coded, num_frames=len(pair))
        return Scorer(method, get_protocol("mfqe"))(clip)
    finally:
        network.train(was_training)
