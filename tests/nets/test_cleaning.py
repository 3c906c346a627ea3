"""The cleaning network: passes and frames."""

import pytest
import torch

from fca2_plugin.nets import CleaningNet


def clip(t: int = 3) -> torch.Tensor:
    return torch.rand(2, t, 3, 7, 9, generator=torch.Generator().manual_seed(t))


@pytest.mark.parametrize("num_passes", [1, 2, 3, 5])
@torch.no_grad()
def test_passes_share_their_weights(num_passes):
    torch.manual_seed(0)
    net = CleaningNet(4, 1, num_passes)
    calls = []
    net.body.register_forward_hook(lambda *_: calls.append(1))
    expected = clip().flatten(0, 1)
    for _ in range(num_passes):
        expected = expected + net.body(expected)
    calls.clear()
    torch.testing.assert_close(net(clip()), expected.unflatten(0, (2, 3)))
    assert len(calls) == num_passes


@torch.no_grad()
def test_frames_are_cleaned_alone():
    torch.manual_seed(0)
    net, x = CleaningNet(4, 1), clip()
    alone = torch.cat([net(x[:, t : t + 1]) for t in range(3)], dim=1)
    torch.testing.assert_close(net(x), alone)


@pytest.mark.parametrize("num_passes", [0, -1])
def test_no_pass_raises(num_passes):
    with pytest.raises(ValueError, match=f"num_passes must be at least 1, got {num_passes};"):
        CleaningNet(4, 1, num_passes)
