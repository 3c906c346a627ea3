"""The clips that ablations train and test on, small enough for minutes on a CPU."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fca2_plugin.data import (
    Clip,
    ClipSource,
    clip_size,
    demo_clips,
    find_clips,
    middle_of,
    read_frames,
)

__all__ = ["clip_source"]

MAX_FRAMES = 14  # two chunks of 7
MIN_FRAMES = 7  # a window that trains
SIDE = 192
MIN_SIDE = 128  # the largest patch of GT: 32 pixels of LQ
NUM_TRAIN, NUM_TEST = 24, 3


def clip_source(data: str | Path | None) -> ClipSource:
    """The middle of each ground-truth clip of a data set, or clips made from photographs.

    Args:
        data: A folder with ``train/gt`` and ``val/gt`` (or ``test/gt``); None makes clips.

    Raises:
        FileNotFoundError: One of those is not there.
        ValueError: A clip is too short or too small, or in both.
    """
    if data is None:
        return demo_clips(NUM_TRAIN, NUM_TEST, MAX_FRAMES, (SIDE, SIDE))
    root = Path(data)
    held_out = "val" if (root / "val" / "gt").is_dir() else "test"
    clips = {}
    for split, folder in (("train", "train"), ("test", held_out)):
        path = root / folder / "gt"
        if not path.is_dir():
            raise FileNotFoundError(
                f"there is no folder {path}; expected a data set made by `fca2 encode` with "
                "train/gt and val/gt or test/gt"
            )
        clips[split] = find_clips(path)
    for clip in (*clips["train"], *clips["test"]):
        _check(clip)
    both = {clip.name for clip in clips["train"]} & {clip.name for clip in clips["test"]}
    if both:
        raise ValueError(
            f"{root} trains on {min(both)} and tests on it; keep the clips of {held_out} to itself"
        )

    def make() -> Iterator[tuple[str, str, list[np.ndarray]]]:
        for split, of_split in clips.items():
            for clip in of_split:
                yield split, clip.name, read_frames(Clip(clip.name, clip.frames[:MAX_FRAMES]))

    recipe = {
        "frames": MAX_FRAMES,
        "clips": {split: [clip.name for clip in found] for split, found in clips.items()},
    }
    return middle_of(ClipSource(recipe, make, lambda: sum(map(len, clips.values()))), SIDE)


def _check(clip: Clip) -> None:
    if len(clip) < MIN_FRAMES:
        raise ValueError(
            f"clip {clip.name} has {len(clip)} frames; the ablations train on windows of "
            f"{MIN_FRAMES}: leave it out of the data set"
        )
    height, width = clip_size(clip)
    if min(height, width) < MIN_SIDE:
        raise ValueError(
            f"clip {clip.name} has {width}x{height} pixels; the ablations train on patches of "
            f"{MIN_SIDE} pixels: leave it out of the data set"
        )
