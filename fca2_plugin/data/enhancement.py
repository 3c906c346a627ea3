"""Training samples of the MFQE 2.0 protocol: a window of coded luma, and the raw luma to reach.

    window of coded planes -+- crop - mirror, transpose - lq
    middle frame of it, raw +                           - gt

All random choices of a sample are drawn together from the seed, the clip's name and the round, so
they do not depend on workers, ranks or a resumed run.
"""

import inspect
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fca2_plugin._suggest import check_choice
from fca2_plugin.data.mfqe import HM, MfqePair, find_mfqe, frames_around
from fca2_plugin.data.pqf import nearest_peaks
from fca2_plugin.data.sample import sample_rng, turn

__all__ = [
    "ENHANCEMENT_KEYS",
    "TREE_KEYS",
    "EnhancementSample",
    "EnhancementSet",
    "open_enhancement_set",
]

TARGETS = ("center", "all")
NEIGHBORS = ("nearest", "peaks")
FRAMES = ("all", "peaks", "others")
MAX_TRAINING_FRAMES = 300  # of a video, as in the authors' training data


@dataclass(frozen=True)
class EnhancementSample:
    """A sample, as ``uint8`` luma planes.

    Args:
        name: Its clip.
        lq: Coded planes (f, h, w).
        gt: Raw planes, (1, h, w) of the middle frame or (f, h, w) of all.
        indices: The frames of ``lq`` in the clip.

    Example:
        >>> plane = np.zeros((1, 8, 8), np.uint8)
        >>> EnhancementSample("one", lq=plane, gt=plane, indices=(0,)).name
        'one'
    """

    name: str
    lq: np.ndarray
    gt: np.ndarray
    indices: tuple[int, ...]


@dataclass
class EnhancementSet:
    """Pairs of videos, and how training samples are cut out of them.

    Args:
        pairs: The videos.
        num_frame: Frames of a window.
        target: ``center``: the middle frame, whose neighbours beyond the video's ends are its
            first or last frame. ``all``: every frame, for networks that carry a state.
        neighbors: ``nearest``, or ``peaks``: the peak-quality frames before and after (MFQE).
        frames: Which frames may be the middle one: ``all``, ``peaks`` or ``others``.
        gt_size: Side of the square to cut out; ``None`` keeps whole frames.
        use_hflip: Mirror half of the samples left to right.
        use_rot: Mirror half of the samples top to bottom, exchange rows and columns of half.
        max_frames: Use at most this many frames of each video, from its start; ``None`` for all.
        seed: Seed of all draws.

    Raises:
        ValueError: A setting is unknown or out of range, two of them contradict each other, or a
            video is shorter than the window or smaller than the square.

    Example:
        >>> from fca2_plugin.data import build_mfqe
        >>> folder = build_mfqe("in.mp4", "mfqe", qps=[37])
        >>> pairs = find_mfqe("mfqe", "test", 37, "x265_LDP")
        >>> EnhancementSet(pairs, num_frame=3, gt_size=16).sample(0).gt.shape
        (1, 16, 16)
    """

    pairs: Sequence[MfqePair]
    num_frame: int = 7
    target: str = "center"
    neighbors: str = "nearest"
    frames: str = "all"
    gt_size: int | None = 128
    use_hflip: bool = True
    use_rot: bool = True
    max_frames: int | None = MAX_TRAINING_FRAMES
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("target", self.target, TARGETS)
        check_choice("neighbors", self.neighbors, NEIGHBORS)
        check_choice("frames", self.frames, FRAMES)
        for name in ("num_frame", "gt_size", "max_frames"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if self.target == "center" and self.num_frame % 2 == 0:
            raise ValueError(
                f"a window of {self.num_frame} frames has no middle; expected an odd num_frame, or "
                "target all"
            )
        if self.neighbors == "peaks" and (self.num_frame != 3 or self.target != "center"):
            raise ValueError(
                "neighbors='peaks' makes windows of one frame and two peaks; set num_frame to 3 "
                f"and target to center, not {self.num_frame} and {self.target}"
            )
        if self.target == "all" and self.frames != "all":
            raise ValueError(
                f"target='all' uses consecutive frames; leave out frames {self.frames}"
            )
        self._peaks: dict[int, np.ndarray] = {}
        for clip, pair in enumerate(self.pairs):
            self._check(clip, pair)

    def __len__(self) -> int:
        return len(self.pairs)

    def sample(self, clip: int, visit: int | None = 0) -> EnhancementSample:
        """Return the sample of a clip in round ``visit``; see ``sample_rng``."""
        pair = self.pairs[clip]
        # as many draws whatever is switched off
        *draws, hflip, vflip, transpose = sample_rng(self.seed, pair.name, visit).random(6).tolist()
        starts = self._starts(clip)
        height, width = pair.raw.height, pair.raw.width
        size = self.gt_size
        free = (len(starts), *((side - size + 1) if size else 1 for side in (height, width)))
        pick, top, left = (int(draw * count) for draw, count in zip(draws, free, strict=True))
        place = (slice(top, top + (size or height)), slice(left, left + (size or width)))
        indices = self._window(clip, int(starts[pick]))
        targets = indices if self.target == "all" else [indices[len(indices) // 2]]
        turns = (
            self.use_hflip and hflip < 0.5,
            self.use_rot and vflip < 0.5,
            self.use_rot and transpose < 0.5,
        )
        lq, gt = (
            np.stack([turn(video.luma[index][place], *turns) for index in of])
            for video, of in ((pair.coded, indices), (pair.raw, targets))
        )
        return EnhancementSample(pair.name, lq, gt, tuple(indices))

    def _starts(self, clip: int) -> Sequence[int]:
        """The frames that a sample can be drawn for."""
        count = self._count(self.pairs[clip])
        if self.target == "all":
            return range(count - self.num_frame + 1)
        if self.frames == "all":
            return range(count)
        peaks = self._labels(clip)[:count]
        return np.flatnonzero(peaks if self.frames == "peaks" else ~peaks).tolist()

    def _window(self, clip: int, start: int) -> list[int]:
        if self.target == "all":
            return list(range(start, start + self.num_frame))
        if self.neighbors == "peaks":
            before, after = nearest_peaks(self._labels(clip))
            return [int(before[start]), start, int(after[start])]
        return frames_around(start, len(self.pairs[clip]), self.num_frame // 2)

    def _labels(self, clip: int) -> np.ndarray:
        if clip not in self._peaks:
            self._peaks[clip] = self.pairs[clip].peaks()
        return self._peaks[clip]

    def _count(self, pair: MfqePair) -> int:
        return min(len(pair), self.max_frames or len(pair))

    def _check(self, clip: int, pair: MfqePair) -> None:
        if self.gt_size and min(pair.raw.height, pair.raw.width) < self.gt_size:
            raise ValueError(
                f"{pair.raw.path} is too small for patches of {self.gt_size} pixels; lower gt_size"
            )
        if self.target == "all" and self._count(pair) < self.num_frame:
            raise ValueError(
                f"{pair.raw.path} is shorter than a window of {self.num_frame} frames; lower "
                "num_frame, or remove the clip"
            )
        if self.frames == "others" and not len(self._starts(clip)):
            raise ValueError(f"every frame of {pair.raw.path} is a peak; set frames to all")


def open_enhancement_set(
    dataroot: str | os.PathLike,
    split: str = "train_108",
    qp: int | Sequence[int] = 37,
    codec: str = HM,
    **settings,
) -> EnhancementSet:
    """Open a tree of the MFQE 2.0 layout for training.

    Args:
        dataroot: The tree.
        split: The folder below it.
        qp: The QP of the coded videos; several for a network that is to work at any of them.
        codec: ``HM16.5_LDP``, or ``x265_LDP`` for the stand-in of ``fca2 mfqe``.
        **settings: See ``EnhancementSet``.

    Raises:
        FileNotFoundError: A folder is not there.
        ValueError: A setting is wrong, or the videos are.

    Example:
        >>> from fca2_plugin.data import build_mfqe
        >>> folder = build_mfqe("in.mp4", "mfqe", qps=[37])
        >>> clips = open_enhancement_set("mfqe", "test", 37, "x265_LDP", num_frame=3, gt_size=16)
        >>> clips.sample(0).lq.shape
        (3, 16, 16)
    """
    qps = (qp,) if isinstance(qp, int) else qp
    if not qps:
        raise ValueError("qp is empty; give the QP of the coded videos, or several")
    pairs = [pair for one in qps for pair in find_mfqe(dataroot, split, one, codec)]
    return EnhancementSet(pairs, **settings)


#: The keys of both hosts' configs: where the videos are, and how they are used.
TREE_KEYS = frozenset(inspect.signature(open_enhancement_set).parameters) - {"settings"}
ENHANCEMENT_KEYS = TREE_KEYS | set(inspect.signature(EnhancementSet).parameters) - {"pairs"}
