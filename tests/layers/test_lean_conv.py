"""Convolutions whose weights are frozen keep nothing of their input."""

import pytest
import torch
from torch import Tensor, nn

from fca2_plugin.layers.lean_conv import LeanConv2d
from fca2_plugin.layers.spatial_spectral import SpatialSpectralBody


def run(net: nn.Module, x: Tensor) -> tuple[Tensor, Tensor, int]:
    """The result, the gradient of the input, and the bytes that were kept for it."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    x = x.clone().requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        y = net(x * 1)
    y.square().sum().backward()
    return y.detach(), x.grad, sum(kept.values())


@pytest.mark.parametrize("settings", [{}, {"stride": 2}, {"groups": 2, "bias": False}])
def test_the_same_as_torchs(settings):
    torch.manual_seed(0)
    lean, plain = (kind(4, 6, 3, padding=1, **settings) for kind in (LeanConv2d, nn.Conv2d))
    plain.load_state_dict(lean.state_dict())
    x = torch.rand(2, 4, 9, 8)
    y, grad, kept = run(lean.requires_grad_(False), x)
    expected, expected_grad, everything = run(plain.requires_grad_(False), x)
    assert torch.equal(y, expected)
    torch.testing.assert_close(grad, expected_grad)
    assert kept == everything - x.nbytes


def test_what_learns_gets_its_gradient():
    lean = LeanConv2d(2, 2, 3, padding=1)
    lean.weight.requires_grad_(False)  # the bias learns
    run(lean, torch.rand(1, 2, 4, 4))
    assert lean.weight.grad is None and lean.bias.grad.any()
    lean.requires_grad_(True)
    run(lean, torch.rand(1, 2, 4, 4))
    assert lean.weight.grad.any()


def test_under_autocast():
    lean = LeanConv2d(2, 2, 3, padding=1).requires_grad_(False)
    with torch.autocast("cpu", torch.bfloat16):
        y, grad, _ = run(lean, torch.rand(1, 2, 8, 8))
    assert y.dtype == torch.bfloat16 and grad.dtype == torch.float32 and grad.isfinite().all()


def test_a_frozen_decoder_keeps_less():
    torch.manual_seed(0)
    body = SpatialSpectralBody(3, 16, 9, num_blocks=3)
    x = torch.rand(1, 3, 24, 24)
    y, grad, learning = run(body, x)
    frozen_y, frozen_grad, frozen = run(body.requires_grad_(False), x)
    assert torch.equal(frozen_y, y)
    torch.testing.assert_close(frozen_grad, grad)
    assert frozen < 0.75 * learning
