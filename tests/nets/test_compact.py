"""The compact networks: where they start, what their flow learns, whose weights start it."""

import pytest
import torch

from fca2_plugin.nets import CompactFlowNet, CompactSRNet, CompactVSRNet
from fca2_plugin.nets.staged import StagedFCA2Net
from fca2_plugin.ops.resize import bicubic_enlarge


@pytest.mark.parametrize("build", [CompactVSRNet, CompactSRNet])
@torch.no_grad()
def test_training_starts_near_bicubic(build):
    torch.manual_seed(0)
    lq = torch.rand(1, 3, 3, 12, 16)
    expected = bicubic_enlarge(lq[0], 4)
    assert (build()(lq)[0] - expected).abs().max() < 0.01


@torch.no_grad()
def test_a_frame_sees_all_others_but_only_of_a_recurrent_network():
    torch.manual_seed(0)
    lq = torch.rand(1, 5, 3, 12, 16)
    other = lq.clone()
    other[:, 4] = 0
    for net, sees in ((CompactVSRNet(), True), (CompactSRNet(), False)):
        assert torch.equal(net(lq)[:, 0], net(other)[:, 0]) is not sees


@torch.no_grad()
def test_without_flow_every_frame_is_rebuilt_from_its_neighbour():
    net = CompactFlowNet()
    for parameter in net.parameters():
        parameter.zero_()
    lq = torch.rand(1, 5, 3, 12, 16)
    torch.testing.assert_close(net(lq), lq[:, [1, 0, 3, 2, 3]])


def test_flow_learns_a_shift_from_the_photometric_loss():
    torch.manual_seed(0)
    noise = torch.nn.functional.avg_pool2d(torch.rand(1, 3, 40, 40), 5, 1, 2)
    lq = torch.stack([noise[..., 4:36, 4 + i : 36 + i] for i in range(2)], dim=1)
    net = CompactFlowNet()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    losses = []
    for _ in range(40):
        loss = (net(lq) - lq).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_both_flow_networks_start_from_a_file_of_their_own(tmp_path):
    flow = CompactFlowNet()
    torch.save(flow.state_dict(), tmp_path / "flow.pth")
    settings = {"num_levels": 4, "widths": (24, 32, 24), "kernel_size": 3}
    net = StagedFCA2Net(
        CompactVSRNet(4, 1),
        stage="joint",
        preset="tiny",
        autoencoder={"flow_mode": "concat", "spynet": settings},
        checkpoints={name: str(tmp_path / "flow.pth") for name in ("spynet", "vsr_spynet")},
    )
    assert set(net.load_parts()) == {"spynet", "vsr_spynet"}
    expected = flow.spynet.state_dict()
    for loaded in (net.autoencoder.spynet, net.vsr.spynet):
        assert all(value.equal(expected[key]) for key, value in loaded.state_dict().items())
