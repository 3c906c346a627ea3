"""MFQE and MFQE 2.0: which neighbours, flow in units of 64 pixels, and the pair of networks."""

import pytest
import torch
from torch import nn

from fca2_plugin.nets import MFQE2Net, MFQE2PairNet, MFQENet
from fca2_plugin.nets.mfqe import MotionCompensation


def build(cls: type = MFQE2Net, **settings) -> nn.Module:
    torch.manual_seed(0)
    net = cls(2, 2, **settings).eval()
    for module in net.modules():
        if isinstance(module, nn.PReLU):
            nn.init.constant_(module.weight, 0.3)
    return net


def video(t: int = 7) -> torch.Tensor:
    return torch.rand(2, t, 1, 12, 16, generator=torch.Generator().manual_seed(t))


def count(module: nn.Module, kind: type = nn.Module) -> int:
    return sum(
        p.numel()
        for m in module.modules()
        if isinstance(m, kind)
        for p in m.parameters(recurse=False)
    )


def test_sizes_of_the_parts():
    net = MFQE2Net()
    assert count(net.compensation, nn.Conv2d) == 70_554
    assert count(net.compensation, nn.PReLU) == 288
    assert count(net.enhance, nn.Conv2d) == 183_809
    assert count(net.enhance, nn.PReLU) == 449
    assert count(net.enhance, nn.BatchNorm2d) == 322


def test_activations_start_as_relu():
    slopes = [m.weight for m in MFQE2Net().modules() if isinstance(m, nn.PReLU)]
    assert slopes and not any(slope.any() for slope in slopes)


@torch.no_grad()
@pytest.mark.parametrize(("dx", "dy"), [(2, 0), (0, -3), (1, 2)])
def test_flow_is_in_units_of_64_pixels(dx, dy):
    frame = torch.rand(1, 1, 12, 16)
    flow = torch.tensor([dx / 64, dy / 64]).view(1, 2, 1, 1).expand(1, 2, 12, 16)
    warped = MotionCompensation.warp(frame, flow)
    for row in range(12):
        for col in range(16):
            source = min(max(row + dy, 0), 11), min(max(col + dx, 0), 15)
            assert warped[0, 0, row, col].item() == pytest.approx(
                frame[(0, 0, *source)].item(), abs=1e-5
            )


@torch.no_grad()
def test_no_flow_compensates_nothing():
    net, window = build(), video(3)[:, :, 0]
    for flow in (net.compensation.coarse, net.compensation.fine, net.compensation.finest):
        nn.init.zeros_(flow[-3].weight)
        nn.init.zeros_(flow[-3].bias)
    torch.testing.assert_close(net.compensate(window), window[:, [0, 2]])


@torch.no_grad()
def test_both_neighbours_are_compensated_alike():
    net, window = build(), video(3)[:, :, 0]
    moved = net.compensate(window)
    torch.testing.assert_close(net.compensate(window.flip(1)), moved.flip(1))


@torch.no_grad()
def test_neighbours_are_the_nearest_pqfs():
    net, x = build(), video()
    out = net(x, pqfs=[1, 4])
    windows = [[0, 0, 1], [1, 1, 4], [1, 2, 4], [1, 3, 4], [1, 4, 4], [4, 5, 5], [4, 6, 6]]
    for frame, window in enumerate(windows):
        torch.testing.assert_close(out[:, frame], net.enhance_window(x[:, window, 0]))
    assert torch.equal(net(x), net(x, pqfs=[0, 2, 4, 6]))


@torch.no_grad()
def test_the_pair_takes_turns():
    pair, x = build(MFQE2PairNet), video()
    for pqfs in ([1, 4], [], range(7), (5, 0)):
        out = pair(x, pqfs=pqfs)
        one, other = pair.pqf_net(x, pqfs), pair.non_pqf_net(x, pqfs)
        for frame in range(7):
            expected = one if frame in pqfs else other
            torch.testing.assert_close(out[:, frame], expected[:, frame])
    assert torch.equal(pair(x), pair(x, pqfs=[0, 2, 4, 6]))


def test_dense_layers_see_all_before_them():
    net = MFQE2Net()
    assert [layer[0].in_channels for layer in net.enhance.dense] == [288, 32, 64, 96, 128]
    plain = MFQE2Net(dense=False).enhance.last
    widths = [layer.out_channels for layer in plain if isinstance(layer, nn.Conv2d)]
    assert widths == [32] * 7 + [16, 1]


@torch.no_grad()
def test_the_first_merges_each_neighbour_with_the_frame():
    torch.manual_seed(0)
    enhance, frames = MFQENet(2, 4).enhance, torch.rand(1, 3, 12, 12)
    maps = [layer(frames[:, i : i + 1]) for i, layer in enumerate(enhance.extract)]
    merged = [enhance.merge[i](torch.cat(maps[i : i + 2], 1)) for i in range(2)]
    torch.testing.assert_close(enhance(frames), enhance.last(torch.cat(merged, 1)))


def test_both_compensate_motion_with_the_same_layers():
    shapes = [
        {key: value.shape for key, value in cls().compensation.state_dict().items()}
        for cls in (MFQENet, MFQE2Net)
    ]
    assert shapes[0] == shapes[1]


def test_pqfs_outside_raise():
    with pytest.raises(ValueError, match=r"peaks \[7\] are not in the clip of 7 frames"):
        build()(video(), pqfs=[7])
