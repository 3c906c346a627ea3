"""Make compressed data sets of clips on disk, for ``fca2 encode``.

    DST/gt/<clip>/00000000.png      ground truth, cut to a multiple of the scale
    DST/lq/<clip>/                  degraded, not coded
    DST/lq_crf25/<clip>/            x264 at CRF 25; lq_x264-qp37, lq_x265-qp37, lq_vp9, lq_av1
    DST/bitstreams/lq_crf25/        the coded clips themselves, if they are to be kept
    DST/manifest.json

With a split everything lies below ``DST/<split>``; as LMDB, ``gt.lmdb`` takes the place of ``gt``.
The bytes depend on the frames, the arguments and the versions in the manifest: not on the number
of jobs, nor on how often the run was killed.
"""

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from fca2_plugin import __version__
from fca2_plugin._suggest import check_choice
from fca2_plugin.codec import CodecSettings, library_versions
from fca2_plugin.data.clips import find_clip, stream_clip
from fca2_plugin.data.degrade import DEFAULT_DEGRADATION
from fca2_plugin.data.inputs import find_inputs
from fca2_plugin.data.jobs import workers
from fca2_plugin.data.media import Media, media_files, media_frames
from fca2_plugin.data.parts import Recipe, code, degrade
from fca2_plugin.data.store import write_lmdb
from fca2_plugin.data.tree import Part, Tree

__all__ = ["FORMATS", "PUBLISHED", "EncodedTree", "encode_tree"]

FORMATS = ("png", "lmdb")
FRAMES = ".frames"  # where the PNG lie until they are packed
PUBLISHED = tuple(CodecSettings(crf=crf) for crf in (15, 25, 35))  # Sec. IV-A

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class EncodedTree:
    """The result of ``encode_tree``.

    Args:
        root: The folder of the manifest.
        inputs: The kind of source, in words.
        manifest: The manifest.
        num_written: Folders of frames that this call wrote; 0 if everything was there.

    Example:
        >>> tree = encode_tree("in.mp4", "data", codecs=(), jobs=1)
        >>> tree.num_written
        2
    """

    root: Path
    inputs: str
    manifest: dict
    num_written: int


@dataclass(frozen=True)
class _Job:
    """What a worker needs to know; the same for all clips."""

    tree: Tree
    recipe: Recipe
    keep_gt: bool
    clip_frames: int | None
    keep_bitstreams: bool


def encode_tree(
    source: str | os.PathLike | Sequence[str | os.PathLike],
    destination: str | os.PathLike,
    *,
    degradation: str = DEFAULT_DEGRADATION,
    scale: int = 4,
    codecs: Sequence[CodecSettings] = PUBLISHED,
    split: str | None = None,
    clips: Sequence[str] | None = None,
    clip_frames: int | None = None,
    keep_gt: bool = True,
    format: str = "png",
    keep_bitstreams: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> EncodedTree:
    """Degrade and compress clips, or finish an interrupted run; a complete data set is left alone.

    With more than one job, a script must call it below ``if __name__ == "__main__":``.

    Args:
        source: A data set, a folder of frames or videos, or videos; see ``find_inputs``.
        destination: A new or empty folder, or one that was begun with the same arguments.
        degradation: A key of ``DOWNSAMPLERS``.
        scale: How many times smaller the LQ is.
        codecs: One folder each; none for raw LQ alone.
        split: ``train`` or ``test``: which clips of a data set, and the folder below
            ``destination``.
        clips: Only the clips of these names.
        clip_frames: Cut each clip into clips of this many frames; a rest is left out.
        keep_gt: Also write ground truth.
        format: ``png`` or ``lmdb``.
        keep_bitstreams: Also store the coded clips.
        jobs: Processes; by default as many as there are cores.
        progress: Called after each folder of frames with (done, total so far, its name).

    Raises:
        FileNotFoundError: ``source`` is not there.
        ValueError: An argument or a clip is bad, or ``destination`` holds something else. What was
            finished stays.

    Example:
        >>> codecs = [CodecSettings(crf=25)]
        >>> tree = encode_tree("in.mp4", "data", codecs=codecs, jobs=1)
        >>> sorted(path.name for path in tree.root.iterdir() if path.is_dir())
        ['gt', 'lq', 'lq_crf25']
    """
    check_choice("format", format, FORMATS)
    if clip_frames is not None and clip_frames < 1:
        raise ValueError(f"clip_frames must be at least 1, got {clip_frames}")
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs must be at least 1, got {jobs}")
    sources = [source] if isinstance(source, str | os.PathLike) else list(source)
    _check_apart(sources, Path(destination))
    inputs = find_inputs(sources, split, clips)
    recipe = Recipe(scale, degradation, tuple(codecs), inputs.frame_name)
    arguments = {
        "source": inputs.fingerprint(),
        "degradation": degradation,
        "scale": scale,
        "codecs": {kind: asdict(settings) for kind, settings in recipe.kinds.items()},
        "clip_frames": clip_frames,
        "gt": keep_gt,
        "format": format,
        "bitstreams": keep_bitstreams,
    }
    root = Path(destination) / (split or "")
    tree = Tree(root, arguments, FRAMES if format == "lmdb" else "")
    kinds = [*(["gt"] if keep_gt else []), "lq", *recipe.kinds]
    manifest = tree.finished_manifest()
    if manifest is not None and _is_whole(tree, manifest, kinds, format):
        tree.tidy()
        return EncodedTree(root, inputs.kind, manifest, 0)
    versions = {"fca2_plugin": __version__, "opencv": cv2.__version__, "numpy": np.__version__}
    for settings in codecs:
        versions |= library_versions(settings.codec)
    job = _Job(tree, recipe, keep_gt, clip_frames, keep_bitstreams)
    with tree.writing(versions):
        before = len(tree.parts)
        names = _run(job, inputs.clips, jobs or os.cpu_count() or 1, progress)
        written = len(tree.parts) - before
        if format == "lmdb":
            _pack(tree, kinds, names, recipe)
        fps = {kind: settings.fps for kind, settings in recipe.kinds.items()}
        manifest = tree.finish([("", name) for name in names], kinds, fps)
    return EncodedTree(root, inputs.kind, manifest, written)


def _check_apart(sources: Sequence[str | os.PathLike], destination: Path) -> None:
    """Refuse to write into a source, which would then hold clips that nobody put there."""
    for source in map(Path, sources):
        if source.is_dir() and destination.resolve().is_relative_to(source.resolve()):
            raise ValueError(f"{destination} lies in {source}; choose a folder outside of it")


def _is_whole(tree: Tree, manifest: dict, kinds: Sequence[str], format: str) -> bool:
    if format == "png":
        return tree.has_all(manifest)
    return all((tree.root / f"{kind}.lmdb").is_dir() for kind in kinds)


def _run(job: _Job, clips: Sequence[Media], jobs: int, progress: Progress | None) -> list[str]:
    """Write everything that is missing, and return the names of the clips in order."""
    tree, num_coded = job.tree, len(job.recipe.kinds)
    found: dict[str, list[str]] = {}  # source clip -> the clips that it gave
    done, total = 0, (1 + num_coded) * len(clips)

    def note(parts: Sequence[Part]) -> None:
        nonlocal done
        for part in parts:
            tree.note(part)
        done += 1
        if progress is not None:
            progress(done, total, f"{parts[-1].kind}/{parts[0].name}")

    with workers(min(jobs, len(clips) * max(1, num_coded)), job) as run:
        for name, parts in run(_degrade, ((clip,) for clip in clips)):
            found[name] = [part.name for part in parts if part.kind == "lq"]
            total += (len(found[name]) - 1) * num_coded
            note(parts)
        names = [name for clip in clips for name in found[clip.name]]
        for part in run(_code, itertools.product(names, job.recipe.kinds)):
            note([part])
    return names


def _degrade(job: _Job, clip: Media) -> tuple[str, list[Part]]:
    """Write the ground truth and the raw LQ of one source clip."""
    parts: list[Part] = []
    for name, frames in _cut(clip, job.clip_frames):
        whole = frames if job.keep_gt else _whole_blocks(clip, frames, job.recipe.scale)
        parts += degrade(job.tree, job.recipe, ("", name), whole, job.keep_gt)
    return clip.name, parts


def _cut(clip: Media, num_frames: int | None) -> Iterator[tuple[str, Iterator[np.ndarray]]]:
    frames = media_frames(clip)
    if num_frames is None:
        yield clip.name, frames
        return
    for index in itertools.count():
        piece = list(itertools.islice(frames, num_frames))
        if len(piece) < num_frames:
            break
        yield f"{clip.name}_{index:05d}", iter(piece)
    if index == 0:
        raise ValueError(
            f"{media_files(clip)[0]} belongs to a clip of {len(piece)} frames, but clip_frames is "
            f"{num_frames}; lower it or leave that clip out"
        )


def _whole_blocks(clip: Media, frames: Iterator[np.ndarray], scale: int) -> Iterator[np.ndarray]:
    """Refuse frames that would have to be cut, and then would not fit their ground truth."""
    for frame in frames:
        height, width = frame.shape[:2]
        if height % scale or width % scale:
            raise ValueError(
                f"{media_files(clip)[0]} is {width}x{height}, which cannot be divided by scale "
                f"{scale}: its edges are cut off, so the ground truth must be written as well"
            )
        yield frame


def _code(job: _Job, name: str, kind: str) -> Part:
    return code(job.tree, job.recipe, ("", name), kind, job.keep_bitstreams)


def _pack(tree: Tree, kinds: Sequence[str], names: Sequence[str], recipe: Recipe) -> None:
    """Move the frames into one LMDB for each kind."""
    for kind in kinds:
        path = tree.root / f"{kind}.lmdb"
        if not path.exists():
            folder = tree.folder("", "", kind)
            clips = ((name, stream_clip(find_clip(folder, name))) for name in names)
            write_lmdb(path, clips, frame_name=recipe.frame_name)
