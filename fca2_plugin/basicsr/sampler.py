"""The order of training: which clip, for which time, also after a resume."""

import math
from collections.abc import Iterator
from typing import Any

from basicsr.data.data_sampler import EnlargedSampler

__all__ = ["RoundSampler", "build_sampler"]


class RoundSampler(EnlargedSampler):
    """BasicSR's sampler, whose indices also say for which time a clip comes.

    The host's sampler gives a data set of ``n`` clips the same index for a clip every time. So the
    data set can only draw crops and codecs from a global generator, and what it draws depends on
    the workers. Here clip ``i`` comes as ``i + n * r`` with a round ``r`` that no other visit to
    the clip has, in this epoch or another: a data set with ``takes_rounds = True`` can seed its
    draws with it. After a resume, the host starts the epoch from its beginning; here it continues.
    """

    dataset: Any
    skipped_epoch, skipped = -1, 0

    def __iter__(self) -> Iterator[int]:
        first = self.epoch * math.ceil(self.total_size / len(self.dataset)) * len(self.dataset)
        indices = [first + position for position in self._positions()]
        return iter(indices[self.skipped if self.epoch == self.skipped_epoch else 0 :])

    def _positions(self) -> Iterator[int]:
        """What the host visits, before it takes the remainder by the number of clips."""
        dataset, self.dataset = self.dataset, range(self.total_size)
        try:
            return super().__iter__()
        finally:
            self.dataset = dataset

    def go_on(self, epoch: int, iteration: int, batch_size: int) -> None:
        """Leave out what a run of this epoch and iteration has seen of its epoch.

        Args:
            epoch: The epoch in which the run was saved.
            iteration: The iteration after which it was saved.
            batch_size: Clips of one process per iteration; as it was in the saved run.
        """
        iterations_per_epoch = self.num_samples // batch_size  # BasicSR drops incomplete batches
        self.skipped_epoch = epoch
        self.skipped = max(0, iteration - epoch * iterations_per_epoch) * batch_size


def build_sampler(dataset: Any, num_replicas: int, rank: int, ratio: float = 1) -> EnlargedSampler:
    """The sampler of a training set: with rounds if it takes them, else BasicSR's own."""
    if not getattr(dataset, "takes_rounds", False):
        return EnlargedSampler(dataset, num_replicas, rank, ratio)
    dataset.rounds_given = True
    return RoundSampler(dataset, num_replicas, rank, ratio)
