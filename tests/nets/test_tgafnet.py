"""TGAFNet: groups, what is shared, and the two readings."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fca2_plugin.nets import TGAFNet
from fca2_plugin.nets.tgafnet import SDCB, InterGFF, IntraGFA


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_groups():
    """G1, G2 and G3 of Sec. II-A."""
    window = torch.arange(7.0).view(1, 7, 1, 1).expand(1, 7, 8, 8)
    groups = [group[0, :, 0, 0].tolist() for group in IntraGFA.groups(window)]
    assert groups == [[2, 3, 4], [1, 3, 5], [0, 3, 6]]


@torch.no_grad()
def test_only_the_deformable_part_differs_between_groups():
    torch.manual_seed(0)
    module = IntraGFA(4, modulated=True)
    assert [block.deform.kernel_size for block in module.blocks] == [(1, 1), (3, 3), (5, 5)]
    same = torch.rand(1, 1, 16, 16).expand(1, 7, 16, 16)
    guides = []
    module.unet.register_forward_hook(lambda _, __, out: guides.append(out))
    module(same)
    assert len(guides) == 3
    assert torch.equal(guides[0], guides[1]) and torch.equal(guides[0], guides[2])


def test_sizes_of_the_parts():
    net = TGAFNet()
    intra, inter = net.intra_gfa, net.inter_gff
    assert count(intra.head) == 1_792
    assert count(intra.unet) == 602_880
    assert count(inter.fuse) == 73_792
    assert count(inter.rcab) == 82_176
    assert count(inter.head) + count(inter.block) == 151_872
    assert count(net.fe) == 302_049


def test_an_sdcb_and_its_convolution_are_what_table_iii_adds():
    assert count(TGAFNet(3)) - count(TGAFNet(2)) == count(TGAFNet(2)) - count(TGAFNet(1)) == 75_872


@torch.no_grad()
def test_fusion():
    """Neighbours first, then both results (eq. 7 to 9), then alignment of the sum (eq. 10)."""
    torch.manual_seed(0)
    module = InterGFF(4, as_printed=False)
    one, two, three = torch.rand(3, 1, 4, 8, 8)
    fuse = module.fuse[0]
    short, long = fuse(torch.cat([one, two], 1)), fuse(torch.cat([two, three], 1))
    fused = fuse(torch.cat([short, long], 1))
    fused = module.head(fused + module.rcab(fused))
    torch.testing.assert_close(module([one, two, three]), module.block(fused, fused))


@pytest.mark.parametrize("as_printed", [False, True])
@pytest.mark.parametrize("shared", [False, True])
@torch.no_grad()
def test_sdcb(as_printed, shared):
    torch.manual_seed(0)
    block, x = SDCB(4, as_printed, shared), torch.rand(1, 4, 6, 6)
    first, second = x[:, :2], x[:, 2:]
    both = F.leaky_relu(block.contexts[0](first), 0.2) + second
    aware = F.leaky_relu(block.contexts[0 if shared else 1](both), 0.2)
    aware = aware if as_printed else aware + both
    torch.testing.assert_close(block(x), block.tail(torch.cat([both, aware], 1)))
    assert (block.tail.bias is not None) == as_printed
    assert len(block.contexts) == 2 - shared


def test_as_printed():
    """6K² offset maps and no masks (eq. 5), 2CK² maps (eq. 10), a convolution for each fusion."""
    net = TGAFNet(as_printed=True)
    fields = [block.field.out_channels for block in net.intra_gfa.blocks]
    assert fields == [6 * k**2 for k in (1, 3, 5)]
    assert net.inter_gff.block.field.out_channels == 2 * 64
    assert len(net.inter_gff.fuse) == 3
    assert len(net.inter_gff.head) == 0
    assert net.inter_gff.rcab[-1].weigh[0].out_channels == 4
    wide = [layer for layer in net.fe if isinstance(layer, nn.Conv2d) and layer.out_channels == 64]
    assert len(wide) == 4  # L + 1


def test_odd_widths_raise():
    with pytest.raises(ValueError, match="mid_channels=5 must be an even number"):
        TGAFNet(mid_channels=5)
