"""The hosts' networks inside FCA², on a GPU that is not there: see tests/nets/test_fake_cuda.py."""

import importlib
import re

import pytest
import torch

from fca2_plugin.apps.benchmark.networks import HOSTS, Choice, build_pair
from tests.conftest import require_host
from tests.nets.fake_cuda import Faults, fake_cuda, on_fake_cuda

for host in HOSTS:
    require_host(host)
pytestmark = [pytest.mark.mmagic, pytest.mark.basicsr]

#: Networks that wait for the GPU, and why.
WAITS = {
    ("mmagic", "iconvsr"): "frames are picked by lists of numbers, which are copied to the GPU",
    ("mmagic", "realbasicvsr"): "it cleans until the change is small, which only the pixels tell",
    ("basicsr", "iconvsr"): "frames are picked by lists of numbers, which are copied to the GPU",
    ("basicsr", "edvr"): "it warns of offsets that are large, which only their values tell",
}


def hosts_own() -> list[tuple[str, str]]:
    """Networks that are the hosts' own code, by host; the others have their own sweep."""
    found = []
    for host in HOSTS:
        nets = importlib.import_module(f"fca2_plugin.{host}.zoo").VSR_NETS
        for name, net in nets.items():
            kinds = re.findall(r"'type': '(\w+)'", repr(net))
            if not all(kind.startswith("FCA2") for kind in kinds):
                found.append((host, name))
    return found


def test_the_hosts_own_networks():
    found = hosts_own()
    assert {"basicvsr", "basicvsr-pp", "edvr", "iconvsr"} <= {name for _, name in found}
    assert set(WAITS) < set(found)


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize(("host", "name"), hosts_own())
def test_no_wait_and_no_coarse_position(host, name, training):
    with fake_cuda(), torch.set_grad_enabled(training):
        choice = Choice(vsr=name, host=host, preset="fast", tiny=True)
        net = on_fake_cuda(build_pair(choice)["wrapped"]).train(training)
        clip = torch.rand(1, 7, 3, 64, 64, device="cuda")
        try:
            with Faults(), torch.autocast("cuda", torch.float16, enabled=training):
                sr = net(clip)
        except Exception:
            if (host, name) not in WAITS:
                raise
            return
    assert (host, name) not in WAITS, "it no longer waits: take it out of WAITS"
    assert sr.device.type == "cuda" and sr.shape == (1, 7, 3, 256, 256)
