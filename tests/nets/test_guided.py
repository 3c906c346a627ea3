"""The guided autoencoder: what it is before it has learned, groups of any size, what it costs."""

import pytest
import torch
from torch.nn import functional as F

from fca2_plugin.apps.benchmark import count_macs
from fca2_plugin.apps.benchmark.networks import Choice, build_pair
from fca2_plugin.nets import FCA2Net, GuidedAutoencoder, NetSpec
from fca2_plugin.nets.codes import Codes
from fca2_plugin.ops import pieces
from fca2_plugin.ops.flow import dense_flow
from fca2_plugin.ops.frame_groups import FrameGroup
from fca2_plugin.ops.resize import bicubic_enlarge
from fca2_plugin.ops.warp import flow_warp
from tests.conftest import require_host
from tests.nets.toys import RecordingVSR, ToyVSR

KEYS = (1, 3, 5)


def small(woken: bool = False, **settings) -> GuidedAutoencoder:
    torch.manual_seed(0)
    net = GuidedAutoencoder(**{"clean_channels": 4, "mid_channels": 8, **settings})
    if woken:
        for tail in (net.cleaner[-1], net.fusion[-1]):
            torch.nn.init.normal_(tail.weight, std=0.1)
    return net


def moving_clip(t: int, size: int = 24, n: int = 1) -> torch.Tensor:
    """A smooth picture that moves by (0.5, 0.25) pixels a frame."""
    generator = torch.Generator().manual_seed(0)
    picture = F.interpolate(
        torch.rand(n, 3, 8, 8, generator=generator), size=size, mode="bicubic"
    ).clamp(0, 1)
    frames = [
        flow_warp(
            picture,
            torch.tensor([0.5 * i, 0.25 * i]).expand(n, size, size, 2),
            padding_mode="border",
        )
        for i in range(t)
    ]
    return torch.stack(frames, dim=1)


@torch.no_grad()
def test_codes_start_as_the_key_frames():
    x = moving_clip(7)
    codes, _ = small().encode(x)
    assert torch.equal(codes, x[:, KEYS])


@torch.no_grad()
@pytest.mark.parametrize("t", range(1, 10))
def test_frames_start_as_they_were(t):
    net, x = small(), moving_clip(t)
    assert net.encode(x)[0].shape[1] == net.num_codes(t)
    torch.testing.assert_close(net(x), x)


@torch.no_grad()
def test_key_frames_are_the_super_resolved_codes():
    net, x = small(woken=True), moving_clip(7)
    _, guide = net.encode(x)
    sr = torch.rand(1, 3, 3, 96, 96)
    torch.testing.assert_close(net.decode(Codes(sr, guide))[:, KEYS], sr)


@torch.no_grad()
def test_starts_as_the_sum_of_enlarged_frames_and_warped_detail():
    """Frame by frame, as the module's text says it, from the public operators."""
    net, x = small(), moving_clip(7)
    codes, guide = net.encode(x)
    sr = bicubic_enlarge(codes.flatten(0, 1), 4)[None] + 0.1 * torch.rand(1, 3, 3, 96, 96)
    result = net.decode(Codes(sr, guide))
    for frame, keys in {0: (1,), 2: (1, 3), 4: (3, 5), 6: (5,)}.items():
        total = weight = 0
        for key in keys:
            flow = dense_flow(x[:, frame], x[:, key])
            warped = flow_warp(x[:, key], flow.permute(0, 2, 3, 1), padding_mode="border")
            error = (x[:, frame] - warped).abs().mean(dim=1, keepdim=True)
            error = F.avg_pool2d(F.pad(error, (1, 1, 1, 1), mode="replicate"), 3, 1)
            trust = torch.sigmoid(F.interpolate(6 - 100 * error, scale_factor=4, mode="bilinear"))
            flow = 4 * F.interpolate(flow, scale_factor=4, mode="bilinear")
            detail = sr[:, KEYS.index(key)] - bicubic_enlarge(x[:, key], 4)
            carried = flow_warp(detail, flow.permute(0, 2, 3, 1), padding_mode="border")
            total, weight = total + trust * carried, weight + trust
        expected = bicubic_enlarge(x[:, frame], 4) + total / weight.clamp_min(1)
        torch.testing.assert_close(result[:, frame], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("budget", [1, 2 * 96 * 96])
@pytest.mark.parametrize("batch", [1, 2])
def test_decoding_in_pieces_changes_nothing(monkeypatch, budget, batch):
    """Without gradients, frames at the size of the result are made a few at a time."""
    net, x = small(woken=True), torch.cat([moving_clip(7)] * batch)
    sr = torch.rand(batch, 3, 3, 96, 96)
    whole = net.decode(Codes(sr, net.encode(x).guide))
    assert whole.requires_grad
    monkeypatch.setitem(pieces._PIXELS, "cpu", budget)
    with torch.no_grad():
        torch.testing.assert_close(net.decode(Codes(sr, net.encode(x).guide)), whole)


@pytest.mark.parametrize(("budget", "encoded"), [(1, [1] * 15), (4 * 24 * 24, [4, 4, 4, 3])])
def test_long_clips_go_through_in_pieces(monkeypatch, budget, encoded):
    """Around the VSR network, which gets all codes as one sequence, a few groups are at work."""
    vsr = RecordingVSR(spec=NetSpec(scale=4))
    net, clip = FCA2Net(small(woken=True), vsr, join_codes=True), moving_clip(33)
    sizes, encode = [], net.autoencoder._encode
    whole = net(clip)
    assert whole.requires_grad
    monkeypatch.setitem(pieces._PIXELS, "cpu", budget)
    monkeypatch.setattr(
        net.autoencoder, "_encode", lambda x, part: sizes.append(len(part)) or encode(x, part)
    )
    with torch.no_grad():
        torch.testing.assert_close(net(clip), whole)
    assert sizes == encoded
    assert vsr.seen[-1].shape == (1, 15, 3, 24, 24)


@torch.no_grad()
def test_detail_moves_along():
    """True detail of the key frames alone brings a moving clip most of the way back."""
    gt = moving_clip(7, 96)
    lq = gt[..., ::4, ::4]
    net = small()
    _, guide = net.encode(lq)
    result = net.decode(Codes(gt[:, KEYS], guide))
    bicubic = bicubic_enlarge(lq[0], 4)[None]
    error, floor = ((y - gt)[..., 8:-8, 8:-8].square().mean() for y in (result, bicubic))
    assert error < 0.5 * floor


@torch.no_grad()
def test_nothing_is_carried_over_a_cut():
    """A frame that its key frame does not resemble is enlarged, and nothing more."""
    x = moving_clip(3)
    x[:, 2] = 1 - x[:, 2]
    net = small()
    codes, guide = net.encode(x)
    sr = bicubic_enlarge(codes[0], 4)[None] + 0.2
    last = net.decode(Codes(sr, guide))[:, 2]
    assert (last - bicubic_enlarge(x[:, 2], 4)).abs().mean() < 0.02


@torch.no_grad()
@pytest.mark.parametrize(
    "groups",
    [
        [FrameGroup(k, ()) for k in range(6)],
        [FrameGroup(0, ()), FrameGroup(3, (1, 2, 4, 5))],
        [FrameGroup(2, (0, 1, 3)), FrameGroup(4, (3, 5))],
    ],
)
def test_one_set_of_weights_serves_groups_of_any_size(groups):
    net, x = small(woken=True), moving_clip(6)
    codes, guide = net.encode(x, groups)
    assert codes.shape[1] == len(groups)
    assert guide.groups == tuple(groups)
    sr = torch.rand(1, len(groups), 3, 96, 96)
    result = net.decode(Codes(sr, guide))
    assert result.shape == (1, 6, 3, 96, 96)
    torch.testing.assert_close(result[:, [group.key for group in groups]], sr)


@torch.no_grad()
def test_neighbours_in_any_order_make_the_same_code():
    net, x = small(woken=True), moving_clip(3)
    there, back = (net.encode(x, [FrameGroup(1, m)])[0] for m in ((0, 2), (2, 0)))
    torch.testing.assert_close(there, back)
    assert not torch.allclose(there, x[:, 1:2])


@torch.no_grad()
def test_codes_of_any_divisor_of_the_scale():
    net, x = small(woken=True), moving_clip(7)
    codes, guide = net.encode(x)
    for scale in (1, 2, 4):
        sr = torch.rand(1, 3, 3, 24 * scale, 24 * scale)
        result = net.decode(Codes(sr, guide))
        assert result.shape == (1, 7, 3, 24 * scale, 24 * scale)
        torch.testing.assert_close(result[:, KEYS], sr)


def test_gradient_reaches_the_vsr_network_past_a_frozen_autoencoder():
    net = FCA2Net(small(), ToyVSR(), color_correction=None, frozen=("autoencoder",))
    sr = net(moving_clip(7))
    sr[:, [0, 2, 4, 6]].square().mean().backward()  # the frames that codes are carried to
    assert all(p.grad.any() for p in net.vsr.parameters())
    assert all(p.grad is None for p in net.autoencoder.parameters())


def test_the_first_step_moves_both_networks():
    net = FCA2Net(small(), ToyVSR(), color_correction=None)
    net(moving_clip(7)).square().mean().backward()
    for tail in (net.autoencoder.cleaner[-1], net.autoencoder.fusion[-1]):
        assert tail.weight.grad.any()


@torch.no_grad()
def test_batched_is_looped():
    net = FCA2Net(small(woken=True), ToyVSR(), color_correction=None)
    x = torch.cat([moving_clip(21), moving_clip(21).flip(1)])
    looped = torch.cat([net(clip[None]) for clip in x])
    torch.testing.assert_close(net(x), looped, rtol=1e-4, atol=1e-5)
    net.chunks_at_once = 1
    torch.testing.assert_close(net(x), looped, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_adaptive_groups_follow_the_clip():
    """A still scene, a cut, a still scene: three codes in one sequence, outside training only."""
    vsr = RecordingVSR()
    net = FCA2Net(small(), vsr, color_correction=None, grouping="adaptive").eval()
    x = torch.cat([moving_clip(1).expand(-1, 7, -1, -1, -1), 1 - moving_clip(9)], dim=1)
    plan = net.follow(x[0])
    assert plan.cuts == (7,)
    sr = net(torch.cat([x, x]))
    assert sr.shape == (2, 16, 3, 96, 96)
    assert vsr.seen[0].shape[1] == len(plan.groups) < 6
    codes, guide = net.encode(x, plan.groups)
    torch.testing.assert_close(sr[:1], net.autoencoder.decode(Codes(net.vsr(codes), guide)))
    net.train()(x)
    assert vsr.seen[-1].shape[:2] == (3, 3)


@torch.no_grad()
def test_colour_of_adaptive_groups_is_their_keys():
    vsr = RecordingVSR()
    net = FCA2Net(small(woken=True), vsr, grouping="adaptive", color_at="encoder").eval()
    x = moving_clip(7)
    net(x)
    keys = [group.key for group in net.plan(x)]
    means = x[:, keys].mean(dim=(-2, -1))
    torch.testing.assert_close(vsr.seen[0].mean(dim=(-2, -1)), means)


@torch.no_grad()
def test_bfloat16_keeps_flow_and_warp_in_float32():
    net, x = small(woken=True).eval(), moving_clip(7)
    expected = net(x)
    flows = net.encode(x)[1].flow
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(net.encode(x)[1].flow, flows)
        assert (net(x) - expected).abs().max() < 0.02


@pytest.mark.slow
def test_adds_no_more_than_the_speed_allows():
    """BasicVSR's widths: 2.1 times fewer multiply-accumulates, FCA²'s own included."""
    require_host("mmagic")
    pair = build_pair(Choice(preset="fast"))
    x = torch.rand(1, 7, 3, 64, 64)
    baseline, wrapped = (count_macs(pair[name], x) for name in ("baseline", "wrapped"))
    assert baseline / wrapped >= 2.1


@pytest.mark.parametrize(("s", "o"), [(8, 2), (6, 2), (12, 4)])
def test_groups_that_cut_frames_raise(s, o):
    with pytest.raises(ValueError, match=f"n_subs={s}, n_ovls={o} cut frames .* multiples of 3"):
        GuidedAutoencoder(n_subs=s, n_ovls=o)


@torch.no_grad()
def test_codes_that_do_not_fit_the_guide_raise():
    net = small()
    codes, guide = net.encode(moving_clip(7))
    with pytest.raises(ValueError, match="got 2 codes; the guide's 7 frames make 3 groups"):
        net.decode(Codes(codes[:, :2], guide))
    for size in (72, 12, 36):
        with pytest.raises(ValueError, match="do not fit LQ frames of .* scale=4; expected codes"):
            net.decode(Codes(torch.rand(1, 3, 3, size, size), guide))
