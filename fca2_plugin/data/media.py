"""Clips as people have them: a folder of frames, a folder of such folders, videos.

Both kinds answer to ``name`` and to the functions here; frames come as a stream, so that a long
video need not fit in memory.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fca2_plugin.codec import count_frames, probe, read_video
from fca2_plugin.data.clips import (
    IMAGE_SUFFIXES,
    Clip,
    clip_size,
    find_clips,
    read_frames,
    visible_entries,
)

__all__ = ["VIDEO_SUFFIXES", "Media", "VideoClip", "find_media", "media_frames", "media_shape"]

VIDEO_SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".webm", ".y4m", ".m4v", ".ts")


@dataclass(frozen=True)
class VideoClip:
    """A video file as a clip.

    Args:
        name: The file's name without its suffix.
        path: The file.
    """

    name: str
    path: Path


Media = Clip | VideoClip


def find_media(path: str | os.PathLike) -> list[Media]:
    """List the clips at ``path``: a video, a folder of frames, of clip folders, or of videos.

    Raises:
        FileNotFoundError: There is nothing at ``path``.
        ValueError: A folder holds nothing of the kind, or several kinds at once.
    """
    path = Path(path)
    if path.is_file():
        return [VideoClip(path.stem, path)]
    if not path.is_dir():
        raise FileNotFoundError(f"there is no folder or video {path}")
    entries = visible_entries(path)
    images = tuple(p for p in entries if p.suffix.lower() in IMAGE_SUFFIXES)
    videos = [p for p in entries if p.is_file() and p.suffix.lower() in VIDEO_SUFFIXES]
    folders = [p for p in entries if p.is_dir()]
    kinds = {"images": images, "videos": videos, "folders": folders}
    found = [kind for kind, members in kinds.items() if members]
    if len(found) > 1:
        raise ValueError(
            f"{path} holds {' and '.join(found)}; give a folder of frames, of clip folders or of "
            "videos"
        )
    if images:
        return [Clip(path.resolve().name, images)]
    if videos:
        clips = [VideoClip(p.stem, p) for p in videos]
        if len({clip.name for clip in clips}) < len(clips):
            raise ValueError(f"{path} holds videos that differ in suffix only; remove one of each")
        return clips
    if folders:
        return find_clips(path)
    raise ValueError(
        f"{path} holds no frames ({', '.join(IMAGE_SUFFIXES)}), no clip folders and no videos "
        f"({', '.join(VIDEO_SUFFIXES)})"
    )


def media_frames(media: Media) -> Iterator[np.ndarray]:
    """Yield the frames as ``uint8`` RGB.

    Raises:
        FileNotFoundError: A file is gone.
        ValueError: A file cannot be read, or the size changes.
    """
    if isinstance(media, VideoClip):
        yield from read_video(media.path)
        return
    first = None
    for index in range(len(media)):
        (frame,) = read_frames(media, index, 1)
        first = first or frame.shape
        if frame.shape != first:
            raise ValueError(
                f"{media.frames[index]} is {frame.shape[1]}x{frame.shape[0]}, but the clip begins "
                f"with {first[1]}x{first[0]}; all frames of a clip must have one size"
            )
        yield frame


def media_shape(media: Media) -> tuple[int, int, int]:
    """Return (frames, height, width); a video is decoded once to count.

    Raises:
        FileNotFoundError: A file is gone.
        ValueError: A file cannot be read, or images differ in size.
    """
    if isinstance(media, VideoClip):
        info = probe(media.path)
        return count_frames(media.path), info.height, info.width
    return len(media), *clip_size(media)
