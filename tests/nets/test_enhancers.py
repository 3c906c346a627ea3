"""The enhancement networks: published sizes and costs, windows, borders, padding, colours."""

import pytest
import torch
from torch import nn

from fca2_plugin.apps.benchmark import count_macs, count_parameters
from fca2_plugin.nets import (
    CFSTIFNet,
    DCADNet,
    FCA2Net,
    MFQE2Net,
    MFQENet,
    RFDANet,
    STDFNet,
    TGAFNet,
)
from fca2_plugin.nets.enhancer import Enhancer
from fca2_plugin.nets.stdf import STDF_VARIANTS
from tests.nets.toys import ToyVSR

PUBLISHED = {  # parameters; billions of multiply-adds for a frame of 416x240
    "DCAD": (DCADNet, 296_641, 29.6),
    "MFQE": (MFQENet, 1_787_547, None),
    "MFQE 2.0": (MFQE2Net, 255_422, None),
    "STDF-R1": (lambda: STDFNet(**STDF_VARIANTS["R1"]), 329_842, None),
    "STDF-R3": (lambda: STDFNet(**STDF_VARIANTS["R3"]), 364_510, None),
    "STDF-R3L": (lambda: STDFNet(**STDF_VARIANTS["R3L"]), 1_274_622, 77.5),
    "STDF in front of VSR": (lambda: STDFNet(**STDF_VARIANTS["frontend"]), 1_108_058, None),
    "RFDA": (RFDANet, 1_270_430, 54.8),
    "CF-STIF": (CFSTIFNet, 2_219_550, 165.8),
    "TGAFNet, 1 SDCB": (lambda: TGAFNet(1), 1_251_484, None),
    "TGAFNet, 2 SDCBs": (lambda: TGAFNet(2), 1_327_356, None),
    "TGAFNet": (TGAFNet, 1_403_228, 125.0),
    "TGAFNet as printed": (lambda: TGAFNet(as_printed=True), 1_371_895, None),
    "TGAFNet as printed, two CMs": (
        lambda: TGAFNet(as_printed=True, shared_context=False),
        1_378_135,
        None,
    ),
}
SMALL = {
    "dcad": lambda **settings: DCADNet(mid_channels=4, num_layers=3, **settings),
    "stdf": lambda **settings: STDFNet(1, 1, 4, 2, 4, 4, 3, **settings),
    "cf-stif": lambda **settings: CFSTIFNet(1, 2, 4, **settings),
    "tgafnet": lambda **settings: TGAFNet(1, 4, **settings),
    "mfqe": lambda **settings: MFQENet(2, 4, **settings),
    "mfqe2": lambda **settings: MFQE2Net(2, 2, **settings),
    "rfda": lambda: RFDANet(1, 4, 4, 4, 1),
}
every_net = pytest.mark.parametrize("name", SMALL)


def build(name: str, **settings) -> Enhancer:
    """A small network in evaluation mode whose offsets are not zero, as after training."""
    torch.manual_seed(0)
    net = SMALL[name](**settings).eval()
    for module in net.modules():
        if isinstance(module, nn.Conv2d) and not module.weight.any():
            nn.init.normal_(module.weight, std=0.5)
    return net


def clip(t: int, c: int = 1, h: int = 16, w: int = 24, n: int = 1) -> torch.Tensor:
    return torch.rand(n, t, c, h, w, generator=torch.Generator().manual_seed(t))


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters(name):
    make, parameters, _ = PUBLISHED[name]
    assert count_parameters(make()) == parameters


@pytest.mark.parametrize("name", [name for name, (*_, macs) in PUBLISHED.items() if macs])
def test_multiply_adds(name):
    """A twentieth of the frame costs a twentieth; what works on pooled maps is little."""
    make, _, macs = PUBLISHED[name]
    counted = 20 * count_macs(make(), torch.rand(1, 1, 1, 48, 104)) / 1e9
    assert counted == pytest.approx(macs, rel=0.005)


@pytest.mark.parametrize("name", ["dcad", "stdf", "cf-stif", "tgafnet"])
@torch.no_grad()
def test_frames_see_their_window_only(name):
    """Nearest frames to the left and right, repeated at the ends."""
    net, x = build(name), clip(9)
    ends = [x[:, [frame] * 3] for frame in (0, -1)]
    padded = torch.cat([ends[0], x, ends[1]], dim=1)
    out = net(x)
    for frame in range(9):
        window = padded[:, frame + 3 - net.radius : frame + 4 + net.radius, 0]
        torch.testing.assert_close(out[:, frame], net.enhance_window(window))


@every_net
@torch.no_grad()
def test_a_window_is_the_frames_of_a_clip(name):
    net = build(name)
    window = clip(net.num_frames)[:, :, 0]
    assert net.enhance_window(window).shape == (1, 1, 16, 24)
    assert net.num_frames == {"dcad": 1, "tgafnet": 7}.get(name, 3)


@pytest.mark.parametrize("name", sorted(SMALL.keys() - {"rfda"}))  # one after another
@torch.no_grad()
def test_fewer_windows_at_once_change_nothing(name):
    x = clip(7, n=2)
    expected = build(name, windows_at_once=None)(x)
    for number in (1, 3, 8):
        torch.testing.assert_close(build(name, windows_at_once=number)(x), expected)


@every_net
@torch.no_grad()
def test_each_colour_is_enhanced_as_luma(name):
    net, x = build(name), clip(4, c=3)
    expected = torch.cat([net(x[:, :, c : c + 1]) for c in range(3)], dim=2)
    torch.testing.assert_close(net(x), expected)


@every_net
@torch.no_grad()
def test_a_silent_network_is_the_identity(name):
    net, x = build(name), clip(3, h=11, w=13)
    last = [module for module in net.modules() if isinstance(module, nn.Conv2d)][-1]
    if name == "mfqe2":  # normalised after the last convolution
        last = net.enhance.last[1]
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    assert torch.equal(net(x), x)


@every_net
def test_spec(name):
    net = build(name)
    assert (net.spec.scale, net.spec.in_channels, net.spec.color) == (1, 1, "y")
    multiples = {"dcad": 1, "mfqe": 4, "mfqe2": 4, "cf-stif": 4, "stdf": 4}
    assert net.spec.size_multiple == multiples.get(name, 8)


@every_net
@torch.no_grad()
def test_sizes_that_fit_are_not_padded(name):
    """What is computed for a fitting size is what the layers alone compute."""
    net, window = build(name), clip(7)[:, :, 0]
    window = window[:, : net.num_frames]
    expected = window[:, net.radius, None] + net.residual(window)
    torch.testing.assert_close(net.enhance_window(window), expected)


@torch.no_grad()
def test_rgb_planes_are_in_the_order_of_colours():
    """R of all frames, then G, then B; the residual goes onto the middle frame of each."""
    torch.manual_seed(0)
    net = STDFNet(1, 3, 4, 1, 4, 4, 2)
    seen = []
    net.fusion.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    x = clip(3, c=3)
    net(x)
    planes = torch.cat([x[:, [0, 1, 2], c] for c in range(3)], dim=1)  # (1, 9, h, w)
    assert torch.equal(seen[0][1:2], planes)
    assert net.spec.color == "rgb"
    nn.init.zeros_(net.enhance[-1].weight)
    nn.init.zeros_(net.enhance[-1].bias)
    assert torch.equal(net(x), x)


@torch.no_grad()
@pytest.mark.parametrize("name", ["stdf", "tgafnet"])
def test_inside_fca2(name):
    """As the network that FCA² wraps, at scale 1, and as what cleans its input."""
    net, x = build(name), clip(7, c=3)
    assert torch.equal(FCA2Net(vsr=net)(x), net(x))
    cleaned = FCA2Net(None, ToyVSR(), net)
    assert cleaned(x).shape == (1, 7, 3, 64, 96)
    assert torch.equal(cleaned.clean(x), net(x))


@pytest.mark.parametrize("shape", [(1, 16, 16), (1, 0, 1, 16, 16), (2, 3, 0, 16, 16)])
def test_an_input_that_is_no_clip_raises(shape):
    with pytest.raises(ValueError, match="got an input of shape .* any number of channels"):
        build("dcad")(torch.zeros(shape))


def test_channels_of_an_rgb_network_are_three():
    with pytest.raises(ValueError, match=r"DCADNet got .* \(1, 2, 1, 8, 8\); .* of 3 channels"):
        DCADNet(3, 4, 2)(torch.zeros(1, 2, 1, 8, 8))


@pytest.mark.parametrize("shape", [(1, 5, 16, 16), (1, 3, 1, 16, 16)])
def test_a_window_of_other_frames_raises(shape):
    with pytest.raises(ValueError, match=r"got a window .* expected \(b, 3, h, w\), 3 frames of 1"):
        build("stdf").enhance_window(torch.zeros(shape))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"radius": -1}, "radius must be at least 0, got -1"),
        ({"in_channels": 0}, "in_channels must be at least 1, got 0"),
        ({"windows_at_once": 0}, "windows_at_once must be at least 1, got 0"),
    ],
)
def test_settings_that_leave_nothing_raise(settings, message):
    with pytest.raises(ValueError, match=message):
        STDFNet(**settings)


@pytest.mark.parametrize(
    "make",
    [
        lambda **start: STDFNet(1, 1, 8, 2, 8, 8, 4, **start),
        lambda **start: TGAFNet(1, 8, **start),
        lambda **start: TGAFNet(1, 8, as_printed=True, **start),
    ],
)
def test_a_quick_start_changes_first_weights_alone_and_gains_at_once(make):
    """Coded frames are made by dropping what is finest; a few steps bring some of it back."""
    torch.manual_seed(0)
    net = make(quick_start=True)
    assert net.state_dict().keys() == make().state_dict().keys()
    gt = nn.functional.avg_pool2d(torch.rand(4, 7, 34, 34), 3, 1)
    lq = nn.functional.avg_pool2d(gt, 3, 1, 1)[:, 3 - net.radius : 4 + net.radius]
    gt = gt[:, 3:4]
    start = nn.functional.mse_loss(net(lq), gt)
    torch.testing.assert_close(net(lq), lq[:, net.radius : net.radius + 1], rtol=0, atol=0)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(20):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(lq), gt)
        loss.backward()
        optimizer.step()
    assert loss < 0.7 * start
