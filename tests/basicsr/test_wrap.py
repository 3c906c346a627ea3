"""FCA² around the host's architectures, through the host's registries."""

import importlib

import pytest
import torch
from basicsr.archs import build_network
from basicsr.utils.registry import ARCH_REGISTRY, MODEL_REGISTRY

import fca2_plugin.basicsr
from fca2_plugin.basicsr import register
from fca2_plugin.basicsr.host_nets import FCA2Network
from tests.basicsr import runs

pytestmark = pytest.mark.basicsr


def test_importing_and_registering_twice_changes_nothing():
    before = [dict(iter(registry)) for registry in (ARCH_REGISTRY, MODEL_REGISTRY)]
    importlib.reload(fca2_plugin.basicsr)
    register.register_all()
    assert [dict(iter(registry)) for registry in (ARCH_REGISTRY, MODEL_REGISTRY)] == before


def test_every_name_of_ours_begins_with_fca2():
    for registry in (ARCH_REGISTRY, MODEL_REGISTRY):
        for name, value in registry:
            ours = value.__module__.startswith("fca2_plugin.")
            assert name.startswith("FCA2") == ours, name
    assert ARCH_REGISTRY.get("FCA2Net") is ARCH_REGISTRY.get("FCA2Wrapper") is FCA2Network


@pytest.mark.parametrize("net", runs.NETS)
@pytest.mark.parametrize(("frames", "size"), [(1, (17, 19)), (5, (33, 40))])
def test_any_size_and_length(net, frames, size):
    torch.manual_seed(0)
    model = build_network(runs.wrapped(net)).eval()
    with torch.no_grad():
        sr = model(torch.rand(1, frames, 3, *size))
    assert sr.shape == (1, frames, 3, 4 * size[0], 4 * size[1])
    assert sr.isfinite().all()


@pytest.mark.parametrize("net", runs.NETS)
def test_without_its_parts_it_is_the_hosts_network(net):
    torch.manual_seed(0)
    wrapped = build_network(runs.wrapped(net, cleaning=False, autoencoder=False)).eval()
    plain = build_network({"type": net, **runs.NETS[net]}).eval()
    plain.load_state_dict(wrapped.vsr.state_dict())
    lq = torch.rand(1, 5 if net == "IconVSR" else 2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(wrapped(lq), plain(lq))


@pytest.mark.parametrize(
    ("vsr", "error", "sentence"),
    [
        (dict(type="BasicVSRR"), ValueError, "network type 'BasicVSRR' .did you mean 'BasicVSR'"),
        (dict(type="BasicVSR", num_fet=8), TypeError, "'num_fet' .did you mean 'num_feat'"),
        (dict(num_feat=8), TypeError, "expected {type: BasicVSR, ...}"),
        ("BasicVSR", TypeError, "the network is 'BasicVSR'; expected {type"),
        (None, ValueError, "stage='joint' needs a VSR network to wrap; set vsr: {type: BasicVSR"),
    ],
)
def test_wrong_networks(vsr, error, sentence):
    with pytest.raises(error, match=sentence):
        build_network(runs.wrapped() | {"vsr": vsr})
