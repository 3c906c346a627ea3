"""Build a compressed data set of clips in memory: ground truth, raw LQ, and LQ at each CRF.

    root/<split>/gt/<clip>/00000000.png     cut to a multiple of the scale
    root/<split>/lq/<clip>/                 Gaussian blur, pixels in the middle of their blocks
    root/<split>/lq_crf15/<clip>/           the same through a real encoder, one folder a CRF
    root/manifest.json                      settings, versions and checksums; written last

``encode_tree`` does the same with clips on disk, and more of it.
"""

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import cv2

from fca2_plugin.codec import CodecSettings, library_versions
from fca2_plugin.data.mix import CrfMix
from fca2_plugin.data.parts import Recipe, code, degrade
from fca2_plugin.data.source import ClipSource
from fca2_plugin.data.tree import Tree, check_clip_name

__all__ = ["build_clips"]


def build_clips(
    source: ClipSource,
    root: str | os.PathLike,
    *,
    scale: int = 4,
    crfs: Sequence[int] = (15, 25, 35),
    settings: CodecSettings | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Path:
    """Write a data set, or finish one that was interrupted, and return ``root``.

    Args:
        source: The clips: ``demo_clips``, ``video_clips``, or your own ``ClipSource``.
        root: A new or empty folder, or one that this function has written.
        scale: Downsampling factor.
        crfs: The CRFs to compress to.
        settings: Encoder settings without ``crf`` and ``qp``; x264, YUV 4:4:4 by default.
        progress: Called after each clip with (done, total, its name).

    Raises:
        TypeError: ``source`` is something else, such as a path; wrap it in ``video_clips``.
        ValueError: The folder contains something else, was built with other arguments or library
            versions, or a clip is bad.

    Example:
        >>> from fca2_plugin.data import demo_clips
        >>> root = build_clips(demo_clips(1, 1, 3, (64, 64)), "clips", crfs=[25])
        >>> sorted(path.name for path in (root / "test").iterdir())
        ['gt', 'lq', 'lq_crf25']
    """
    if not isinstance(source, ClipSource):
        raise TypeError(
            f"build_clips needs a ClipSource, got {source!r:.60}; give it the clips of a video as "
            "video_clips(path, 7), or clips of your own as ClipSource(recipe, make, count)"
        )
    settings = settings or CodecSettings()
    if settings.crf is not None or settings.qp is not None:
        raise ValueError(
            "build_clips takes the CRFs from crfs; leave settings.crf and settings.qp out"
        )
    crfs = CrfMix(tuple(crfs), raw_prob=1).crfs  # its checks
    recipe = Recipe(scale, codecs=tuple(replace(settings, crf=crf) for crf in crfs))
    arguments = {
        "scale": scale,
        "degradation": recipe.degradation,
        "crfs": crfs,
        "codec": {k: v for k, v in asdict(settings).items() if k not in ("crf", "qp")},
        "source": source.recipe,
    }
    tree = Tree(root, arguments)
    manifest = tree.finished_manifest()
    if manifest is not None and tree.has_all(manifest):
        return tree.root
    total = len(source)
    if not total:
        raise ValueError(f"the source has no clips, so {tree.root} was not written")
    clips: list[tuple[str, str]] = []
    with tree.writing(library_versions(settings.codec) | {"opencv": cv2.__version__}):
        for split, name, frames in source:
            check_clip_name(split, name, clips)
            coded = (code(tree, recipe, (split, name), kind) for kind in recipe.kinds)
            for part in itertools.chain(degrade(tree, recipe, (split, name), frames), coded):
                tree.note(part)
            clips.append((split, name))
            if progress is not None:
                progress(len(clips), total, f"{split}/{name}")
        tree.finish(clips, ("gt", "lq", *recipe.kinds), dict.fromkeys(recipe.kinds, settings.fps))
    return tree.root
