"""Packets of streams whose clock jumps, placed one behind the other."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from fca2_plugin.codec.jumps import Joiner

TICK = Fraction(1, 100)


def placed(*packets):
    """Where packets (stream, dts) are put, of streams 0 and 1 with steps of 4 and 3 ticks."""
    joiner = Joiner()
    found = []
    for stream, ticks, *lasts in packets:
        packet = SimpleNamespace(
            stream_index=stream, dts=ticks, pts=ticks + 2, time_base=TICK, duration=(4, 3)[stream]
        )
        if lasts:
            packet.duration = lasts[0]
        joiner.place(packet)
        assert packet.pts == packet.dts + 2
        found.append(packet.dts)
    return found, joiner.num_jumps


def test_a_steady_clock_is_left_alone():
    steady = [(0, 500), (1, 498), (0, 504), (0, 508), (1, 501), (1, 504)]
    assert placed(*steady) == ([ticks for _, ticks in steady], 0)


@pytest.mark.parametrize("jump", [-500, -90, 20_000])
def test_streams_come_to_a_jump_one_after_the_other(jump):
    before = [(0, 500), (1, 500), (0, 504)]
    over = [(0, 508 + jump), (1, 503), (0, 512 + jump), (1, 506 + jump), (1, 509 + jump)]
    found, count = placed(*before, *over)
    assert found == [500, 500, 504, 508, 503, 512, 506, 509]
    assert count == 1


def test_parts_that_overlap_a_little_do_not_go_back():
    found, _ = placed((0, 500), (1, 505), (0, 0), (1, 1), (1, 4), (0, 4))
    assert found == [500, 505, 508, 509, 512, 512]


def test_packets_that_do_not_say_how_long_they_last():
    found, count = placed(*[(0, ticks, 0) for ticks in (0, 9, 18, 0, 9, 18)])
    assert found == [0, 9, 18, 27, 36, 45]
    assert count == 1


def test_every_part_of_many():
    packets = [(stream, ticks) for _ in range(5) for ticks in (0, 12) for stream in (0, 1)]
    found, count = placed(*packets)
    assert count == 5 - 1
    for stream in (0, 1):
        own = [ticks for ticks, (index, _) in zip(found, packets, strict=True) if index == stream]
        assert own == sorted(set(own))
