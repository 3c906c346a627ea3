"""Where the clips of a data set come from."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["ClipSource"]

SourceClip = tuple[str, str, Iterable[np.ndarray]]  # split, clip name, frames


@dataclass(frozen=True)
class ClipSource:
    """An iterable of (split, name, frames) that can say beforehand what it will give.

    ``build_clips`` compares the recipe with that of a finished data set, and need not make the
    clips again to see that nothing has changed.

    Args:
        recipe: Everything that decides the clips, in JSON types.
        make: Starts the iteration; may be called again.
        count: Returns the number of clips.
    """

    recipe: Mapping[str, object]
    make: Callable[[], Iterator[SourceClip]]
    count: Callable[[], int]

    def __iter__(self) -> Iterator[SourceClip]:
        return self.make()

    def __len__(self) -> int:
        return self.count()
