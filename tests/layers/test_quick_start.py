"""First weights for short trainings: what the layers do with them."""

import pytest
import torch
from torch import nn

from fca2_plugin.layers.deform import DeformConv
from fca2_plugin.layers.quick_start import pass_on, see_details, start_alive, start_silent
from fca2_plugin.layers.unet import UNet


@torch.no_grad()
def test_details_are_seen_and_brightness_is_not():
    torch.manual_seed(0)
    deform = DeformConv(3, 6)
    see_details(deform)
    field = torch.zeros(1, deform.field_channels, 8, 8)
    flat = deform(torch.full((1, 3, 8, 8), 0.7), field)[..., 1:-1, 1:-1]
    torch.testing.assert_close(flat, torch.zeros_like(flat), rtol=0, atol=1e-5)
    seen = deform(torch.rand(1, 3, 8, 8), field)
    assert seen[..., 1:-1, 1:-1].std() > 0.3
    torch.testing.assert_close(seen[:, 1::2], -seen[:, ::2])
    before, middle, after = deform.weight.square().mean(dim=(0, 2, 3))
    assert middle > 4 * max(before, after)


@torch.no_grad()
@pytest.mark.parametrize(("inputs", "outputs"), [(4, 4), (8, 4), (6, 4)])
def test_channels_pass(inputs, outputs):
    torch.manual_seed(0)
    conv = nn.Conv2d(inputs, outputs, 3, padding=1)
    pass_on(conv, gain=2.0)
    kept = torch.zeros(outputs, inputs)
    for index in range(inputs):
        kept[index % outputs, index] = 2.0 * outputs / inputs
    centre = conv.weight[:, :, 1, 1]
    assert (centre - kept).abs().max() < 0.2  # the noise that keeps them apart
    assert not torch.equal(centre, kept)
    assert not conv.bias.any()


@torch.no_grad()
def test_features_stay_alive_and_corrections_are_silent():
    torch.manual_seed(0)
    unet = UNet(16)
    x = torch.rand(1, 16, 32, 32)
    before = unet(x).std()
    start_alive(unet)
    assert unet(x).std() > 10 * before
    conv = nn.Conv2d(2, 1, 3)
    start_silent(conv)
    assert not conv(torch.rand(1, 2, 8, 8)).any()
