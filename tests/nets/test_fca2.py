"""FCA2Net: chunks, frozen parts, what it gives a VSR network and asks of its answer."""

import copy

import pytest
import torch
from torch import nn

from fca2_plugin.nets import CleaningNet, FCA2Net, FrameAutoencoder, GuidedAutoencoder, NetSpec
from fca2_plugin.nets.codes import Codes
from fca2_plugin.nets.fca2 import PARTS
from fca2_plugin.ops.color import correct_color
from fca2_plugin.ops.frame_groups import groups_between, window_groups
from tests.nets.toys import AnswerVSR, RecordingVSR, ToyVSR

FRONT = ("cleaning", "autoencoder")


def autoencoder(**settings) -> FrameAutoencoder:
    base = {"mid_channels": 8, "num_blocks": 1, "flow_mode": None, "trunk_frames": None}
    return FrameAutoencoder(**{**base, **settings})


def build(vsr: nn.Module | None = None, **settings) -> FCA2Net:
    torch.manual_seed(0)
    return FCA2Net(autoencoder(), vsr or ToyVSR(), CleaningNet(4, 1), **settings)


def clip(t: int, h: int = 8, w: int = 8, n: int = 1) -> torch.Tensor:
    return torch.rand(n, t, 3, h, w, generator=torch.Generator().manual_seed(t))


def outputs_of(module: nn.Module) -> list[torch.Tensor]:
    seen = []
    module.register_forward_hook(lambda _, __, output: seen.append(output))
    return seen


# --- the data flow ---------------------------------------------------------------------------


@torch.no_grad()
def test_reads_like_the_figure():
    net, lq = build(), clip(7)
    clean = net.cleaning(lq)
    codes, guide = net.autoencoder.encode(clean)
    expected = correct_color(net.autoencoder.decode(Codes(net.vsr(codes), guide)), clean)
    torch.testing.assert_close(net(lq), expected)


def test_output_is_not_clamped():
    net = build(color_correction=None)
    nn.init.constant_(net.autoencoder.decoder.tail.bias, 5.0)
    out = net(clip(3))
    assert out.max() > 1
    out.sum().backward()
    assert net.autoencoder.decoder.tail.bias.grad.any()


@torch.no_grad()
def test_chunks_are_independent():
    net, first, second = build(), clip(7), 1 - clip(7)
    joined = net(torch.cat([first, second], dim=1))
    apart = torch.cat([net(first), net(second)], dim=1)
    torch.testing.assert_close(joined, apart, rtol=1e-4, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("chunks_at_once", [1, 2, 3, 100])
def test_fewer_chunks_at_once_change_nothing(chunks_at_once):
    x = clip(20, n=2)
    few, all_ = (build(RecordingVSR(), chunks_at_once=number) for number in (chunks_at_once, None))
    torch.testing.assert_close(few(x), all_(x), rtol=1e-5, atol=1e-6)
    assert max(len(codes) for codes in few.vsr.seen) == min(chunks_at_once, 6)


@torch.no_grad()
def test_chunks_of_a_batch_keep_their_clip():
    net, x = build(), clip(16, n=2)
    alone = torch.cat([net(x[:1]), net(x[1:])])
    torch.testing.assert_close(net(x), alone, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_the_last_chunk_repeats_its_last_frame():
    net, x = build(), clip(9)
    full = torch.cat([x, x[:, -1:].expand(-1, 5, -1, -1, -1)], dim=1)
    torch.testing.assert_close(net(x), net(full)[:, :9])


@pytest.mark.parametrize(
    ("num_frames", "codes"), [(41, (6, 3)), (34, (5, 3)), (49, (7, 3)), (47, (7, 3)), (1, (1, 3))]
)
@torch.no_grad()
def test_codes_the_vsr_network_sees(num_frames, codes):
    """Vid4's clips: 18, 15, 21 and 21 codes, in chunks of 7 frames."""
    vsr = RecordingVSR()
    build(vsr)(clip(num_frames, 4, 4))
    assert tuple(vsr.seen[0].shape[:2]) == codes


@torch.no_grad()
def test_the_whole_clip_is_one_sequence_without_chunks():
    vsr = RecordingVSR()
    build(vsr, chunk_frames=None)(clip(30, 4, 4))
    assert vsr.seen[0].shape == (1, 15, 3, 4, 4)


@torch.no_grad()
@pytest.mark.parametrize("chunks_at_once", [None, 1, 2])
def test_joined_codes_are_one_sequence_a_clip(chunks_at_once):
    """The VSR network sees the chunks' codes in order, and each chunk gets its own ones back."""
    vsr, x = RecordingVSR(), clip(100, 4, 4, n=2)
    net = build(vsr, join_codes=True, chunks_at_once=chunks_at_once, color_correction=None)
    joined = net(x)
    assert tuple(vsr.seen[0].shape[:2]) == (2, 45)
    codes, _ = net.encode(net._to_chunks(net.clean(x)))
    torch.testing.assert_close(vsr.seen[0], codes.reshape(2, 45, 3, 4, 4), rtol=1e-4, atol=1e-5)
    # this VSR network treats codes one by one, so that joining them changes nothing
    net.join_codes = False
    torch.testing.assert_close(joined, net(x), rtol=1e-4, atol=1e-5)


# --- key frames over the whole clip -----------------------------------------------------------


def joined(vsr: nn.Module | None = None, **settings) -> FCA2Net:
    torch.manual_seed(0)
    guided = GuidedAutoencoder(clean_channels=4, clean_blocks=1, mid_channels=4, num_blocks=1)
    for tail in (guided.cleaner[-1], guided.fusion[-1]):  # they start at zero
        nn.init.normal_(tail.weight, std=0.1)
    settings = {"join_codes": True, "color_correction": None, **settings}
    return FCA2Net(guided, vsr or ToyVSR(), **settings).eval()


@pytest.mark.parametrize(
    ("num_frames", "num_codes"),
    [(1, 1), (2, 2), (3, 2), (7, 3), (14, 6), (34, 15), (41, 18), (47, 21), (49, 21), (100, 43)],
)
@torch.no_grad()
def test_joined_key_frames_are_as_many_and_begin_and_end_the_clip(num_frames, num_codes):
    """At most as many codes as chunks of 7 have, which fill up the last one."""
    vsr = RecordingVSR()
    net = joined(vsr)
    assert net(clip(num_frames, 8, 8, n=2)).shape[:2] == (2, num_frames)
    assert tuple(vsr.seen[0].shape[:2]) == (2, num_codes)
    keys = [group.key for group in net.plan_ahead(num_frames)]
    assert keys[0] == 0 and keys[-1] == num_frames - 1 and num_codes <= 3 * -(-num_frames // 7)


@pytest.mark.parametrize("types", [None, "IBBBPBBPPBPBBBBBPBBBPBBBPPPBBBPBB"])
@torch.no_grad()
def test_frames_between_two_key_frames_are_made_from_both(types):
    groups = joined().plan_ahead(33, types)
    keys = [group.key for group in groups]
    for frame in set(range(33)).difference(keys):
        made_from = [group.key for group in groups if frame in group.members]
        assert made_from == [max(k for k in keys if k < frame), min(k for k in keys if k > frame)]


class Near(nn.Module):
    """Super-resolves each code with the help of its two neighbours."""

    spec = NetSpec(scale=2)

    def forward(self, x):
        padded = torch.cat([x[:, :1], x, x[:, -1:]], dim=1)
        mixed = padded[:, :-2] + 2 * padded[:, 1:-1] + 3 * padded[:, 2:]
        return mixed.repeat_interleave(2, -1).repeat_interleave(2, -2) / 6


@pytest.mark.parametrize("types", [None, "IBBBPBBPPBPBBBBBPBBBPBBBPPPBBBPBBIBBBPBBB"])
@pytest.mark.parametrize(("step", "first"), [(5, 0), (9, 3)])
@torch.no_grad()
def test_windows_give_what_the_whole_clip_gives(types, step, first):
    """The plan is the clip's, wherever a window begins; so only the reach of networks counts."""
    net, x = joined(Near()), clip(41, 16, 16)
    groups = net.plan_ahead(41, types)
    whole = net(x, groups)
    reach = net.reach + (net.reach // 2 + 1)  # the VSR network sees one code further
    for start in range(first, 41, step):
        stop = min(start + step, 41)
        begin, end = max(start - reach, 0), min(stop + reach, 41)
        part = net(x[:, begin:end], window_groups(groups, begin, end))
        kept = part[:, start - begin : stop - begin]
        torch.testing.assert_close(kept, whole[:, start:stop], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_window_on_its_own_is_another_clip():
    """What the test above would not notice if windows were planned on their own."""
    net, x = joined(Near()), clip(41, 16, 16)
    part = net(x[:, 8:36])[:, 10:18]
    assert not torch.allclose(part, net(x)[:, 18:26], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_types_choose_key_frames():
    net = joined(RecordingVSR())
    types = "IBBBPBBBPBBBPBBBPBBBPBBBP"
    chosen = net.plan_ahead(25, types)
    keys = [group.key for group in chosen]
    assert len(chosen) == len(net.plan_ahead(25)) == 11
    assert {0, 4, 8, 12, 16, 20, 24} <= set(keys)  # all that are not B
    assert net.plan(clip(25), types) == chosen
    with pytest.raises(ValueError, match="types of 25 frames for a clip of 24"):
        net.plan_ahead(24, types)


@torch.no_grad()
def test_chunks_keep_their_own_groups():
    net = build()
    assert net.plan_ahead(7) == net.autoencoder.plan(7) and not net.spans_clips
    with pytest.raises(ValueError, match="but other groups were given; leave groups out"):
        net(clip(7), groups_between((0, 3, 6), 7))
    assert not joined(join_codes=False).spans_clips


@torch.no_grad()
def test_training_and_adaptive_networks_plan_as_they_do():
    net = joined(grouping="adaptive")
    assert not net.spans_clips and net.plan(clip(9)) == net.follow(clip(9)[0]).groups
    assert net.train().spans_clips and net.plan(clip(9)) == net.plan_ahead(9)


# --- parts can be left out -------------------------------------------------------------------


@torch.no_grad()
def test_without_vsr_it_is_the_autoencoder():
    net, x = FCA2Net(autoencoder(), color_correction=None), clip(7)
    assert torch.equal(net(x), net.autoencoder(x))


@torch.no_grad()
def test_cleaning_alone():
    net, x = FCA2Net(cleaning=CleaningNet(4, 1)), clip(9)
    assert torch.equal(net(x), net.cleaning(x))


@torch.no_grad()
def test_without_autoencoder_the_vsr_network_sees_every_frame():
    net, x = FCA2Net(vsr=ToyVSR(), cleaning=CleaningNet(4, 1)), clip(9)
    assert torch.equal(net(x), net.vsr(net.cleaning(x)))


# --- what a VSR network asks of its input -----------------------------------------------------


@torch.no_grad()
def test_spec_of_the_vsr_network_is_honoured():
    vsr = RecordingVSR(spec=NetSpec(min_frames=5, size_multiple=8, min_size=20))
    net, x = build(vsr, color_correction=None), clip(7, 9, 26)
    sr = net(x)
    assert sr.shape == (1, 7, 3, 36, 104)
    codes, _ = net.encode(net.clean(x))
    (seen,) = vsr.seen
    assert seen.shape == (1, 5, 3, 24, 32)
    torch.testing.assert_close(seen[..., :9, :26], codes[:, [0, 1, 2, 1, 0]])
    # padding leaves no trace: the same pixels as without it
    plain = RecordingVSR()
    net.vsr, net.vsr_spec = plain, NetSpec()
    assert torch.equal(net(x), sr)
    assert torch.equal(plain.seen[0], codes)


@torch.no_grad()
def test_vsr_spec_goes_before_the_networks_own():
    vsr = RecordingVSR(spec=NetSpec(min_frames=9))
    build(vsr, vsr_spec=NetSpec(min_frames=4))(clip(7))
    assert vsr.seen[0].shape[1] == 4


@pytest.mark.parametrize(
    "shape",
    [
        (1, 2, 3, 32, 32),  # another number of frames
        (1, 3, 32, 32),  # one frame
        (1, 3, 1, 32, 32),  # another number of channels
        (1, 3, 3, 30, 30),  # no whole scale
        (1, 3, 3, 16, 32),  # two scales
        (1, 3, 3, 4, 4),  # smaller
    ],
)
def test_another_answer_of_the_vsr_network_raises(shape):
    net = build(AnswerVSR(*shape))
    with pytest.raises(ValueError, match="the VSR network returned .* expected as many frames"):
        net(clip(7))


# --- colour ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["frame", "mean"])
@torch.no_grad()
def test_colour_at_the_decoder_takes_the_cleaned_frames(mode):
    net, x = build(color_correction=mode), clip(9, n=2)
    clean, sr = net.clean(x), net(x)
    for moment in (torch.mean, torch.std) if mode == "frame" else (torch.mean,):
        torch.testing.assert_close(
            moment(sr, dim=(-2, -1)), moment(clean, dim=(-2, -1)), rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize(
    ("s", "o", "middles"),
    [
        (6, 0, [1, 3, 5, 6]),
        (6, 2, [1, 2, 3, 5, 6]),
        (9, 3, [1, 3, 5]),
        (9, 1, [1, 4, 5]),
        (12, 4, [2, 4, 5]),
        (18, 8, [3, 4]),
    ],
)
@torch.no_grad()
def test_colour_at_the_encoder_takes_the_middle_frame(s, o, middles):
    vsr = RecordingVSR()
    net = FCA2Net(autoencoder(n_subs=s, n_ovls=o), vsr, color_at="encoder")
    x = clip(7)
    net(x)
    (codes,) = vsr.seen
    for moment in (torch.mean, torch.std):
        torch.testing.assert_close(
            moment(codes, dim=(-2, -1)), moment(x[:, middles], dim=(-2, -1)), rtol=1e-4, atol=1e-4
        )


@torch.no_grad()
def test_colour_by_mean_at_the_encoder_keeps_the_deviation():
    vsr = RecordingVSR()
    net, x = build(vsr, color_correction="mean", color_at="encoder"), clip(7)
    net(x)
    raw, _ = net.autoencoder.encode(net.clean(x))
    torch.testing.assert_close(vsr.seen[0].std(dim=(-2, -1)), raw.std(dim=(-2, -1)))


@torch.no_grad()
def test_colour_places():
    x = clip(7)
    with_none, at_encoder, at_decoder, at_both = (
        build(color_correction=mode, color_at=place)(x)
        for mode, place in (
            (None, "decoder"),
            ("frame", "encoder"),
            ("frame", "decoder"),
            ("frame", "both"),
        )
    )
    answers = [with_none, at_encoder, at_decoder, at_both]
    for i, answer in enumerate(answers):
        assert all(not torch.allclose(answer, other) for other in answers[i + 1 :])


@pytest.mark.parametrize("place", ["encoder", "decoder", "both"])
@torch.no_grad()
def test_colour_of_a_clip_shorter_than_a_group(place):
    for t in (1, 2):
        assert build(color_at=place, chunk_frames=None)(clip(t)).isfinite().all()


# --- frozen parts ------------------------------------------------------------------------------


def test_frozen_parts_stay_frozen_whatever_the_host_calls():
    net = build(frozen=FRONT)
    for call in (net.requires_grad_, net.train):
        assert call(True) is net
    for name in PARTS:
        part, learns = getattr(net, name), name == "vsr"
        assert all(p.requires_grad is learns for p in part.parameters())
        assert all(module.training is learns for module in part.modules())
    assert net.training
    net.requires_grad_(False).eval()
    assert not any(p.requires_grad for p in net.parameters())
    assert not any(module.training for module in net.modules())


def test_frozen_parts_survive_a_host_that_wraps_the_net():
    """``train`` recurses into children, so it reaches the net through a wrapper."""
    net = build(frozen=FRONT)
    nn.Sequential(net).train()
    assert not net.autoencoder.training and not net.cleaning.training and net.vsr.training


def test_frozen_front_builds_no_graph_even_when_a_wrapper_unfroze_it():
    """``requires_grad_`` of a wrapper (DDP) sets the parameters past the net's own method."""
    net = build(frozen=FRONT)
    nn.Sequential(net).requires_grad_(True)
    cleaned, encoded = outputs_of(net.cleaning), outputs_of(net.autoencoder.encoder)
    net(clip(7))
    assert not cleaned[0].requires_grad and not encoded[0].requires_grad


def test_a_copy_stays_frozen():
    twin = copy.deepcopy(build(frozen=FRONT)).requires_grad_(True).train()
    assert not any(p.requires_grad for p in twin.autoencoder.parameters())
    assert not twin.cleaning.training


def test_nothing_is_frozen_by_default():
    net = build()
    assert net.frozen == frozenset()
    assert all(p.requires_grad for p in net.parameters())


def test_a_frozen_part_that_does_not_exist_is_fine():
    assert FCA2Net(autoencoder(), frozen=("cleaning",)).train().training


def test_gradient_reaches_the_vsr_network_through_the_frozen_decoder():
    net = build(frozen=FRONT)
    encoded, decoded = outputs_of(net.autoencoder.encoder), outputs_of(net.autoencoder.decoder)
    cleaned = outputs_of(net.cleaning)
    net(clip(7)).square().mean().backward()
    assert not cleaned[0].requires_grad and not encoded[0].requires_grad
    assert decoded[0].requires_grad
    assert all(p.grad.any() for p in net.vsr.parameters())
    assert all(p.grad is None for part in FRONT for p in getattr(net, part).parameters())


def test_gradient_reaches_the_cleaning_network_through_the_frozen_autoencoder():
    net = build(frozen=("autoencoder",), color_correction=None)  # colour is another way back
    net(clip(7)).square().mean().backward()
    assert all(p.grad.isfinite().all() for p in net.cleaning.parameters())
    assert any(p.grad.any() for p in net.cleaning.parameters())
    assert all(p.grad is None for p in net.autoencoder.parameters())


def test_frozen_parts_keep_the_values_of_unfrozen_ones():
    x = clip(9)
    assert torch.equal(build(frozen=FRONT)(x), build()(x))


def test_no_grad_of_the_caller_is_kept():
    with torch.no_grad():
        assert not build()(clip(3)).requires_grad
    assert build(frozen=PARTS)(clip(3)).requires_grad is False


def test_optimizer_steps_leave_frozen_weights_bit_equal():
    net = build(frozen=FRONT)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1, weight_decay=0.1)
    for _ in range(3):
        net.requires_grad_(True)  # what both hosts do
        optimizer.zero_grad()
        net(clip(7)).square().mean().backward()
        optimizer.step()
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]) is not name.startswith("vsr."), name


# --- every refusal ------------------------------------------------------------------------------


def test_no_part_raises():
    with pytest.raises(ValueError, match="FCA2Net got no part; expected at least one of"):
        FCA2Net()


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        ({"color_correction": "frames"}, "unknown color_correction 'frames' .did you mean 'frame'"),
        ({"color_at": "encoders"}, "unknown color_at 'encoders' .did you mean 'encoder'"),
        ({"frozen": ["clening"]}, "unknown part 'clening' .did you mean 'cleaning'"),
        ({"grouping": "adaptve"}, "unknown grouping 'adaptve' .did you mean 'adaptive'"),
        ({"grouping": "adaptive"}, "only GuidedAutoencoder supports, not FrameAutoencoder"),
        ({"chunks_at_once": 0}, "chunks_at_once must be at least 1"),
        ({"chunk_frames": 2}, "chunk_frames=2 is shorter than one group of FrameAutoencoder"),
        ({"chunk_frames": 0}, "expected at least 3 frames, None for the whole clip"),
    ],
)
def test_wrong_settings_raise(settings, answer):
    with pytest.raises(ValueError, match=answer):
        build(**settings)


def test_short_chunks_around_an_autoencoder_of_ones_own_raise():
    """``Autoencoder`` asks for no more than ``min_frames`` of it."""

    class Own(nn.Module):
        min_frames, takes_groups = 5, False

    with pytest.raises(ValueError, match="shorter than one group of Own; expected at least 5"):
        FCA2Net(Own(), ToyVSR(), chunk_frames=4)


def test_without_an_autoencoder_there_are_no_codes():
    net = FCA2Net(vsr=ToyVSR())
    assert net(clip(3)).shape == (1, 3, 3, 32, 32)
    for use in (net.plan, net.encode):
        with pytest.raises(ValueError, match="this FCA2Net has no autoencoder"):
            use(clip(3))


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 3, 8, 8), (1, 7, 1, 8, 8), (1, 0, 3, 8, 8)])
def test_other_inputs_raise(shape):
    with pytest.raises(ValueError, match=r"input of shape .* expected RGB clips \(n, t, 3, h, w\)"):
        build()(torch.rand(shape))
