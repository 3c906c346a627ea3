"""An enhancement network in front of a VSR network."""

import pytest
import torch
from torch import nn

from fca2_plugin.nets import DCADNet, FCA2Net, FrontEnd, NetSpec, STDFNet
from fca2_plugin.nets.stdf import STDF_VARIANTS
from tests.nets.toys import AnswerVSR, RecordingVSR, ToyCenter, ToyImage, ToyVSR


def test_the_tables_stdf_adds_its_parameters():
    vsr = ToyVSR()
    net = FrontEnd(STDFNet(**STDF_VARIANTS["frontend"]), vsr)
    counts = [sum(p.numel() for p in part.parameters()) for part in (net, vsr)]
    assert counts[0] - counts[1] == 1_108_058  # the tables print +1.1 M


@torch.no_grad()
def test_the_vsr_network_gets_enhanced_frames_of_the_size_it_asks_for():
    front = RecordingVSR(1, NetSpec(1, size_multiple=4))
    vsr = RecordingVSR(2, NetSpec(2, min_frames=5, min_size=9))
    lq = torch.rand(1, 3, 3, 6, 10)
    net = FrontEnd(front, vsr)
    sr = net(lq)
    assert front.seen[0].shape[-2:] == (8, 12)
    assert vsr.seen[0].shape == (1, 5, 3, 9, 10)
    assert torch.equal(vsr.seen[0][:, :3, :, :6], lq)
    assert sr.shape == (1, 3, 3, 12, 20)
    assert net.spec == NetSpec(scale=2)


def test_luma_networks_stand_in_front_of_each_channel():
    net = FrontEnd(DCADNet(1, 4, 3), ToyVSR())
    assert net(torch.rand(1, 2, 3, 7, 9)).shape == (1, 2, 3, 28, 36)


def test_both_parts_learn_inside_fca2():
    net = FCA2Net(None, FrontEnd(DCADNet(1, 4, 3), ToyVSR()))
    net(torch.rand(1, 2, 3, 8, 8)).square().mean().backward()
    assert all(p.grad is not None for p in net.parameters())


@pytest.mark.parametrize(
    ("front", "vsr", "sentence"),
    [
        (ToyImage(1, NetSpec(1, 1)), ToyVSR(), "ToyImage takes images.*FrontEnd.* give it front"),
        (DCADNet(), ToyCenter(), "ToyCenter takes 5 frames .* give it vsr of type FCA2Sliding"),
        (RecordingVSR(4, NetSpec()), ToyVSR(), "front=RecordingVSR enlarges 4 times; expected a"),
    ],
)
def test_refusals(front: nn.Module, vsr: nn.Module, sentence: str):
    with pytest.raises(ValueError, match=sentence):
        FrontEnd(front, vsr)


@pytest.mark.parametrize("wrong", [(1, 2, 3, 8), (1, 1, 3, 8, 8), (1, 2, 3, 8, 16)])
def test_a_front_that_returns_no_clip(wrong):
    with pytest.raises(ValueError, match="the network in front returned .* as many frames"):
        FrontEnd(AnswerVSR(*wrong), ToyVSR())(torch.rand(1, 2, 3, 8, 8))
