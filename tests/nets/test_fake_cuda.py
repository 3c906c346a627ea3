"""Every network on a GPU that is not there: one device, no wait, positions in full precision.

What passes can be captured as a CUDA graph: it neither waits for the GPU nor copies to it, and its
operators follow from the clip's shape alone.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.nets import MFQE2Net, MFQENet
from fca2_plugin.nets.build import PRESETS, STAGES
from fca2_plugin.nets.staged import StagedFCA2Net
from tests.nets.fake_cuda import Faults, fake_cuda, on_fake_cuda
from tests.nets.test_contract import CASES, Case
from tests.nets.toys import ToyVSR

#: Networks whose forward pass has to wait for the GPU while they are evaluated, and why.
WAITS = {"fca2-adaptive": "groups follow the motion of the clip, which only its pixels tell"}


def staged(preset: str, stage: str) -> Case:
    scale = 1 if stage in ("cleaning", "autoencoder") else 4
    return Case(
        f"{preset}-{stage}",
        lambda: StagedFCA2Net(ToyVSR(), stage=stage, preset=preset),
        parameters=0,
        scale=scale,
    )


STAGED = [
    staged(preset, stage)
    for preset, settings in PRESETS.items()
    for stage in STAGES
    if settings["cleaning"] or stage != "cleaning"
]
sweep = pytest.mark.parametrize("case", [*CASES, *STAGED], ids=lambda case: case.name)


def clip(case: Case, device: str, frames: int = 7) -> Tensor:
    return torch.rand(1, frames, case.channels, 32, 48, device=device)


def expected(case: Case, frames: int = 7) -> tuple[int, ...]:
    return 1, frames, case.channels, 32 * case.scale, 48 * case.scale


@sweep
def test_evaluation(case):
    with fake_cuda(), torch.no_grad():
        net, x = on_fake_cuda(case.build()).eval(), clip(case, "cuda")
        try:
            with Faults():
                sr = net(x)
        except Exception:
            if case.name not in WAITS:
                raise
            return
    assert case.name not in WAITS, "it no longer waits: take it out of WAITS"
    assert sr.device.type == "cuda" and sr.dtype == torch.float32 and sr.shape == expected(case)


@sweep
def test_training_in_half_precision(case):
    with fake_cuda():
        net, x = on_fake_cuda(case.build()).train(), clip(case, "cuda")
        with Faults(), torch.autocast("cuda", torch.float16):
            sr = net(x)
            loss = F.l1_loss(sr, torch.zeros_like(sr))
    assert sr.device.type == "cuda" and sr.shape == expected(case)
    assert sr.dtype in (torch.float16, torch.float32) and loss.dtype == torch.float32


@sweep
def test_backward_without_memory(case):
    """On ``meta``, since a fake GPU has no backward pass: the gradients' shapes."""
    with torch.device("meta"):
        net = case.build().train()
    with Faults():
        sr = net(clip(case, "meta"))
        if any(parameter.requires_grad for parameter in net.parameters()):
            sr.abs().mean().backward()
    assert sr.shape == expected(case)
    for name, parameter in net.named_parameters():
        assert not parameter.requires_grad or parameter.grad is not None, name


@pytest.mark.parametrize("net", [lambda: MFQENet(2, 4), lambda: MFQE2Net(2, 2)])
def test_loss_of_compensation(net):
    with fake_cuda():
        net, window = on_fake_cuda(net()), torch.rand(2, 3, 32, 48, device="cuda")
        with Faults(), torch.autocast("cuda", torch.float16):
            loss = net.add_compensation(net(window).mean(), window, leads=True)
    assert loss.device.type == "cuda" and loss.dtype == torch.float32


class Planted(nn.Module):
    """A network with a fault."""

    def __init__(self, fault: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))
        self.forgotten = torch.ones(3)
        self.fault = fault

    def forward(self, x: Tensor) -> Tensor:
        return self.fault(self, x) * self.weight


@pytest.mark.parametrize(
    "fault",
    [
        lambda net, x: x + torch.ones(3),
        lambda net, x: x + net.forgotten,
        lambda net, x: x + torch.tensor([1.0, 2.0, 3.0], device=x.device),
        lambda net, x: x * x.max().item(),
        lambda net, x: x if x.max() > 0 else -x,
        lambda net, x: x[x > 0].sum() + x,
        lambda net, x: x[[2, 1, 0]],
        lambda net, x: x[torch.tensor([2, 1, 0])],
        lambda net, x: x.cpu().to(x.device),
        lambda net, x: x.cpu(),
        lambda net, x: F.grid_sample(
            x.view(1, 1, 1, 3), x[:2].half().view(1, 1, 1, 2), align_corners=True
        ),
    ],
    ids="constant attribute tensor item branch mask list index round-trip host coarse".split(),
)
def test_faults_are_found(fault):
    with fake_cuda(), torch.no_grad():
        net, x = on_fake_cuda(Planted(fault)), torch.rand(3, device="cuda")
        with pytest.raises(Exception, match=r"copies|waits|wait for|positions|aten\."), Faults():
            net(x)


def test_what_is_no_fault_passes():
    with fake_cuda(), torch.no_grad():
        net = on_fake_cuda(Planted(lambda net, x: (x + torch.arange(3, device=x.device)) * 2.0))
        with Faults():
            assert net(torch.rand(3, device="cuda")).device.type == "cuda"
