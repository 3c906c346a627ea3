"""Identify frames by the numbers in their file names, not by their place in a list."""

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["Numbering", "check_numbering", "check_same_frames", "find_numbering"]

_NAME = re.compile(r"(.*?)(\d+)", re.DOTALL)


class Numbering(NamedTuple):
    """How the frames of a clip without gaps are numbered.

    Args:
        prefix: The text before the number.
        digits: Number of digits of the first number.
        first: The first number.
    """

    prefix: str
    digits: int
    first: int

    def __str__(self) -> str:
        return f"{self.prefix}{self.first:0{self.digits}d}"


def check_numbering(paths: Sequence[Path]) -> Numbering | None:
    """Check that the numbers of a clip's frames follow one another.

    Frames that are not all named alike but for a number at the end are not numbered.

    Returns:
        How they are numbered; None where they are not.

    Raises:
        ValueError: The numbers have a gap or repeat, or another file is among them.
    """
    return find_numbering([path.stem for path in paths], paths)


def find_numbering(names: Sequence[str], labels: Sequence[object] = ()) -> Numbering | None:
    """As ``check_numbering``, of the names of frames, without suffix.

    Args:
        names: In numeric order.
        labels: What messages call the frames; by default their names.
    """
    labels = labels or names
    matches = [_NAME.fullmatch(name) for name in names]
    found = [match for match in matches if match]
    prefixes = Counter(match[1] for match in found)
    if len(prefixes) != 1 or len(found) < len(matches):
        _check_strangers(labels, matches, prefixes)
        _check_twins(names, labels)
        return None
    numbers = [int(match[2]) for match in found]
    for label, before, number in zip(labels[1:], numbers, numbers[1:], strict=False):
        if number == before:
            raise ValueError(f"{label} has the same number as another frame; remove one of the two")
        if number != before + 1:
            raise ValueError(
                f"frame {before + 1} is missing before {label}; add it or renumber the clip"
            )
    return Numbering(found[0][1], len(found[0][2]), numbers[0])


def _check_strangers(labels: Sequence, matches: Sequence, prefixes: Counter) -> None:
    """More than half of the frames are numbered alike, and one is not: it is not a frame."""
    prefix, count = prefixes.most_common(1)[0] if prefixes else ("", 0)
    if count < 3 or 2 * count <= len(labels):
        return
    for label, match in zip(labels, matches, strict=True):
        if match is None or match[1] != prefix:
            raise ValueError(
                f"{label} is not numbered as the other frames of its clip are ({prefix}<number>); "
                "move it away or rename it"
            )


def _check_twins(names: Sequence[str], labels: Sequence) -> None:
    seen: dict[str, object] = {}
    for name, label in zip(names, labels, strict=True):
        if name in seen:
            raise ValueError(
                f"{label} has the same name as another frame, {seen[name]}; remove one of the two"
            )
        seen[name] = label


def check_same_frames(
    clip: str, names: Sequence[str], others: Sequence[str], place: object, other_place: object
) -> None:
    """Refuse two folders of a clip that do not hold the same frames.

    Frames with the same names but for their numbers have the same numbers. Where names differ in
    their kind (``im1`` and ``00000000``), each folder counts in its own way, and a warning says so.

    Args:
        clip: The clip's name.
        names: Of its frames in ``place``, without suffix.
        others: Of those in ``other_place``.
        place: What messages call the one.
        other_place: What messages call the other.

    Raises:
        ValueError: A frame has no partner.
    """
    if list(names) == list(others):
        return
    one, other = find_numbering(names), find_numbering(others)
    if one and other and one[:2] != other[:2] and len(names) == len(others):
        warnings.warn(
            f"the frames of {clip} are {one}, ... in {place} and {other}, ... in {other_place}; "
            "they are paired in this order",
            stacklevel=2,
        )
        return
    ways = ((names, others, place, other_place), (others, names, other_place, place))
    alone = [
        (sorted(set(mine) - set(theirs))[0], here, there)
        for mine, theirs, here, there in ways
        if set(mine) - set(theirs)
    ]
    if one and other and one[:2] != other[:2] or not alone:
        raise ValueError(
            f"clip {clip} has {len(names)} frames in {place}, but {len(others)} in {other_place}; "
            "make one of them again from the other"
        )
    frame, here, there = alone[0]
    raise ValueError(
        f"clip {clip} has {len(names)} frames in {place} and {len(others)} in {other_place}, and "
        f"frame {frame} of {here} is not in {there}; add it there, or give both the same frames "
        "and names"
    )
