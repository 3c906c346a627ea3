"""SPyNet by itself; ``test_spynet_mmagic.py`` compares it with the host's."""

import pytest
import torch

from fca2_plugin.layers.spynet import SPyNet


@pytest.fixture(scope="module")
def net() -> SPyNet:
    torch.manual_seed(0)
    return SPyNet().eval()


def test_parameters_and_names(net):
    assert sum(p.numel() for p in net.parameters()) == 1_440_300
    names = [
        f"basic_module.{level}.basic_module.{index}.conv.{kind}"
        for level in range(6)
        for index in range(5)
        for kind in ("weight", "bias")
    ]
    assert sorted(net.state_dict()) == sorted([*names, "mean", "std"])


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (5, 7), (1, 1)])
def test_any_size(net, size):
    ref, supp = torch.rand(2, 2, 3, *size)
    before = ref.clone(), supp.clone()
    with torch.no_grad():
        flow = net(ref, supp)
    assert flow.shape == (2, 2, *size)
    assert flow.isfinite().all()
    assert torch.equal(ref, before[0]) and torch.equal(supp, before[1])


def test_zero_weights_mean_no_flow():
    still = SPyNet()
    for parameter in still.parameters():
        torch.nn.init.zeros_(parameter)
    assert torch.equal(still(*torch.rand(2, 1, 3, 20, 24)), torch.zeros(1, 2, 20, 24))


def test_a_constant_flow_survives_odd_sizes():
    """The last level's bias adds (1, -2) pixels at the padded size, scaled to the frame's."""
    still = SPyNet()
    for parameter in still.parameters():
        torch.nn.init.zeros_(parameter)
    still.basic_module[-1].basic_module[-1].conv.bias.data = torch.tensor([1.0, -2.0])
    flow = still(*torch.rand(2, 1, 3, 40, 48))  # resized to 64 x 64
    torch.testing.assert_close(flow[:, 0], torch.full((1, 40, 48), 48 / 64))
    torch.testing.assert_close(flow[:, 1], torch.full((1, 40, 48), -2 * 40 / 64))


def test_every_parameter_gets_a_gradient():
    torch.manual_seed(0)
    net = SPyNet()
    net(*torch.rand(2, 1, 3, 33, 40)).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
