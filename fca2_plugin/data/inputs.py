"""Inputs of ``fca2 encode``: data sets by their layout, and all that ``find_media`` finds.

::

    Vimeo-90K   sequences/00001/0001/im1.png and sep_trainlist.txt, sep_testlist.txt
    REDS        train_sharp/000/00000000.png
    Vid4        GT/calendar/..., or the four clips as folders or videos
    frames      <clip>/*.png or .jpg, nested one or two levels, or one such folder
    LMDB        <name>.lmdb, as ``fca2 encode --format lmdb`` writes it
    videos      files, or a folder of them
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fca2_plugin._suggest import check_choice
from fca2_plugin.codec import YuvFile
from fca2_plugin.data.clips import Clip, find_clip, find_clips, visible_entries
from fca2_plugin.data.lists import pick_clips, read_clip_list, select_clips
from fca2_plugin.data.media import (
    LmdbClip,
    Media,
    VideoClip,
    find_media,
    media_files,
    named_videos,
)
from fca2_plugin.data.parts import FrameName, eight_digits

__all__ = ["SPLITS", "Inputs", "find_inputs"]

SPLITS = ("train", "test")
VID4 = {"calendar", "city", "foliage", "walk"}
VIMEO_LISTS = {"train": "sep_trainlist.txt", "test": "sep_testlist.txt"}
VIMEO_FRAMES = 7


@dataclass(frozen=True)
class Inputs:
    """What was found.

    Args:
        kind: In words: ``Vimeo-90K``, ``REDS``, ``Vid4``, ``folders of frames``, ``videos``.
        clips: The clips in order.
        frame_name: Names their frames in the new data set.
    """

    kind: str
    clips: tuple[Media, ...]
    frame_name: FrameName = eight_digits

    def fingerprint(self) -> dict:
        """Return what tells these inputs from others: names and sizes of files, not their place."""
        digest = hashlib.sha256()
        for clip in self.clips:
            for path in media_files(clip):
                digest.update(f"{clip.name}/{path.name} {path.stat().st_size}\n".encode())
        return {"kind": self.kind, "num_clips": len(self.clips), "sha256": digest.hexdigest()}


def find_inputs(
    sources: Sequence[str | os.PathLike],
    split: str | None = None,
    names: Sequence[str] | None = None,
) -> Inputs:
    """Find the clips, and say of which kind they are. No frame is read.

    Args:
        sources: One folder, or one or more videos.
        split: ``train`` or ``test`` of Vimeo-90K (its lists) or REDS (REDS4 for testing); for all
            other sources it takes everything.
        names: Only these clips.

    Raises:
        FileNotFoundError: There is nothing at a path, or a clip of a list is missing.
        ValueError: Nothing that can be read lies there, or a name is unknown.
    """
    if split is not None:
        check_choice("split", split, SPLITS)
    paths = [Path(source) for source in sources]
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no folder or video {path}")
    if len(paths) == 1 and paths[0].is_dir():
        inputs = _folder(paths[0], split)
    else:
        folders = [path for path in paths if path.is_dir()]
        if folders:
            raise ValueError(f"{folders[0]} is a folder; give one folder, or only videos")
        inputs = _inputs(find_media(paths[0]) if len(paths) == 1 else named_videos(paths))
    if names is None:
        return inputs
    clips = pick_clips({clip.name: clip for clip in inputs.clips}, names, paths[0])
    return Inputs(inputs.kind, tuple(clips), inputs.frame_name)


def _folder(root: Path, split: str | None) -> Inputs:
    if (root / "sequences").is_dir():
        return _vimeo(root, split)
    for reds in (root, root / "train"):
        if (reds / "train_sharp").is_dir():
            return _reds(reds / "train_sharp", split)
    gt = root / "GT"  # of Vid4; beside it lie BDx4 and BIx4
    if gt.is_dir() and VID4 <= {path.name for path in visible_entries(gt)}:
        return _inputs(find_clips(gt))
    clips = find_media(root, streams=True)
    if isinstance(clips[0], Clip) and clips[0].frames[0].parent == root:
        return Inputs("a folder of frames", tuple(clips))
    return _inputs(clips)


def _inputs(clips: Sequence[Media]) -> Inputs:
    for clip in clips:
        if isinstance(clip, YuvFile):
            raise ValueError(
                f"{clip.path} is a raw video, of which only the luma is read; give it as a coded "
                "video (lossless, for example)"
            )
    is_vid4 = {clip.name for clip in clips} == VID4
    if isinstance(clips[0], VideoClip):
        return Inputs("Vid4 as videos" if is_vid4 else "videos", tuple(clips))
    if isinstance(clips[0], LmdbClip):
        return Inputs("an LMDB", tuple(clips))
    return Inputs("Vid4" if is_vid4 else "folders of frames", tuple(clips))


def _vimeo(root: Path, split: str | None) -> Inputs:
    names: list[str] = []
    for part in SPLITS if split is None else (split,):
        path = root / VIMEO_LISTS[part]
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing; it is part of Vimeo-90K, so copy it there")
        names += read_clip_list(path)
    clips = []
    for name in names:
        clip = find_clip(root / "sequences", name)
        if len(clip) != VIMEO_FRAMES:
            raise ValueError(
                f"{root / 'sequences' / name} contains {len(clip)} frames instead of "
                f"{VIMEO_FRAMES}; unpack this septuplet again"
            )
        clips.append(clip)
    return Inputs("Vimeo-90K", tuple(clips), vimeo_frame_name)


def vimeo_frame_name(index: int) -> str:
    return f"im{index + 1}"


def _reds(root: Path, split: str | None) -> Inputs:
    clips = {clip.name: clip for clip in find_clips(root)}
    names = clips if split is None else select_clips(clips, "REDS4", test=split == "test")
    return Inputs("REDS", tuple(clips[name] for name in names))
