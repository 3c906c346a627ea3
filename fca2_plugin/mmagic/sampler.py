"""The order of training, with the number of each visit to a clip."""

from collections.abc import Iterator
from typing import Any

from mmengine.dataset import InfiniteSampler

__all__ = ["FCA2InfiniteSampler"]


class FCA2InfiniteSampler(InfiniteSampler):
    """``InfiniteSampler`` that gives clip ``i`` of ``n`` in round ``r`` as ``i + n * r``.

    A data set of this package draws from the round, so its samples do not depend on the number of
    workers and processes, or on where a run was resumed.

    Args:
        dataset: ``FCA2ClipsDataset`` or ``FCA2FramesDataset``.
        **kwargs: See ``InfiniteSampler``.

    Raises:
        TypeError: The data set takes no rounds.
    """

    def __init__(self, dataset: Any, **kwargs) -> None:
        if not getattr(dataset, "takes_rounds", False):
            raise TypeError(
                f"FCA2InfiniteSampler got {type(dataset).__name__}, which does not support rounds; "
                "use FCA2FramesDataset or FCA2ClipsDataset, or InfiniteSampler"
            )
        super().__init__(dataset, **kwargs)
        dataset.rounds_given = True

    def _infinite_indices(self) -> Iterator[int]:
        for position, index in enumerate(super()._infinite_indices()):
            yield index + self.size * (position // self.size)
