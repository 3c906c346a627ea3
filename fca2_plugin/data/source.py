"""Where the clips of a data set come from."""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fca2_plugin._files import file_sha256
from fca2_plugin.codec import count_frames, probe, read_video

__all__ = ["ClipSource", "SourceClip", "middle_of", "video_clips"]

SourceClip = tuple[str, str, Iterable[np.ndarray]]  # split, clip name, frames


@dataclass(frozen=True)
class ClipSource:
    """An iterable of (split, name, frames) whose content is known before it is made.

    ``build_clips`` compares the recipe with that of a finished data set, and need not make the
    clips again to see that nothing has changed.

    Args:
        recipe: Everything that decides the clips, in JSON types.
        make: Starts the iteration; may be called again.
        count: Returns the number of clips.

    Example:
        >>> frame = np.zeros((8, 8, 3), np.uint8)
        >>> made = [("train", "one", [frame])]
        >>> clips = ClipSource({"made": "black"}, lambda: iter(made), lambda: len(made))
        >>> [name for split, name, frames in clips]
        ['one']
    """

    recipe: Mapping[str, object]
    make: Callable[[], Iterator[SourceClip]]
    count: Callable[[], int]

    def __iter__(self) -> Iterator[SourceClip]:
        return self.make()

    def __len__(self) -> int:
        return self.count()


def video_clips(
    path: str | os.PathLike,
    num_frames: int,
    train_fraction: float = 0.8,
    max_clips: int | None = None,
) -> ClipSource:
    """Cut a video into clips: training from its front, test from its end.

    One clip between the two is left out, so no test frame is next to a training frame. A scene
    cut may fall inside a clip.

    Args:
        path: The video file.
        num_frames: Frames of a clip.
        train_fraction: The share of the clips for training; at least one goes to each part.
        max_clips: Use at most this many, counted from the start of the video.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It is not a video, is too short for three clips, or an argument is out of range.

    Example:
        >>> clips = video_clips("in.mp4", num_frames=1)
        >>> sorted({split for split, name, frames in clips})
        ['test', 'train']
    """
    path = Path(path)
    if num_frames < 1 or (max_clips is not None and max_clips < 2) or not 0 < train_fraction < 1:
        raise ValueError(
            "video_clips needs num_frames of at least 1, max_clips of at least 2 and "
            f"train_fraction between 0 and 1, got {num_frames}, {max_clips} and {train_fraction}"
        )
    probe(path)  # before anything is written: is it a video at all?
    least = count_frames(path, 3 * num_frames)
    if least < 3 * num_frames:
        raise ValueError(
            f"{path} has {least} frames, too few for a training clip, a gap and a test clip of "
            f"{num_frames} frames each; choose a longer video"
        )

    def num_slots() -> int:
        """Count the clips, the gap included."""
        at_most = None if max_clips is None else (max_clips + 1) * num_frames
        return count_frames(path, at_most) // num_frames

    def make() -> Iterator[tuple[str, str, list[np.ndarray]]]:
        slots = num_slots()
        num_train = min(max(round(train_fraction * (slots - 1)), 1), slots - 2)
        frames = read_video(path, slots * num_frames)
        for slot in range(slots):
            clip = list(itertools.islice(frames, num_frames))
            if slot != num_train:
                yield ("train" if slot < num_train else "test"), f"{slot:05d}", clip

    recipe = {
        "kind": "video",
        "file": path.name,
        "sha256": file_sha256(path),
        "num_frames": num_frames,
        "train_fraction": train_fraction,
        "max_clips": max_clips,
    }
    return ClipSource(recipe, make, lambda: num_slots() - 1)


def middle_of(source: ClipSource, side: int) -> ClipSource:
    """The same clips, cut to the middle of each frame, at most ``side`` pixels a side.

    Example:
        >>> clips = middle_of(video_clips("in.mp4", num_frames=1), side=16)
        >>> [next(iter(frames)).shape for split, name, frames in clips][0]
        (16, 16, 3)
    """

    def cut(frame: np.ndarray) -> np.ndarray:
        top, left = (max(length - side, 0) // 2 for length in frame.shape[:2])
        return np.ascontiguousarray(frame[top : top + side, left : left + side])

    def make() -> Iterator[SourceClip]:
        for split, name, frames in source:
            yield split, name, [cut(frame) for frame in frames]

    return ClipSource({**source.recipe, "middle": side}, make, source.count)
