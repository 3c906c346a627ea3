"""A data set of clips, which the data sets of both hosts use."""

import inspect
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fca2_plugin.codec import CodecSettings
from fca2_plugin.data.degrade import DEFAULT_DEGRADATION, phase
from fca2_plugin.data.lists import read_clip_list, select_clips
from fca2_plugin.data.manifest import MANIFEST, read_manifest
from fca2_plugin.data.mix import CrfMix, FolderMix
from fca2_plugin.data.numbering import check_same_frames
from fca2_plugin.data.sample import SampleRecipe, draw_plan, make_sample, sample_rng
from fca2_plugin.data.store import ClipStore, open_clips
from fca2_plugin.data.windows import warn_of_waste

__all__ = ["CLIP_KEYS", "ClipSample", "ClipSet", "manifest_degradation", "open_clip_set"]

MOST_HEADERS = 50_000  # a few seconds; above, only the first frame of a clip is looked at


@dataclass(frozen=True)
class ClipSample:
    """A sample, as ``uint8`` RGB frames.

    Args:
        name: Its clip.
        lq: The input.
        gt: The target.
        crf: How strongly the input is coded, ``None`` for raw; or the folder of the input.
        indices: Its frames in the clip.

    Example:
        >>> frame = np.zeros((8, 8, 3), np.uint8)
        >>> ClipSample("one", lq=[frame], gt=[frame], crf=25, indices=(0,)).crf
        25
    """

    name: str
    lq: list[np.ndarray]
    gt: list[np.ndarray]
    crf: int | str | None
    indices: tuple[int, ...]


class ClipSet:
    """Clips and the recipe of their samples. Everything is checked when it is made.

    Args:
        recipe: How samples are made.
        target: Clips of GT; of raw LQ for ``cleaning`` with LQ on disk.
        sources: Clips of LQ for each value that the mix can draw (``None`` for raw), where
            ``recipe.lq_on_disk``.
        seed: Seed of all draws.
        cache: Keep what was read, or finished samples where they are always the same.
        distinct: Number of samples of each clip, which then repeat; None always draws new ones.

    Raises:
        ValueError: A clip is shorter than the window or smaller than the crop, its frames differ
            in size, or the clips of two stores do not belong together.

    Example:
        >>> from fca2_plugin.data import SampleRecipe, open_clips, write_frames
        >>> write_frames("gt/one", [np.zeros((64, 64, 3), np.uint8)] * 7)
        7
        >>> clips = ClipSet(SampleRecipe(num_frame=7, gt_size=32), open_clips("gt"))
        >>> clips.sample(0).gt[0].shape
        (32, 32, 3)
    """

    def __init__(
        self,
        recipe: SampleRecipe,
        target: ClipStore,
        sources: Mapping[int | str | None, ClipStore] | None = None,
        seed: int = 0,
        cache: bool = False,
        distinct: int | None = None,
    ) -> None:
        if distinct is not None and distinct < 1:
            raise ValueError(
                f"distinct_samples={distinct} leaves no sample to train on; expected 1 or more, or "
                "None for new samples in every round"
            )
        self.distinct = distinct
        self.recipe, self.target, self.sources = recipe, target, dict(sources or {})
        self.names = target.names
        self.seed = seed
        self._cache: dict[object, Any] | None = {} if cache else None
        self._check()

    def __len__(self) -> int:
        return len(self.names)

    def num_frames(self, name: str) -> int:
        """Return the frames of a clip."""
        return self.target.num_frames(name)

    def sample(self, index: int, visit: int | None = 0) -> ClipSample:
        """Return the sample of clip ``index`` in round ``visit``; see ``sample_rng``."""
        if self.distinct is not None and visit is not None:
            visit %= self.distinct
        if self._cache is None or not self.recipe.is_fixed:
            return self._make(self.names[index], visit)
        if index not in self._cache:
            self._cache[index] = self._make(self.names[index], visit)
        return self._cache[index]

    def _make(self, name: str, visit: int | None) -> ClipSample:
        rng = sample_rng(self.seed, name, visit)
        plan = draw_plan(self.recipe, self.num_frames(name), rng)
        target = self._read(self.target, name, plan.indices)
        source = self._read(self.sources[plan.crf], name, plan.indices) if self.sources else None
        lq, gt = make_sample(self.recipe, plan, target, source)
        return ClipSample(name, lq, gt, plan.crf, plan.indices)

    def _read(self, store: ClipStore, name: str, indices: Sequence[int]) -> list[np.ndarray]:
        if self._cache is None or self.recipe.is_fixed:
            return store.read(name, indices)
        key = (id(store), name)
        if key not in self._cache:
            self._cache[key] = store.read(name)
        return [self._cache[key][index] for index in indices]

    def _check(self) -> None:
        stores = [self.target, *self.sources.values()]
        every = sum(map(self.num_frames, self.names)) <= MOST_HEADERS
        for name in self.names:
            self._check_window(name)
            sizes = [store.size(name, every) for store in stores]
            self._check_crop(name, sizes[0])
            for store, size in zip(stores[1:], sizes[1:], strict=True):
                self._check_frames(name, store)
                expected = tuple(side // self.recipe.target_scale for side in sizes[0])
                if size != expected:
                    raise ValueError(
                        f"clip {name} is {sizes[0][1]}x{sizes[0][0]} in {self.target.root} and "
                        f"{size[1]}x{size[0]} in {store.root}; scale {self.recipe.target_scale} "
                        f"expects {expected[1]}x{expected[0]}"
                    )

    def _check_frames(self, name: str, store: ClipStore) -> None:
        """Frames are paired by their numbers, which counts and first numbers give."""
        kinds = {(one.num_frames(name), one.numbering(name)) for one in (self.target, store)}
        if len(kinds) == 1 and next(iter(kinds))[1] is not None:
            return
        names, others = (one.frame_names(name) for one in (self.target, store))
        check_same_frames(name, names, others, self.target.root, store.root)

    def _check_window(self, name: str) -> None:
        if self.recipe.num_frame is None:
            return
        interval = max(self.recipe.interval_list)
        needed = (self.recipe.num_frame - 1) * interval + 1
        if self.num_frames(name) < needed:
            raise ValueError(
                f"clip {name} of {self.target.root} has {self.num_frames(name)} frames, but a "
                f"window of {self.recipe.num_frame} at interval {interval} needs {needed}; lower "
                "num_frame or remove the clip"
            )

    def _check_crop(self, name: str, size: tuple[int, int]) -> None:
        recipe = self.recipe
        made = 1 if recipe.lq_on_disk or recipe.task != "cleaning" else recipe.scale
        largest = min(side // made for side in size)
        if recipe.gt_size is not None and largest < recipe.gt_size:
            raise ValueError(
                f"clip {name} of {self.target.root} is {size[1]}x{size[0]}, too small for patches "
                f"of {recipe.gt_size} pixels; lower gt_size to at most {largest}"
            )


def open_clip_set(
    *,
    dataroot_gt: str | os.PathLike | None = None,
    dataroot_lq: str | os.PathLike | Sequence[str | os.PathLike] | None = None,
    lq_folder: str = "lq_crf{}",
    meta_info_file: str | os.PathLike | None = None,
    partition: str | None = None,
    test: bool = False,
    backend: str | None = None,
    degradation: str | None = None,
    crfs: Sequence[int] = (),
    raw_prob: float | None = None,
    codec: str = "libx264",
    pix_fmt: str = "yuv444p",
    n_subs: int = 9,
    n_ovls: int = 3,
    chunk_frames: int | None = 7,
    cache_data: bool = False,
    seed: int = 0,
    distinct_samples: int | None = None,
    **sample: Any,
) -> ClipSet:
    """Open a data set by the keys that the configs of both hosts use.

    Args:
        dataroot_gt: Clips of ground truth: folders of images or an ``.lmdb``.
        dataroot_lq: Clips of raw LQ, or of the only LQ; or a list of folders with the same clips,
            degraded and coded in different ways, of which each sample draws one. Without it, LQ
            is made from GT while reading.
        lq_folder: Folder of the LQ of a CRF, beside ``dataroot_lq``.
        meta_info_file: A list of the clips to use; all by default.
        partition: A key of ``PARTITIONS``; training and testing each use their part of it.
        test: Whether these are the clips for testing.
        backend: ``disk`` or ``lmdb``; by default found from the roots.
        degradation: How LQ is made from GT, or was made; by default what the manifest of LQ on
            disk says, or ``gaussian``.
        crfs: The rates to draw from.
        raw_prob: How often a sample stays raw; half the time by default, always without ``crfs``.
        codec: Encoder for LQ that is made while reading.
        pix_fmt: Its pixel format.
        n_subs: Channels in a group of the model.
        n_ovls: Channels shared by neighbouring groups.
        chunk_frames: Frames that the model encodes together. A training window that wastes
            frames warns.
        cache_data: Keep what was read in memory.
        seed: Seed of all draws.
        distinct_samples: Repeat so many samples of each clip, for what is computed once a sample
            (``vsr_cache``); by default every round draws new ones.
        **sample: ``task``, ``scale``, ``num_frame``, ``gt_size`` and other settings of
            ``SampleRecipe``.

    Raises:
        FileNotFoundError: A folder, list or clip does not exist.
        ValueError: A setting is wrong, or the clips are; see ``SampleRecipe`` and ``ClipSet``.

    Example:
        >>> from fca2_plugin.data import write_frames
        >>> write_frames("gt/one", [np.zeros((64, 64, 3), np.uint8)] * 7)
        7
        >>> clips = open_clip_set(dataroot_gt="gt", num_frame=7, gt_size=32, crfs=[25])
        >>> sample = clips.sample(0)
        >>> len(sample.lq), sample.lq[0].shape, sample.gt[0].shape
        (7, (8, 8, 3), (32, 32, 3))
    """
    folders = None
    if dataroot_lq is not None and not isinstance(dataroot_lq, str | os.PathLike):
        folders = _check_folders(dataroot_lq, crfs, raw_prob)
        dataroot_lq = folders[0]
    recipe = SampleRecipe(
        **sample,
        degradation=_degradation(degradation, dataroot_lq),
        lq_on_disk=dataroot_lq is not None,
        mix=FolderMix(folders)
        if folders
        else CrfMix(tuple(crfs), (0.5 if crfs else 1) if raw_prob is None else raw_prob),
        codec=CodecSettings(codec=codec, pix_fmt=pix_fmt),
    )
    if recipe.num_frame is not None and not test:
        window = recipe.num_frame * (2 if recipe.flip_sequence else 1)
        warn_of_waste(window, n_subs, n_ovls, chunk_frames)
    key = "dataroot_lq" if recipe.task == "cleaning" and recipe.lq_on_disk else "dataroot_gt"
    root = dataroot_lq if key == "dataroot_lq" else dataroot_gt
    if root is None:
        raise ValueError(f"task {recipe.task} needs {key}: the folder or .lmdb of its clips")
    names = None if meta_info_file is None else read_clip_list(meta_info_file)
    if partition is not None:
        names = select_clips(names or open_clips(root, backend).names, partition, test)
    target = open_clips(root, backend, names)
    sources: dict[int | str | None, ClipStore] = {}
    if dataroot_lq is not None:
        found: Mapping[Any, str | Path] = (
            {folder: folder for folder in recipe.mix.folders}
            if isinstance(recipe.mix, FolderMix)
            else _lq_folders(Path(dataroot_lq), lq_folder, recipe.mix)
        )
        sources = {
            drawn: open_clips(folder, backend, target.names) for drawn, folder in found.items()
        }
        if names is None:
            _check_no_strangers(target, open_clips(dataroot_lq, backend))
    return ClipSet(recipe, target, sources, seed, cache_data, distinct_samples)


#: The keys of both hosts' configs.
CLIP_KEYS = frozenset(
    inspect.signature(SampleRecipe).parameters.keys() | inspect.signature(open_clip_set).parameters
) - {"lq_on_disk", "mix", "sample", "test"}


def _check_folders(
    roots: Sequence[str | os.PathLike], crfs: Sequence[int], raw_prob: float | None
) -> tuple[str, ...]:
    """Folders of LQ that a sample may be drawn from; their LQ pixels must lie alike."""
    folders = tuple(map(str, roots))
    if not folders:
        raise ValueError(
            "dataroot_lq is an empty list; give the folders of LQ clips, or leave it out"
        )
    if crfs or raw_prob is not None:
        raise ValueError(
            "dataroot_lq is a list of folders to draw from, so crfs and raw_prob have no effect; "
            "leave them out, or give dataroot_lq as one folder"
        )
    made = {folder: manifest_degradation(folder) or DEFAULT_DEGRADATION for folder in folders}
    if len({phase(kind) for kind in made.values()}) > 1:
        raise ValueError(
            f"the folders of dataroot_lq differ in the position of their LQ pixels: {made}; a "
            "network can learn only one phase: choose degradations that share it"
        )
    return folders


def _degradation(wanted: str | None, root: str | os.PathLike | None) -> str:
    """Return how LQ is made, or was made by the manifest of its tree."""
    said = None if root is None else manifest_degradation(root)
    if wanted and said and wanted != said:
        raise ValueError(
            f"degradation is {wanted!r}, but {root} was made with {said!r}, as its {MANIFEST} "
            "says; leave degradation out, or make the LQ clips again"
        )
    return wanted or said or DEFAULT_DEGRADATION


def manifest_degradation(root: str | os.PathLike) -> str | None:
    """Return how LQ on disk was made, by the manifest of its tree; None where there is none."""
    root = Path(root).absolute()
    for folder in (root, *root.parents[:2]):  # itself, or of lq, or of train/lq
        manifest = read_manifest(folder / MANIFEST)
        if manifest is not None:
            arguments = manifest["arguments"]
            return arguments.get("degradation", arguments.get("downsampling"))
    return None


def _lq_folders(raw: Path, template: str, mix: CrfMix) -> dict[int | None, Path]:
    """Return where the LQ of each possible draw lies."""
    folders: dict[int | None, Path] = {None: raw} if mix.raw_prob > 0 else {}
    if mix.raw_prob < 1:
        suffix = raw.suffix if raw.suffix == ".lmdb" else ""
        for crf in mix.crfs:
            folders[crf] = raw.with_name(template.format(crf).removesuffix(suffix) + suffix)
    return folders


def _check_no_strangers(target: ClipStore, source: ClipStore) -> None:
    known = set(target.names)
    for name in source.names:
        if name not in known:
            raise ValueError(
                f"{source.root} has the clip {name}, but {target.root} does not; add it there, or "
                "list the clips to use in meta_info_file"
            )
