"""Clips and rounds: every visit has an index of its own, on every process, after every resume."""

from collections import Counter

import pytest
from basicsr.data.data_sampler import EnlargedSampler

from fca2_plugin.basicsr.sampler import RoundSampler, build_sampler

pytestmark = pytest.mark.basicsr


class Clips:
    takes_rounds = True

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count


def visits(clips, epoch, world=1, ratio=3):
    samplers = [build_sampler(clips, world, rank, ratio) for rank in range(world)]
    for sampler in samplers:
        sampler.set_epoch(epoch)
    return [list(sampler) for sampler in samplers]


@pytest.mark.parametrize("world", [1, 2, 3])
@pytest.mark.parametrize(("count", "ratio"), [(1, 1), (5, 1), (5, 3), (4, 2.5)])
def test_no_visit_comes_twice(count, ratio, world):
    clips = Clips(count)
    seen = Counter()
    for epoch in range(3):
        ranks = visits(clips, epoch, world, ratio)
        assert len({len(rank) for rank in ranks}) == 1
        seen.update(index for rank in ranks for index in rank)
    assert set(seen.values()) == {1}
    per_clip = Counter(index % count for index in seen)
    assert max(per_clip.values()) - min(per_clip.values()) <= 3  # what fills the last batch


@pytest.mark.parametrize("epoch", [0, 7])
def test_the_clips_are_the_hosts_in_the_hosts_order(epoch):
    clips = Clips(5)
    for rank, ours in enumerate(visits(clips, epoch, 2)):
        host = EnlargedSampler(clips, 2, rank, 3)
        host.set_epoch(epoch)
        assert [index % 5 for index in ours] == list(host)


def test_it_goes_on_in_the_middle_of_an_epoch():
    clips = Clips(4)  # 12 visits an epoch, 6 iterations of 2
    whole = [visits(clips, epoch)[0] for epoch in range(3)]
    sampler = build_sampler(clips, 1, 0, 3)
    sampler.go_on(epoch=1, iteration=6 + 2, batch_size=2)
    for epoch, expected in ((1, whole[1][4:]), (2, whole[2])):
        sampler.set_epoch(epoch)
        assert list(sampler) == expected
    sampler.go_on(epoch=1, iteration=2, batch_size=2)  # the batch size was another
    sampler.set_epoch(1)
    assert list(sampler) == whole[1]


def test_only_data_sets_that_ask_for_rounds_get_them():
    clips = Clips(2)
    assert type(build_sampler(clips, 1, 0, 1)) is RoundSampler
    assert clips.rounds_given
    assert type(build_sampler(range(4), 1, 0, 1)) is EnlargedSampler
