"""Choose the clips of a data set: the hosts' list files, and the usual partitions of REDS.

Lists of BasicSR, MMagic and the data sets themselves contain lines like these:

    00001/0001 7 (256,448,3)            a clip, its frames, their shape
    calendar 41                         a clip and its frames
    00001/0001                          a clip
    000/00000000.png (720, 1280, 3)     a frame of a clip
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TypeVar

from fca2_plugin._suggest import check_choice, did_you_mean
from fca2_plugin.data.clips import IMAGE_SUFFIXES

__all__ = ["PARTITIONS", "pick_clips", "read_clip_list", "select_clips"]

T = TypeVar("T")

# The clips for testing; all others are for training.
PARTITIONS = {
    "REDS4": ("000", "011", "015", "020"),
    "REDSofficial": tuple(f"{index:03d}" for index in range(240, 270)),
}


def read_clip_list(path: str | os.PathLike) -> tuple[str, ...]:
    """Return the clips that a list names, in its order, each once.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It names no clip.

    Example:
        >>> count = Path("names.txt").write_text("000 100 (720,1280,3)")
        >>> read_clip_list("names.txt")
        ('000',)
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"the list of clips {path} does not exist; correct meta_info_file")
    names = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            name = PurePosixPath(line.split()[0])
            names.append(str(name.parent if name.suffix.lower() in IMAGE_SUFFIXES else name))
    if not names:
        raise ValueError(
            f"the list of clips {path} is empty; expected the name of a clip in each line"
        )
    return tuple(dict.fromkeys(names))


def pick_clips(found: Mapping[str, T], names: Iterable[str], where: Path) -> list[T]:
    """Return the clips of these names, in their order, each once.

    Args:
        found: The clips that there are, by name.
        names: Those that are wanted.
        where: The folder that holds them, for the message.

    Raises:
        ValueError: There is none of a name.
    """
    names = dict.fromkeys(names)
    for name in names:
        if name not in found:
            raise ValueError(f"there is no clip {name!r} in {where}{did_you_mean(name, found)}")
    return [found[name] for name in names]


def select_clips(names: Iterable[str], partition: str, test: bool) -> tuple[str, ...]:
    """Return the clips of one side of a partition: never a test clip for training.

    Args:
        names: The clips that there are.
        partition: A key of ``PARTITIONS``.
        test: Whether the test clips are wanted, or those for training.

    Raises:
        ValueError: The partition is unknown, a test clip is missing, or no clip is left.

    Example:
        >>> names = [f"{number:03d}" for number in range(30)]
        >>> select_clips(names, "REDS4", test=True)
        ('000', '011', '015', '020')
    """
    check_choice("partition", partition, PARTITIONS)
    names, held_out = tuple(names), PARTITIONS[partition]
    if test:
        for name in held_out:
            if name not in names:
                raise ValueError(
                    f"partition {partition} tests on the clip {name}, which is missing; "
                    "add it, or list the clips in meta_info_file"
                )
        return held_out
    rest = tuple(name for name in names if name not in held_out)
    if not rest:
        raise ValueError(
            f"partition {partition} leaves no clip for training; add other clips than "
            f"{', '.join(held_out[:4])}{', ...' if len(held_out) > 4 else ''}"
        )
    return rest
