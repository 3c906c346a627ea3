"""The networks of a benchmark: every name of both hosts, configs, counts, memory, bad names."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from fca2_plugin.apps import benchmark
from fca2_plugin.apps.benchmark import Choice, memory
from fca2_plugin.apps.benchmark.networks import build_pair
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.nets import NETS
from fca2_plugin.nets.pretrained import without_weights
from fca2_plugin.nets.zoo import ENHANCERS, build_enhancer
from tests.conftest import require_host

require_host("mmagic")
require_host("basicsr")
pytestmark = [pytest.mark.mmagic, pytest.mark.basicsr]

FP32 = InferenceSettings("cpu")


@pytest.mark.skipif(not memory.CLEAR_REFS.exists(), reason="needs Linux")
def test_peak_memory_holds_what_a_pass_cannot_do_without():
    side = 160
    shape = (1, 7, 3, side, side)
    peak = memory.measure_memory(Choice(tiny=True), "wrapped", shape, FP32)["peak_mib"]
    plane = (4 * side) ** 2 * 4 / memory.MIB  # one channel of one frame at the output's size
    # in and out of a convolution of the decoder: 16 channels of the 3 codes
    assert 2 * 3 * 16 * plane < peak < 16 * 3 * 16 * plane


def test_a_failing_process_is_one_sentence(monkeypatch):
    with pytest.raises(ValueError, match=r"memory of 'wrapped' ended with code 1 .*unknown host"):
        memory.measure_memory(Choice(host="mmagick"), "wrapped", (1, 1, 3, 8, 8), FP32)


@pytest.mark.parametrize("host", ["mmagic", "basicsr"])
def test_every_network_of_a_host_builds_and_runs(host):
    zoo = __import__(f"fca2_plugin.{host}.zoo", fromlist=["VSR_NETS"])
    assert set(zoo.TINY) == set(zoo.VSR_NETS)
    for vsr in zoo.VSR_NETS:
        pair = build_pair(Choice(vsr=vsr, host=host, tiny=True, num_passes=0))
        assert pair["baseline"].vsr is pair["wrapped"].vsr and pair["wrapped"].cleaning is None
        with torch.inference_mode():
            for net in pair.values():
                assert net(torch.rand(1, 5, 3, 16, 12)).shape == (1, 5, 3, 64, 48)


@pytest.mark.parametrize("host", ["mmagic", "basicsr"])
def test_every_network_of_the_configs_has_a_name(host):
    configs = Path(__file__).parents[3] / "configs" / host
    zoo = __import__(f"fca2_plugin.{host}.zoo", fromlist=["VSR_NETS"])
    folders = {path.name for path in configs.iterdir() if path.is_dir()}
    names = folders - {"_base_", "enhancement", "fca2", "pretrained", "small", "stdf_vsr", "tiny"}
    names |= {
        path.name.split("_2xb")[0].split("_8xb")[0] for path in configs.glob("stdf_vsr/stdf_*")
    }
    assert len(names) > 7
    assert {name.replace("_", "-") for name in names} <= set(zoo.VSR_NETS)
    enhancers = {path.name.split("_2xb")[0] for path in configs.glob("enhancement/*_2xb*")}
    assert {re.sub("-(non-)?pqf", "", name) for name in enhancers} <= set(ENHANCERS)


def test_a_name_with_an_underscore():
    pair = build_pair(Choice(vsr="basicvsr_pp", host="basicsr", tiny=True))
    assert type(pair["baseline"].vsr).__name__ == "BasicVSRPlusPlus"


def test_enhancement_networks_by_name():
    enhancers = {net for net in NETS.values() if hasattr(net, "windows")}
    assert {type(build_enhancer(name)) for name in ENHANCERS} == enhancers - {NETS["FCA2MFQE2Net"]}
    with pytest.raises(ValueError, match=r"unknown enhancement network 'tgaf' .did you mean 'tgaf"):
        build_enhancer("tgaf")


def test_the_ratios_of_multiply_accumulates():
    """Of BasicVSR and FCA² around it, as counted by hand; flow is computed one way only."""
    clip = torch.rand(1, 7, 3, 32, 32)
    pair = build_pair(Choice(num_passes=3))
    macs = {name: benchmark.count_macs(net, clip) for name, net in pair.items()}
    cleaning = benchmark.count_macs(pair["wrapped"].cleaning, clip)
    assert macs["baseline"] / 32**2 == pytest.approx(44_884e3, rel=1e-3)
    assert cleaning / 32**2 == pytest.approx(3 * 10_346e3, rel=1e-3)
    by_passes = [macs["wrapped"] - cleaning * (1 - passes / 3) for passes in (0, 1, 3)]
    ratios = [value / macs["baseline"] for value in by_passes]
    assert ratios == pytest.approx([0.757, 0.987, 1.448], abs=2e-3)


def test_settings_of_the_wrapping():
    choice = Choice(tiny=True, n_subs=12, n_ovls=6, num_passes=2)
    wrapped = build_pair(choice)["wrapped"]
    assert asdict(choice)["n_subs"] == wrapped.autoencoder.grouping.n_subs == 12
    assert wrapped.autoencoder.grouping.n_ovls == 6 and wrapped.cleaning.num_passes == 2


def test_a_config_needs_no_weights_and_no_network(tmp_path):
    configs = Path(__file__).parents[3] / "configs" / "mmagic"
    tiny_yml = configs.parent / "basicsr" / "tiny" / "tiny_fca2-basicvsr.yml"
    assert type(build_pair(Choice(config=str(tiny_yml)))["baseline"].vsr).__name__ == "BasicVSR"
    pair = build_pair(Choice(config=str(configs / "tiny" / "tiny_fca2-basicvsr.py")))
    assert type(pair["baseline"].vsr).__name__ == "BasicVSRNet"
    with pytest.raises(ValueError, match=r"tiny_basicvsr.py builds a BasicVSRNet; expected FCA2W"):
        build_pair(Choice(config=str(configs / "tiny" / "tiny_basicvsr.py")))
    with pytest.raises(ValueError, match="without a VSR network"):
        build_pair(Choice(config=str(configs / "tiny" / "tiny_fca2-cleaning.py")))
    nested = {"vsr": [{"spynet_pretrained": "https://host/file"}], "type": "x"}
    without_weights(nested)
    assert nested == {"vsr": [{"spynet_pretrained": None}], "type": "x"}


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"vsr": "basicvs"}, "unknown VSR network of mmagic 'basicvs' .did you mean 'basicvsr'"),
        ({"host": "mmagik"}, "unknown host 'mmagik' .did you mean 'mmagic'"),
        ({"preset": "papper"}, "unknown preset 'papper' .did you mean 'paper'"),
    ],
)
def test_an_unknown_name(choice, message):
    with pytest.raises(ValueError, match=message):
        build_pair(Choice(**choice))
