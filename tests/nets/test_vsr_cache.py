"""Results of a frozen network are computed once, and only for the codes and weights they are of."""

import pytest
import torch

from fca2_plugin.nets.staged import StagedFCA2Net
from fca2_plugin.nets.vsr_cache import VSRCache
from fca2_plugin.ops.resize import bicubic_enlarge
from tests.nets.toys import ToyVSR

PLAIN = dict(clean_channels=0)


class Counting(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net, self.calls = net, 0

    def forward(self, codes):
        self.calls += 1
        return self.net(codes)


def codes(seed, n=1):
    return torch.rand(n, 3, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


def test_a_result_is_computed_once_for_each_clip(tmp_path):
    net = Counting(ToyVSR())
    cache = VSRCache(tmp_path / "cache", net)
    first = cache(net, codes(0, 2))
    torch.testing.assert_close(first, net(codes(0, 2)), atol=2e-3, rtol=1e-3)  # half precision
    calls = net.calls
    again = VSRCache(tmp_path / "cache", net)(net, codes(0, 2).flip(0))
    assert net.calls == calls and torch.equal(again, first.flip(0))
    cache(net, codes(1))
    assert net.calls == calls + 1


def test_other_weights_are_computed_anew(tmp_path):
    net = Counting(ToyVSR())
    VSRCache(tmp_path, net)(net, codes(0))
    other = Counting(ToyVSR())
    result = VSRCache(tmp_path, other)(other, codes(0))
    assert other.calls == 1
    torch.testing.assert_close(result, other(codes(0)), atol=2e-3, rtol=1e-3)


def test_a_damaged_file_is_made_again(tmp_path):
    net = Counting(ToyVSR())
    whole = VSRCache(tmp_path, net)(net, codes(0))
    (path,) = tmp_path.rglob("*.safetensors")
    path.write_bytes(path.read_bytes()[:20])
    assert torch.equal(VSRCache(tmp_path, net)(net, codes(0)), whole) and net.calls == 2


def test_adapt_trains_the_decoder_alone_and_runs_the_network_once(tmp_path):
    settings = dict(stage="adapt", preset="tiny_fast", autoencoder=PLAIN)
    net = StagedFCA2Net(Counting(ToyVSR()), vsr_cache=str(tmp_path), **settings).train()
    learns = {name.split(".")[0] for name, p in net.named_parameters() if p.requires_grad}
    assert learns == {"autoencoder"} and not net.vsr.training
    lq = torch.rand(1, 7, 3, 16, 16)
    for _ in range(2):
        net(lq).mean().backward()
    assert net.vsr.calls == 1
    gradients = [p.grad for p in net.autoencoder.fusion[-1].parameters()]
    assert all(g is not None and g.abs().sum() > 0 for g in gradients)
    net.eval()(lq)
    assert net.vsr.calls == 2  # a test runs the network


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            dict(stage="joint", autoencoder=PLAIN),
            "stage='joint' trains that network; set stage='adapt'",
        ),
        (dict(stage="adapt"), "here they change in training; set preset='fast' and autoencoder="),
        (dict(stage="adapt", preset="tiny"), "here they change in training"),
        (
            dict(stage="adapt", autoencoder=PLAIN, cleaning=dict(mid_channels=4)),
            "here they change in training",
        ),
    ],
)
def test_a_cache_of_what_changes_is_refused(settings, sentence, tmp_path):
    with pytest.raises(ValueError, match=sentence):
        StagedFCA2Net(ToyVSR(), vsr_cache=str(tmp_path), **{"preset": "tiny_fast", **settings})


def test_without_a_cleaner_codes_are_key_frames():
    net = StagedFCA2Net(ToyVSR(), stage="adapt", preset="tiny_fast", autoencoder=PLAIN)
    autoencoder = net.autoencoder
    assert autoencoder.has_plain_codes
    assert not any("cleaner" in key or "head" in key for key in autoencoder.state_dict())
    x = torch.rand(2, 7, 3, 16, 16)
    codes, guide = autoencoder.encode(x)
    keys = [group.key for group in guide.groups]
    assert torch.equal(codes, x[:, keys])
    whole = StagedFCA2Net(ToyVSR(), stage="adapt", preset="tiny_fast").autoencoder
    torch.testing.assert_close(whole.encode(x)[0], codes)  # its cleaner starts at zero


@torch.no_grad()
def test_the_decoder_enlarges_by_the_phase_of_the_network():
    """Frames without a key near enough are the enlarged LQ frames: black detail shows them."""
    lq = torch.rand(1, 7, 3, 16, 16)
    for phase in ("centred", "first"):
        net = StagedFCA2Net(ToyVSR(), stage="adapt", preset="tiny_fast", phase=phase)
        codes = net.encode(lq)
        keys = [group.key for group in codes.guide.groups]
        enlarged = bicubic_enlarge(lq[0], 4, phase)[None]
        sr = net.autoencoder.decode(codes._replace(images=enlarged[:, keys]))
        torch.testing.assert_close(sr, enlarged, atol=1e-4, rtol=0)
