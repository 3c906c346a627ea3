"""Build a compressed data set of clips in memory: ground truth, raw LQ, and LQ at each CRF.

    root/<split>/gt/<clip>/00000000.png     cut to a multiple of the scale
    root/<split>/lq/<clip>/                 Gaussian blur, pixels in the middle of their blocks
    root/<split>/lq_crf15/<clip>/           the same through a real encoder, one folder a CRF
    root/manifest.json                      settings, versions and checksums; written last

``encode_tree`` does the same with clips on disk, and more of it.
"""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np

from fca2_plugin.codec import CodecSettings, library_versions
from fca2_plugin.data.clips import find_clip, find_clips
from fca2_plugin.data.degrade import crop_to_multiple
from fca2_plugin.data.mix import CrfMix
from fca2_plugin.data.parts import Recipe, stream_clip, write_coded, write_gt, write_lq
from fca2_plugin.data.source import SourceClip
from fca2_plugin.data.tree import Tree, check_clip_name

__all__ = ["build_clips"]

Progress = Callable[[int, int | None, str], None]


def build_clips(
    source: Iterable[SourceClip],
    root: str | os.PathLike,
    *,
    scale: int = 4,
    crfs: Sequence[int] = (15, 25, 35),
    settings: CodecSettings | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a data set, or finish one that was interrupted, and return ``root``.

    With a ``ClipSource`` (``demo_clips``, ``video_clips``) a second call returns at once; with any
    other iterable the clips on disk are compared with it.

    Args:
        source: Gives (split, clip name, frames).
        root: A new or empty folder, or one that this function has written.
        scale: Downsampling factor.
        crfs: The CRFs to compress to.
        settings: Encoder settings without ``crf`` and ``qp``; x264, YUV 4:4:4 by default.
        progress: Called after each clip with (done, total or ``None``, text).

    Raises:
        TypeError: ``source`` is a path; wrap it in ``video_clips``.
        ValueError: The folder contains something else, was built with other arguments or library
            versions, or a clip is bad.

    Example:
        >>> from fca2_plugin.data import demo_clips
        >>> root = build_clips(demo_clips(1, 1, 3, (64, 64)), "clips", crfs=[25])
        >>> sorted(path.name for path in (root / "test").iterdir())
        ['gt', 'lq', 'lq_crf25']
    """
    settings = settings or CodecSettings()
    if isinstance(source, str | os.PathLike):
        raise TypeError(f"build_clips needs clips, not a path; give it video_clips({source!r}, 7)")
    if settings.crf is not None or settings.qp is not None:
        raise ValueError(
            "build_clips takes the CRFs from crfs; leave settings.crf and settings.qp out"
        )
    crfs = CrfMix(tuple(crfs), raw_prob=1).crfs  # its checks
    recipe = Recipe(scale, codecs=tuple(replace(settings, crf=crf) for crf in crfs))
    known = getattr(source, "recipe", None)
    arguments = {
        "scale": scale,
        "degradation": recipe.degradation,
        "crfs": crfs,
        "codec": {k: v for k, v in asdict(settings).items() if k not in ("crf", "qp")},
        "source": known,
    }
    tree = Tree(root, arguments)
    if known is not None and tree.is_finished():
        return tree.root
    clips = iter(source)
    first = next(clips, None)
    if first is None:
        raise ValueError(f"the source has no clips, so {tree.root} was not written")
    tree.begin(library_versions(settings.codec) | {"opencv": cv2.__version__})

    total = len(source) if isinstance(source, Sized) else None
    written: list[tuple[str, str]] = []
    for done, (split, name, frames) in enumerate(itertools.chain([first], clips), start=1):
        check_clip_name(split, name, written)
        _build_clip(tree, split, name, frames, recipe)
        written.append((split, name))
        if progress is not None:
            progress(done, total, f"{split}/{name}")
    _check_no_strangers(tree, written)
    tree.finish(written, ("gt", "lq", *recipe.kinds), dict.fromkeys(recipe.kinds, settings.fps))
    return tree.root


def _build_clip(
    tree: Tree, split: str, name: str, frames: Iterable[np.ndarray], recipe: Recipe
) -> None:
    """Write whichever folders of one clip are missing."""
    gt, lq = (tree.folder(split, name, kind) for kind in ("gt", "lq"))
    for kind in ("gt", "lq", *recipe.kinds):
        key = (split, name, kind)
        if key in tree.parts:
            if kind == "gt":
                _check_kept(gt, frames, recipe.scale)
            tree.check_whole(tree.parts[key])
            continue
        folder = tree.make_room(*key)
        if kind == "gt":
            part = write_gt(folder, key, frames, recipe)
        elif kind == "lq":
            part = write_lq(folder, key, stream_clip(find_clip(gt.parent, gt.name)), recipe)
        else:
            part = write_coded(folder, key, lq, recipe)
        tree.note(part)


def _check_kept(folder: Path, frames: Iterable[np.ndarray], scale: int) -> None:
    """Refuse a finished folder that holds other frames than the source gives."""
    kept: Iterator[np.ndarray] = stream_clip(find_clip(folder.parent, folder.name))
    cut = (crop_to_multiple(frame, scale) for frame in frames)
    pairs = itertools.zip_longest(kept, cut, fillvalue=np.empty(0))
    if not all(itertools.starmap(np.array_equal, pairs)):
        raise ValueError(
            f"{folder} contains other frames than the source; remove that data set or choose "
            "another folder"
        )


def _check_no_strangers(tree: Tree, written: Sequence[tuple[str, str]]) -> None:
    for split in {split for split, _ in written}:
        for clip in find_clips(tree.root / split / "gt"):
            if (split, clip.name) not in written:
                raise ValueError(
                    f"{tree.root} also contains the clip {split}/{clip.name}, which the source "
                    "does not have; remove that data set or choose another folder"
                )
