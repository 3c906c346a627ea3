"""BasicVSR without a host against both hosts' own, under the same weights."""

import pytest
import torch
from torch import nn

from fca2_plugin.checkpoints import load_part
from fca2_plugin.nets import BasicVSRNet
from tests.conftest import require_host

SIZES = [(4, 40, 68), (1, 64, 64), (2, 33, 49)]  # frames, height, width


def fill(net: nn.Module) -> nn.Module:
    """Weights that are no start: flow moves things by pixels."""
    torch.manual_seed(0)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.05)
    return net.eval()


def save(net: nn.Module, path) -> str:
    torch.save({"params": net.state_dict()}, path)
    return str(path)


def compare(host: nn.Module, path) -> None:
    own = BasicVSRNet(8, 2)
    load_part(own, save(fill(host), path), "generator")
    own.eval()
    for t, h, w in SIZES:
        lq = torch.rand(1, t, 3, h, w)
        with torch.inference_mode():
            expected = host(lq) if t > 1 else None
            sr = own(lq)
        kept = own(lq.requires_grad_())
        torch.testing.assert_close(sr, kept, rtol=0, atol=1e-5)
        if expected is not None:
            assert expected.std() > 0.1
            torch.testing.assert_close(sr, expected, rtol=0, atol=1e-5)


@pytest.mark.mmagic
def test_mmagics(tmp_path):
    require_host("mmagic")
    from fca2_plugin.mmagic.host_nets import build_host_net

    config = dict(type="BasicVSRNet", mid_channels=8, num_blocks=2, spynet_pretrained=None)
    compare(build_host_net(config), tmp_path / "mmagic.pth")


@pytest.mark.basicsr
def test_basicsrs(tmp_path):
    require_host("basicsr")
    from fca2_plugin.basicsr.host_nets import build_host_net

    config = dict(type="BasicVSR", num_feat=8, num_block=2)
    compare(build_host_net(config), tmp_path / "basicsr.pth")


def test_full_size():
    net = BasicVSRNet()
    assert sum(parameter.numel() for parameter in net.parameters()) == 6_291_311
    assert sum(value.numel() for value in net.state_dict().values()) == 6_291_317


@torch.no_grad()
def test_a_frame_sees_all_others():
    net, lq = fill(BasicVSRNet(4, 1)), torch.rand(1, 4, 3, 12, 16)
    other = lq.clone()
    other[:, 3] = 0
    assert not torch.equal(net(lq)[:, 0], net(other)[:, 0])


@torch.no_grad()
def test_pairs_by_pieces_give_the_same(monkeypatch):
    net, lq = fill(BasicVSRNet(4, 1)), torch.rand(2, 4, 3, 12, 16)
    expected = net(lq)
    monkeypatch.setattr("fca2_plugin.ops.pieces._PIXELS", {"cpu": 12 * 16})
    torch.testing.assert_close(net(lq), expected)
