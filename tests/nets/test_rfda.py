"""RFDA: the state, video in pieces, and the attention's smallest input."""

import pytest
import torch

from fca2_plugin.nets import RFDANet
from fca2_plugin.nets.rfda import DSTA
from fca2_plugin.ops.windows import window_indices


def build(radius: int = 1) -> RFDANet:
    torch.manual_seed(0)
    net = RFDANet(radius, 4, 4, 4, 1)
    torch.nn.init.normal_(net.recall.block.field.weight, std=0.5)
    return net


def video(t: int = 9, c: int = 1) -> torch.Tensor:
    return torch.rand(2, t, c, 17, 22, generator=torch.Generator().manual_seed(t))


@pytest.mark.parametrize("radius", [1, 2])
@pytest.mark.parametrize("cuts", [[4], [1, 2], [3, 6, 8], list(range(1, 9))])
@torch.no_grad()
def test_pieces_are_the_whole(radius, cuts):
    net, x = build(radius), video(c=3)
    pieces, state = [], None
    for start, end in zip([0, *cuts], [*cuts, 9], strict=True):
        before, after = min(radius, start), min(radius, 9 - end)
        out, state = net.stream(x[:, start - before : end + after], state, before, after)
        pieces.append(out)
    torch.testing.assert_close(torch.cat(pieces, dim=1), net(x))
    forgetful, _ = net.stream(x[:, cuts[0] - 1 :], None, before=1)
    assert not torch.allclose(forgetful, net(x)[:, cuts[0] :])


@torch.no_grad()
def test_step_by_step_is_the_whole():
    net, x = build(), video()
    state, frames = None, []
    for indices in window_indices(9, 3, "replicate"):
        frame, state = net.step(x[:, indices, 0], state)
        frames.append(frame)
    torch.testing.assert_close(torch.stack(frames, dim=1), net(x))


@torch.no_grad()
def test_the_module_keeps_no_state():
    net, x = build(), video()
    first = net(x)
    net(1 - x)
    assert torch.equal(net(x), first)


@torch.no_grad()
def test_the_first_frame_reaches_the_last():
    net, x = build().double(), video().double()
    changed = x.clone()
    changed[:, 0] = 0
    differences = (net(changed) - net(x)).abs().amax(dim=(0, 2, 3, 4))
    assert (differences > 0).all(), differences  # windows alone would end at frame 1
    later = torch.cat([x[:, :6], 0 * x[:, 6:]], dim=1)
    torch.testing.assert_close(net(later)[:, :5], net(x)[:, :5])


@torch.no_grad()
def test_a_window_alone_starts_from_zero():
    net, window = build(), video(3)[:, :, 0]
    features = net.fusion(net.pad(window))
    torch.testing.assert_close(
        net.enhance_window(window), net.step(window, torch.zeros_like(features))[0]
    )


@torch.no_grad()
def test_a_fifth_of_what_is_recalled_is_added():
    net, window = build(), torch.rand(1, 3, 16, 16)
    state = torch.rand(1, 4, 16, 16)
    features = net.fusion(window)
    recalled = net.recall(torch.cat([features, state], dim=1))
    expected = features + 0.2 * net.merge(torch.cat([features, recalled], dim=1))
    torch.testing.assert_close(net.step(window, state)[1], expected)


def test_gradients_run_through_the_state():
    net, x = build(), video(5).requires_grad_()
    net(x)[:, -1].sum().backward()
    assert x.grad[:, 0].any()


@torch.no_grad()
def test_attention_needs_15_pixels():
    torch.manual_seed(0)
    attention = DSTA(8)
    x = torch.rand(1, 8, 15, 15)
    assert attention(x).shape == x.shape
    assert (attention(x).abs() <= x).all()  # two weights below one
    with pytest.raises(RuntimeError):
        attention(torch.rand(1, 8, 14, 15))
    assert sum(p.numel() for p in DSTA(48).parameters()) == 81_360


@pytest.mark.parametrize(("before", "after"), [(2, 1), (-1, 0), (0, 3)])
def test_pieces_without_a_frame_raise(before, after):
    with pytest.raises(
        ValueError, match=f"before={before} and after={after} leave none of the 3 frames"
    ):
        build().stream(video(3), None, before, after)
