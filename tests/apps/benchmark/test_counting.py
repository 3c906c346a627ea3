"""Work counted against arithmetic, and the parts of FCA2Net that add up to the whole."""

import pytest
import torch
from torch import nn

from fca2_plugin.apps.benchmark import compare
from fca2_plugin.apps.benchmark.counting import count_macs, count_work
from fca2_plugin.apps.benchmark.passes import OTHER, PARTS
from fca2_plugin.nets import CleaningNet, CompactVSRNet, FCA2Net
from fca2_plugin.nets.build import PRESETS, build_parts


def build(preset: str) -> FCA2Net:
    parts = build_parts("joint", preset)
    return FCA2Net(vsr=CompactVSRNet(mid_channels=4, num_blocks=1), **parts)


@pytest.fixture
def clip():
    return torch.rand(1, 8, 3, 12, 16)


def test_bytes_and_launches_of_a_convolution():
    conv, x = nn.Conv2d(2, 3, 1, bias=False), torch.rand(1, 2, 5, 4)
    work, parts = count_work(nn.Sequential(conv, nn.Flatten(2), nn.ReLU()), x)
    assert parts == {}
    assert work == {"macs": 120, "launches": 2, "bytes": 4 * (40 + 6 + 60 + 60 + 60)}


@pytest.mark.parametrize("preset", PRESETS)
def test_parts_add_up_to_the_whole(preset, clip):
    net = build(preset)
    whole, parts = count_work(net, clip)
    assert set(parts) == {*PARTS, OTHER} - ({"cleaning"} if net.cleaning is None else set())
    assert {key: sum(part[key] for part in parts.values()) for key in whole} == whole
    if net.cleaning is not None:
        assert parts["cleaning"]["macs"] == count_macs(net.cleaning, clip) > 0
    assert parts["vsr"]["macs"] > 0 and parts["encode"]["launches"] > 0
    assert parts[OTHER]["macs"] == 0
    assert not set(vars(net)) & {method for _, method in PARTS.values()}  # as it was before


def test_parts_are_timed_in_the_same_passes(clip):
    nets = {"baseline": FCA2Net(vsr=CompactVSRNet(4, 1)), "wrapped": build("tiny")}
    models = compare(nets, clip, repeats=1)["models"]
    assert set(models["baseline"]["parts"]) == {"vsr", OTHER}
    for values in models.values():
        parts = values["parts"].values()
        assert sum(p["ms_per_frame"] for p in parts) == pytest.approx(values["ms_per_frame"])
        assert sum(p["macs"] for p in parts) == values["work"]["macs"]
        assert values["work"]["macs"] // 8 == values["macs_per_frame"]


def test_a_failed_pass_leaves_the_network_as_it_was():
    net = FCA2Net(cleaning=CleaningNet(mid_channels=4, num_blocks=1))
    with pytest.raises(ValueError):
        count_work(net, torch.rand(1, 2, 5, 8, 8))
    assert not set(vars(net)) & {method for _, method in PARTS.values()}
