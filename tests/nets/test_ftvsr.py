"""FTVSR: the published sizes, padding, both readings of its skip, and what bounds its memory."""

import pytest
import torch

from fca2_plugin.nets import FTVSRNet
from fca2_plugin.nets.ftvsr import _MULTIPLE


def small(**settings) -> FTVSRNet:
    torch.manual_seed(0)
    settings = {"num_blocks": 1, "band_channels": 1, "num_band_blocks": 1, **settings}
    return FTVSRNet(mid_channels=4, **settings).eval()


def clip(t: int = 4, h: int = 16, w: int = 16) -> torch.Tensor:
    return torch.rand(1, t, 3, h, w, generator=torch.Generator().manual_seed(t))


def test_parameters_are_the_published_codes():
    with torch.device("meta"):
        whole, body = FTVSRNet(), FTVSRNet(band_channels=0)
    count = [sum(p.numel() for p in net.parameters()) for net in (whole, body)]
    # 45,807,663 count the fixed transform, 2 * 192 * 64, which is computed here
    assert count == [45_807_663 - 24_576, 6_773_615]


@torch.no_grad()
def test_the_body_alone_is_the_result_where_the_spectrum_does_not_change():
    net = small()
    for parameter in net.frequency.fusion[-1].parameters():
        parameter.zero_()
    x = clip()
    once = net(x)
    net.doubled_skip = True
    torch.testing.assert_close(net(x), 2 * once)
    net.frequency = None
    torch.testing.assert_close(net(x), once)


@torch.no_grad()
def test_pads_by_mirroring_and_cuts_back():
    net = small()
    x = clip(3, 19, 34)
    padded = torch.nn.functional.pad(x[0], (0, 14, 0, 13), mode="reflect")[None]
    assert padded.shape[-2] % _MULTIPLE == padded.shape[-1] % _MULTIPLE == 0
    assert torch.equal(net(x), net(padded)[..., :76, :136])


@torch.no_grad()
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_both_directions_reach_every_frame(stride):
    net, x = small(keyframe_stride=stride), clip(5)
    before = net(x)
    for changed in (0, 4):
        other = x.clone()
        other[:, changed] = 0
        after = net(other)
        assert all(not torch.equal(before[:, i], after[:, i]) for i in range(5))


def test_with_and_without_gradients_it_is_the_same():
    net, x = small(keyframe_stride=1), clip(4)
    with torch.no_grad():
        frozen = net(x)
    torch.testing.assert_close(net(x), frozen, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"keyframe_stride": 0}, "keyframe_stride must be at least 1, got 0"),
        ({"num_heads": 3}, "num_heads=3 does not divide"),
        ({"num_heads": 0}, "num_heads=0 does not divide"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        small(**settings)


def test_first_weights_of_the_flow_network(tmp_path):
    flow = FTVSRNet(4, 1, band_channels=0).spynet
    torch.save(flow.state_dict(), tmp_path / "spynet.pth")
    net = FTVSRNet(4, 1, band_channels=0, spynet_pretrained=str(tmp_path / "spynet.pth"))
    for key, value in flow.state_dict().items():
        assert torch.equal(net.spynet.state_dict()[key], value)
    with pytest.raises(FileNotFoundError, match="no checkpoint at"):
        FTVSRNet(4, 1, band_channels=0, spynet_pretrained=str(tmp_path / "other.pth"))
    torch.save({"weight": torch.zeros(1)}, tmp_path / "wrong.pth")
    with pytest.raises(ValueError, match="does not contain the weights of this spynet: missing"):
        FTVSRNet(4, 1, band_channels=0, spynet_pretrained=str(tmp_path / "wrong.pth"))
