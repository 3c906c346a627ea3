"""The U-Net, deformable blocks and chains of convolutions."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fca2_plugin.layers.conv import conv_chain
from fca2_plugin.layers.deform import DeformBlock, DeformConv, DeformFusion
from fca2_plugin.layers.unet import UNet


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    ("module", "parameters"),
    [
        (UNet(64), 602_880),  # TGAFNet's
        (DeformFusion(7), 211_677),  # STDF-R3's
        (DeformFusion(128, kernel_size=1), 307_040),  # RFDA's recursive one
        (DeformBlock(64, 3, 64, 1), 5_449),  # TGAFNet's three
        (DeformBlock(64, 3, 64, 3), 48_529),
        (DeformBlock(64, 3, 64, 5), 134_689),
        (conv_chain([64] + 7 * [48] + [1]), 152_833),  # STDF-R3's enhancement
    ],
)
def test_published_sizes(module, parameters):
    assert count(module) == parameters


@pytest.mark.parametrize("num_levels", [1, 2, 3, 4])
def test_unet_keeps_sizes_that_are_multiples(num_levels):
    side = 2**num_levels
    unet = UNet(4, num_levels, in_channels=2)
    assert unet(torch.rand(1, 2, side, 3 * side)).shape == (1, 4, side, 3 * side)


@torch.no_grad()
def test_unet_passes_on_the_smaller_maps_only():
    """With ``bottom`` silenced, what is left went over the skips."""
    torch.manual_seed(0)
    unet, x = UNet(4), torch.rand(1, 4, 16, 16)
    first, second = unet.down[0](x), unet.down[1](unet.down[0](x))
    for parameter in unet.bottom.parameters():
        parameter.zero_()
    up = unet.up[0](torch.cat([torch.zeros_like(second), second], dim=1))
    expected = unet.tail(unet.up[1](torch.cat([up, first], dim=1)))
    torch.testing.assert_close(unet(x), expected)
    assert len(unet.head) == 0


@torch.no_grad()
def test_a_new_block_is_a_convolution():
    """Offsets start at zero, masks at a half."""
    torch.manual_seed(0)
    block, x = DeformBlock(2, 3, 4), torch.rand(1, 3, 6, 6)
    plain = F.conv2d(x, block.deform.weight / 2, block.deform.bias, padding=1)
    torch.testing.assert_close(block(x, torch.rand(1, 2, 6, 6)), plain.relu())


@torch.no_grad()
def test_without_masks_the_field_is_offsets_only():
    deform = DeformConv(3, 4, 5, modulated=False)
    assert deform.field_channels == 150
    assert DeformConv(3, 4, 5).field_channels == 225
    x = torch.rand(1, 3, 8, 8)
    field = torch.zeros(1, 150, 8, 8)
    torch.testing.assert_close(deform(x, field), F.conv2d(x, deform.weight, deform.bias, padding=2))


@torch.no_grad()
def test_every_plane_has_its_own_field():
    """Move the samples of the second plane down by one: it is read one row later."""
    deform = DeformConv(2, 1, 1)
    deform.weight.fill_(1)
    deform.bias.zero_()
    x = torch.rand(1, 2, 5, 4)
    field = torch.zeros(1, 6, 5, 4)
    field[:, 2] = 1  # dy of plane 1
    field[:, 4:] = 50  # both masks to one
    out = deform(x, field)
    torch.testing.assert_close(out[0, 0, :-1], x[0, 0, :-1] + x[0, 1, 1:])


def test_gradients_reach_the_unet_after_one_step():
    torch.manual_seed(0)
    fusion, x = DeformFusion(3, 4, 4), torch.rand(1, 3, 16, 16)
    optimizer = torch.optim.SGD(fusion.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        fusion(x).square().sum().backward()
        optimizer.step()
    assert all(p.grad.any() for p in fusion.parameters())


def test_chain_ends_without_an_activation():
    chain = conv_chain([1, 4, 4, 2], nn.PReLU)
    assert [type(layer).__name__ for layer in chain] == ["Conv2d", "PReLU"] * 2 + ["Conv2d"]
    assert chain(torch.rand(1, 1, 5, 6)).shape == (1, 2, 5, 6)
