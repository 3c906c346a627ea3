"""From a clip to a training or test sample, the same for both hosts.

    window of GT -> reverse, flip, transpose -> blur, every s-th pixel -> codec -> crop
    window of GT and of one LQ folder -> reverse, transpose -> crop

All random choices of a sample are drawn together from the seed, the clip's name and the round (the
number of earlier passes over all clips), so they do not depend on workers, ranks or a resumed run.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fca2_plugin._suggest import check_choice
from fca2_plugin.codec import CodecSettings, encode_decode
from fca2_plugin.data.degrade import (
    DEFAULT_DEGRADATION,
    check_downsampler,
    crop_to_multiple,
    downsample,
    phase,
)
from fca2_plugin.data.mix import CrfMix, FolderMix
from fca2_plugin.geometry import CENTRED

__all__ = [
    "TASKS",
    "SamplePlan",
    "SampleRecipe",
    "TakesRounds",
    "draw_plan",
    "make_sample",
    "sample_rng",
    "turn",
]

TASKS = ("vsr", "cleaning", "autoencoder")
Frames = list[np.ndarray]


@dataclass(frozen=True)
class SampleRecipe:
    """How samples are made.

    Args:
        task: ``vsr`` (LQ to GT), ``cleaning`` (coded LQ to raw LQ, scale 1) or ``autoencoder``
            (GT to GT, scale 1).
        scale: GT pixels per LQ pixel.
        num_frame: Frames of a window; ``None`` takes whole clips.
        interval_list: Steps between the frames of a window, one drawn a sample.
        random_reverse: Play half of the windows backwards.
        use_hflip: Mirror half of the windows left to right.
        use_vflip: Mirror half of the windows top to bottom.
        use_rot: Exchange rows and columns of half of the windows; with both mirrors, all turns.
        gt_size: Side of the square to cut out, in pixels of the target; ``None`` keeps all.
        degradation: How LQ is or was made from GT.
        lq_on_disk: LQ is read, not made.
        mix: How often and how strongly windows are coded.
        codec: The encoder's settings without ``crf`` and ``qp``.
        flip_sequence: Append each sample's mirror image in time.

    Raises:
        ValueError: A value is unknown or out of range, or a mirror would shift LQ frames.

    Example:
        >>> SampleRecipe(num_frame=7, gt_size=256, use_hflip=True).scale
        4
    """

    task: str = "vsr"
    scale: int = 4
    num_frame: int | None = None
    interval_list: tuple[int, ...] = (1,)
    random_reverse: bool = False
    use_hflip: bool = False
    use_vflip: bool = False
    use_rot: bool = False
    gt_size: int | None = None
    degradation: str = DEFAULT_DEGRADATION
    lq_on_disk: bool = False
    mix: CrfMix | FolderMix = CrfMix((), raw_prob=1)
    codec: CodecSettings = field(default_factory=CodecSettings)
    flip_sequence: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "interval_list", tuple(self.interval_list))  # configs bring lists
        check_choice("task", self.task, TASKS)
        for name in ("scale", "num_frame", "gt_size"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")
        if not self.interval_list or min(self.interval_list) < 1:
            raise ValueError(
                f"interval_list must contain numbers of at least 1, got {list(self.interval_list)}"
            )
        if self.gt_size is not None and self.gt_size % self.target_scale:
            raise ValueError(
                f"gt_size {self.gt_size} cannot be divided by scale {self.scale}; use "
                f"{self.gt_size - self.gt_size % self.scale or self.scale}"
            )
        if self.task != "autoencoder":
            check_downsampler(self.degradation, self.scale)
        if self.task == "autoencoder" and (self.lq_on_disk or self.mix.crfs):
            what = "dataroot_lq" if self.lq_on_disk else "crfs"
            raise ValueError(f"the task autoencoder uses ground truth only; leave {what} out")
        flips = [name for name in ("use_hflip", "use_vflip") if getattr(self, name)]
        if flips and self.lq_on_disk and self.task == "vsr" and phase(self.degradation) != CENTRED:
            raise ValueError(
                f"{flips[0]} would shift LQ frames on disk: {self.degradation} keeps the first of "
                f"{self.scale} pixels, and a mirror makes it the last; use use_rot only, or make "
                "LQ from GT while reading"
            )

    @property
    def target_scale(self) -> int:
        """Pixels of the target per pixel of the input."""
        return self.scale if self.task == "vsr" else 1

    @property
    def is_fixed(self) -> bool:
        """Whether all samples of a clip are the same."""
        random = self.random_reverse or self.use_hflip or self.use_vflip or self.use_rot
        whole = self.num_frame is None and self.gt_size is None and self.interval_list == (1,)
        return whole and not random and self.mix.draws_one_value


@dataclass(frozen=True)
class SamplePlan:
    """The random choices for a sample.

    Args:
        indices: The frames of the window, in playing order.
        hflip: Mirror left to right.
        vflip: Mirror top to bottom.
        transpose: Exchange rows and columns, after the mirrors.
        crf: How strongly it is coded, ``None`` for raw; or its folder, of a ``FolderMix``.
        corner: Where to cut, as shares of the free rows and columns.
    """

    indices: tuple[int, ...]
    hflip: bool
    vflip: bool
    transpose: bool
    crf: int | str | None
    corner: tuple[float, float]


def sample_rng(seed: int, name: str, visit: int | None) -> np.random.Generator:
    """Return the generator of one sample, the same in every process.

    Where the round ``visit`` is not known, NumPy's own state stands in, which the hosts seed in
    each worker.
    """
    visit = np.random.randint(2**31) if visit is None else visit
    return np.random.default_rng([seed, zlib.crc32(name.encode()), visit])


class TakesRounds:
    """A host's data set that draws from the round, which the samplers of both adapters give.

    They give clip ``i`` of ``n`` in round ``r`` as ``i + n * r``, and set ``rounds_given``.
    """

    takes_rounds = True
    rounds_given = False

    def clip_and_round(self: Any, index: int) -> tuple[int, int | None]:
        """Take apart what a sampler gave.

        The hosts' own samplers give no rounds: taken for round 0, they would give the same sample
        of a clip for ever.
        """
        visit, clip = divmod(index, len(self))
        return clip, visit if self.rounds_given or visit else None


def draw_plan(recipe: SampleRecipe, num_frames: int, rng: np.random.Generator) -> SamplePlan:
    """Draw a sample of a clip of ``num_frames``.

    The number of draws is always the same, so disabling one choice does not change the others.

    Raises:
        ValueError: The clip is shorter than the window.
    """
    pick, start, backwards, hflip, vflip, transpose, row, column = rng.random(8).tolist()
    interval = recipe.interval_list[int(pick * len(recipe.interval_list))]
    window = num_frames if recipe.num_frame is None else recipe.num_frame
    free = num_frames - ((window - 1) * interval + 1)
    if free < 0:
        raise ValueError(
            f"a clip of {num_frames} frames is shorter than a window of {window} frames at "
            f"interval {interval}; lower num_frame or remove the clip"
        )
    first = int(start * (free + 1))
    indices = range(first, first + window * interval, interval)
    return SamplePlan(
        indices=tuple(reversed(indices) if recipe.random_reverse and backwards < 0.5 else indices),
        hflip=recipe.use_hflip and hflip < 0.5,
        vflip=recipe.use_vflip and vflip < 0.5,
        transpose=recipe.use_rot and transpose < 0.5,
        crf=recipe.mix.draw(rng),
        corner=(row, column),
    )


def make_sample(
    recipe: SampleRecipe,
    plan: SamplePlan,
    target: Sequence[np.ndarray],
    source: Sequence[np.ndarray] | None = None,
) -> tuple[Frames, Frames]:
    """Return (source, target) of a sample.

    Args:
        recipe: How it is made.
        plan: What was drawn for it.
        target: The window of GT, or of raw LQ for ``cleaning`` with LQ on disk.
        source: The window of LQ where ``recipe.lq_on_disk``.

    Raises:
        ValueError: The frames are too small to cut ``recipe.gt_size`` out of them.
    """
    target = [crop_to_multiple(frame, recipe.target_scale) for frame in target]
    turns = plan.hflip, plan.vflip, plan.transpose
    target = [turn(frame, *turns) for frame in target]
    if source is not None:
        source = [turn(frame, *turns) for frame in source]
    elif recipe.task == "autoencoder":
        source = target
    else:
        assert not isinstance(plan.crf, str)  # a folder is drawn where LQ lies on disk
        source, raw, target = _make_lq(recipe, target, plan.crf)
        target = raw if recipe.task == "cleaning" else target
    if recipe.gt_size is not None:
        source, target = _crop(recipe.gt_size, recipe.target_scale, plan.corner, source, target)
    if recipe.flip_sequence:
        source, target = [*source, *source[::-1]], [*target, *target[::-1]]
    return list(source), list(target)


def _make_lq(
    recipe: SampleRecipe, gt: Sequence[np.ndarray], crf: int | None
) -> tuple[Frames, Frames, Frames]:
    """Return coded LQ, raw LQ, and GT cut to a multiple of the scale."""
    gt = [crop_to_multiple(frame, recipe.scale) for frame in gt]
    raw = [downsample(frame, recipe.scale, recipe.degradation) for frame in gt]
    coded = raw if crf is None else encode_decode(raw, replace(recipe.codec, crf=crf))
    return coded, raw, gt


def turn(frame: np.ndarray, hflip: bool, vflip: bool, transpose: bool) -> np.ndarray:
    """Mirror an array's first two axes, rows and columns, and then exchange them."""
    frame = frame[:: -1 if vflip else 1, :: -1 if hflip else 1]
    return np.ascontiguousarray(frame.swapaxes(0, 1) if transpose else frame)


def _crop(
    gt_size: int, scale: int, corner: tuple[float, float], source: Frames, target: Frames
) -> tuple[Frames, Frames]:
    """Cut the same square out of all frames."""
    side = gt_size // scale
    height, width = source[0].shape[:2]
    if min(height, width) < side:
        raise ValueError(
            f"frames of {width * scale}x{height * scale} are too small for patches of "
            f"{gt_size} pixels; lower gt_size"
        )
    top, left = (int(u * (n - side + 1)) for u, n in zip(corner, (height, width), strict=True))

    def cut(frames: Frames, s: int) -> Frames:
        rows, columns = slice(top * s, (top + side) * s), slice(left * s, (left + side) * s)
        return [np.ascontiguousarray(frame[rows, columns]) for frame in frames]

    return cut(source, 1), cut(target, scale)
