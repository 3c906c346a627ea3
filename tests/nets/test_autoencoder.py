"""The frame autoencoder: codes, flow guidance, trunk, short clips."""

import pytest
import torch
from torch import nn

from fca2_plugin.nets import FrameAutoencoder
from fca2_plugin.ops import pieces
from fca2_plugin.ops.frame_groups import groups_between
from fca2_plugin.ops.warp import flow_warp

TABLE_VI = [(6, 0), (6, 2), (9, 0), (9, 3), (12, 4), (18, 8)]


def small(**settings) -> FrameAutoencoder:
    torch.manual_seed(0)
    base = {"mid_channels": 8, "num_blocks": 1, "flow_mode": None, "trunk_frames": None}
    return FrameAutoencoder(**{**base, **settings})


def clip(t: int, n: int = 2, size: int = 8) -> torch.Tensor:
    return torch.rand(n, t, 3, size, size, generator=torch.Generator().manual_seed(t))


def inputs_of(module: nn.Module) -> list[torch.Tensor]:
    seen = []
    module.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    return seen


class PairFlow(nn.Module):
    """A flow that tells which two (constant) frames it joins."""

    def forward(self, ref: torch.Tensor, supp: torch.Tensor) -> torch.Tensor:
        return torch.stack([ref[:, 0], supp[:, 0]], dim=1)


@pytest.mark.parametrize(
    ("s", "o", "codes"),
    [
        (6, 0, (4, 20, 60)),
        (6, 2, (5, 25, 75)),
        (9, 0, (3, 15, 45)),
        (9, 3, (3, 15, 45)),
        (12, 4, (3, 15, 45)),
        (18, 8, (2, 10, 30)),
    ],
)
def test_codes_of_clips_in_chunks_of_7(s, o, codes):
    net = small(n_subs=s, n_ovls=o)
    assert tuple(-(-n // 7) * net.num_codes(7) for n in (7, 30, 100)) == codes


@pytest.mark.parametrize(("s", "o"), TABLE_VI)
@torch.no_grad()
def test_shapes(s, o):
    net = small(n_subs=s, n_ovls=o)
    for t in range(1, 13):
        codes = net.encode(clip(t))
        assert codes.images.shape == (2, net.num_codes(t), 3, 8, 8)
        assert len(net.plan(t)) == net.num_codes(t)
        assert net.decode(codes).shape == (2, t, 3, 8, 8)


def test_min_frames():
    assert [small(n_subs=s, n_ovls=0).min_frames for s in (1, 3, 4, 9, 18)] == [1, 1, 2, 3, 6]
    assert small().num_codes(1) == small().num_codes(3) == 1


@pytest.mark.parametrize("flow_mode", [None, "concat", "recurrent"])
@torch.no_grad()
def test_short_clips_repeat_their_last_frame(flow_mode):
    net, x = small(flow_mode=flow_mode), clip(2)
    longer = torch.cat([x, x[:, -1:]], dim=1)
    torch.testing.assert_close(net.encode(x)[0], net.encode(longer)[0])
    torch.testing.assert_close(net(x), net(longer)[:, :2])


@torch.no_grad()
def test_all_groups_share_one_encoder_and_decoder():
    net, x = small(), clip(7)
    codes, _ = encoded = net.encode(x)
    frames = net.decode(encoded).flatten(1, 2)
    total, counts = torch.zeros_like(frames), torch.zeros(21)
    for k, start in enumerate((0, 6, 12)):
        expected = net.encoder(x.flatten(1, 2)[:, start : start + 9])
        torch.testing.assert_close(codes[:, k], expected)
        total[:, start : start + 9] += net.decoder(codes[:, k])
        counts[start : start + 9] += 1
    torch.testing.assert_close(frames, total / counts.view(-1, 1, 1))


@pytest.mark.parametrize(("s", "o"), TABLE_VI)
@torch.no_grad()
def test_concat_gives_each_group_its_own_flows(s, o):
    net = small(n_subs=s, n_ovls=o, flow_mode="concat")
    net.spynet = PairFlow()
    seen = inputs_of(net.encoder)
    frames = 1 + torch.arange(7.0).view(1, 7, 1, 1, 1).expand(1, 7, 3, 2, 2)
    net.encode(frames)
    pixel = seen[0][:, :, 0, 0]  # (K, S + 2 * flows)
    num_flows = net.grouping.frames_per_group() - 1
    assert pixel.shape == (net.num_codes(7), s + 2 * num_flows)
    for group in pixel.tolist():
        first = int(group[0])
        joined = [(i + 1, i) if i + 1 <= 7 else (0, 0) for i in range(first, first + num_flows)]
        assert group[s:] == [value for pair in joined for value in pair]


@torch.no_grad()
def test_recurrent_mixes_the_warped_previous_output():
    net, x = small(flow_mode="recurrent"), clip(4)
    seen = inputs_of(net.encoder)
    net.encode(x)
    outputs = [net.flow_net(torch.cat([x[:, 0], torch.zeros_like(x[:, 0])], dim=1))]
    for t in range(1, 4):
        flow = net.spynet(x[:, t], x[:, t - 1]).permute(0, 2, 3, 1)
        warped = flow_warp(outputs[-1], flow)
        outputs.append(net.flow_net(torch.cat([x[:, t], warped], dim=1)))
    expected = net.grouping.group(torch.cat(outputs, dim=1)).flatten(0, 1)
    torch.testing.assert_close(seen[0], expected)


def test_only_the_parts_of_the_chosen_flow_mode_exist():
    names = {mode: dict(small(flow_mode=mode).named_children()) for mode in (None, "concat")}
    assert "spynet" not in names[None] and "flow_net" not in names[None]
    assert "spynet" in names["concat"] and "flow_net" not in names["concat"]
    assert {"spynet", "flow_net"} <= dict(small(flow_mode="recurrent").named_children()).keys()


@torch.no_grad()
def test_image_codes_start_from_the_mean_frame():
    net, x = small(image_codes=True), clip(7)
    for body in (net.encoder, net.decoder):
        nn.init.zeros_(body.tail.weight)
        nn.init.zeros_(body.tail.bias)
    codes, _ = net.encode(x)
    means = torch.stack([x[:, first : first + 3].mean(dim=1) for first in (0, 2, 4)], dim=1)
    torch.testing.assert_close(codes, means)
    still = x[:, :1].expand(-1, 7, -1, -1, -1)
    torch.testing.assert_close(net(still), still)


@torch.no_grad()
def test_trunk_corrects_seven_frames_at_a_time():
    net, plain = small(trunk_frames=7), small()
    plain.load_state_dict(net.state_dict(), strict=False)
    x = clip(9)
    frames = plain(x)
    last = frames[:, 8:].expand(-1, 5, -1, -1, -1)
    pieces = [frames[:, :7], torch.cat([frames[:, 7:], last], dim=1)]
    stacked = [piece.flatten(1, 2) for piece in pieces]
    smooth = [(y + net.trunk(y)).unflatten(1, (7, 3)) for y in stacked]
    torch.testing.assert_close(net(x), torch.cat(smooth, dim=1)[:, :9])
    seen = inputs_of(net.trunk)
    net(clip(7))
    net(clip(8))
    assert [len(pieces) for pieces in seen] == [2 * 1, 2 * 2]


def test_unknown_flow_mode_raises():
    with pytest.raises(ValueError, match="unknown flow_mode 'recurent' .did you mean 'recurrent'"):
        small(flow_mode="recurent")


@pytest.mark.parametrize(("s", "o"), [(6, 2), (12, 4), (18, 8), (8, 0)])
def test_image_codes_of_cut_frames_raise(s, o):
    with pytest.raises(ValueError, match=f"image_codes needs .* n_subs={s}, n_ovls={o} cut"):
        small(n_subs=s, n_ovls=o, image_codes=True)


def test_impossible_groups_raise():
    with pytest.raises(ValueError, match="do not make groups"):
        small(n_subs=3, n_ovls=3)


def test_codes_of_another_clip_raise():
    net = small()
    with pytest.raises(ValueError, match="got 3 groups of 9 channels; 36 channels"):
        net.decode(net.encode(clip(7))._replace(guide=12))


def test_groups_of_another_kind_raise():
    net, x = small(), clip(7)
    assert torch.equal(net.encode(x, net.plan(7)).images, net.encode(x).images)
    with pytest.raises(ValueError, match="groups are fixed by n_subs=9 and n_ovls=3, but other"):
        net.encode(x, groups_between((0, 3, 6), 7))


@pytest.mark.parametrize("trunk_frames", [None, 2])
def test_decoding_in_pieces_changes_nothing(monkeypatch, trunk_frames):
    net = FrameAutoencoder(mid_channels=4, num_blocks=1, trunk_frames=trunk_frames, flow_mode=None)
    x = torch.rand(2, 7, 3, 8, 10)
    whole = net(x)
    monkeypatch.setitem(pieces._PIXELS, "cpu", 2 * 80)
    with torch.no_grad():
        torch.testing.assert_close(net(x), whole)
