"""Clips in common forms: a folder of frames, a folder of such folders, an LMDB, videos.

All kinds have a ``name`` and work with the functions here. Frames are streamed, so a long video
does not have to fit in memory. Raw videos (``Name_WxH_N.yuv``) give luma planes, all others RGB
frames.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fca2_plugin.codec import YuvFile, count_frames, probe, read_video
from fca2_plugin.codec.video import clip_pictures, frame_type
from fca2_plugin.data.clips import (
    IMAGE_SUFFIXES,
    Clip,
    find_clips,
    images_of,
    stream_clip,
    visible_entries,
)
from fca2_plugin.data.images import check_images
from fca2_plugin.data.numbering import check_numbering
from fca2_plugin.data.store import open_clips

__all__ = [
    "RAW_SUFFIX",
    "STREAM_SUFFIXES",
    "VIDEO_SUFFIXES",
    "LmdbClip",
    "Media",
    "VideoClip",
    "find_media",
    "media_files",
    "media_frames",
    "media_names",
    "media_shape",
    "media_types",
    "named_videos",
]

VIDEO_SUFFIXES = tuple(
    ".mp4 .mkv .mov .avi .webm .y4m .m4v .ts .m2ts .mts .mpg .mpeg .m2v .vob .wmv .asf .flv .f4v "
    ".3gp .3g2 .ogv .ogm .mxf .dv .divx .rm .rmvb .nut .gif .avif".split()
)
STREAM_SUFFIXES = (".264", ".h264", ".265", ".h265", ".hevc", ".ivf")  # coded, without a container
RAW_SUFFIX = ".yuv"


@dataclass(frozen=True)
class VideoClip:
    """A video file as a clip.

    Args:
        name: See ``named_videos``.
        path: The file.

    Example:
        >>> VideoClip("in", Path("in.mp4")).path.suffix
        '.mp4'
    """

    name: str
    path: Path


@dataclass(frozen=True)
class LmdbClip:
    """A clip in an LMDB.

    Args:
        name: Its name there.
        root: The LMDB.
    """

    name: str
    root: Path


Media = Clip | VideoClip | LmdbClip | YuvFile


def find_media(path: str | os.PathLike, streams: bool = False) -> list[Media]:
    """List the clips at ``path``: a video, an LMDB, a folder of frames, clip folders or videos.

    Args:
        path: The file or folder.
        streams: Whether coded streams without a container in a folder are among its videos.

    Raises:
        FileNotFoundError: ``path`` does not exist.
        ValueError: A folder contains nothing of the kind, or several kinds at once.

    Example:
        >>> [media.name for media in find_media("in.mp4")]
        ['in']
    """
    path = Path(path)
    if path.is_file():
        if path.suffix.lower() == RAW_SUFFIX:
            return [YuvFile(path)]
        return [*named_videos([path])]
    if not path.is_dir():
        raise FileNotFoundError(f"there is no folder or video {path}")
    if path.suffix == ".lmdb":
        return [LmdbClip(name, path) for name in open_clips(path).names]
    entries = visible_entries(path)
    images = images_of(entries)
    suffixes = (*VIDEO_SUFFIXES, *(STREAM_SUFFIXES if streams else ()))
    videos = [p for p in entries if p.is_file() and p.suffix.lower() in suffixes]
    raw = [YuvFile(p) for p in entries if p.is_file() and p.suffix.lower() == RAW_SUFFIX]
    folders = [p for p in entries if p.is_dir()]
    kinds = {"images": images, "videos": videos, "raw videos": raw, "folders": folders}
    found = [kind for kind, members in kinds.items() if members]
    if len(found) > 1:
        raise ValueError(
            f"{path} contains {' and '.join(found)}; give a folder of frames, of clip folders or "
            "of videos"
        )
    if images:
        check_numbering(images)
        return [Clip(path.resolve().name, images)]
    if videos or raw:
        _check_distinct([clip.name for clip in raw])
        return [*raw] or [*named_videos(videos)]
    if folders:
        return [*find_clips(path)]
    raise ValueError(
        f"{path} contains no frames ({', '.join(IMAGE_SUFFIXES)}), no clip folders and no videos "
        f"({', '.join((*VIDEO_SUFFIXES, RAW_SUFFIX))})"
    )


def named_videos(paths: Sequence[Path]) -> list[VideoClip]:
    """Name each video by the text before its first dot, or, if two agree, before its last dot.

    Raises:
        ValueError: Two videos have the same name.
    """
    names = [path.name.split(".")[0] for path in paths]
    if len(set(names)) < len(names):
        names = [path.stem for path in paths]
    _check_distinct(names)
    return list(map(VideoClip, names, paths))


def _check_distinct(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two videos have the name {name}; rename one of them")


def media_types(media: Media) -> str | None:
    """How each frame was coded, one letter of ``frame_type`` each; None for what is not a video."""
    if not isinstance(media, VideoClip):
        return None
    return "".join(map(frame_type, clip_pictures(media.path)))


def media_files(media: Media) -> tuple[Path, ...]:
    """Return the files that a clip is read from: its images in order, or one file."""
    if isinstance(media, Clip):
        return media.frames
    return (media.root / "data.mdb",) if isinstance(media, LmdbClip) else (media.path,)


def media_frames(media: Media) -> Iterator[np.ndarray]:
    """Yield the frames, ``uint8`` RGB or luma planes; of images, all headers are read first.

    Raises:
        FileNotFoundError: A file is gone.
        ValueError: A file cannot be read, or images are not 8-bit RGB of one size.

    Example:
        >>> sum(1 for frame in media_frames(find_media("in.mp4")[0]))
        4
    """
    if isinstance(media, VideoClip):
        yield from read_video(media.path)
    elif isinstance(media, YuvFile):
        yield from media.luma
    elif isinstance(media, LmdbClip):
        store = open_clips(media.root, names=[media.name])
        for index in range(store.num_frames(media.name)):
            yield from store.read(media.name, [index])
    else:
        check_images(media.frames)
        yield from stream_clip(media)


def media_names(media: Media) -> list[str] | None:
    """Return the names of the frames, without suffix; None where frames have no files."""
    if isinstance(media, LmdbClip):
        return open_clips(media.root, names=[media.name]).frame_names(media.name)
    return [path.stem for path in media.frames] if isinstance(media, Clip) else None


def media_shape(media: Media) -> tuple[int, int, int]:
    """Return (frames, height, width); a video is decoded once to count.

    Raises:
        FileNotFoundError: A file is gone.
        ValueError: A file cannot be read or is not 8-bit RGB, or the frames differ in size.

    Example:
        >>> media_shape(find_media("in.mp4")[0])
        (4, 32, 40)
    """
    if isinstance(media, VideoClip):
        info = probe(media.path)
        return count_frames(media.path), info.height, info.width
    if isinstance(media, LmdbClip):
        store = open_clips(media.root, names=[media.name])
        return store.num_frames(media.name), *store.size(media.name)
    if isinstance(media, YuvFile):
        return media.num_frames, media.height, media.width
    return len(media), *check_images(media.frames)
