"""FCA² as its authors release it: the autoencoder alone, with the cleaning network, whole."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fca2_plugin.checkpoints import fit, load_part
from fca2_plugin.nets.build import build_parts
from fca2_plugin.nets.fca2 import FCA2Net
from fca2_plugin.nets.staged import StagedFCA2Net
from fca2_plugin.ops.warp import flow_warp
from tests.checkpoints.test_released import Shapes, conv, residual_blocks


def body(name: str, inputs: int, width: int, blocks: int) -> Shapes:
    shapes = conv(f"{name}.head", inputs, width)
    for i in range(blocks):
        inner, squeezed = f"{name}.body.net.{i}", width // 3
        for layer in (0, 2):
            shapes |= conv(f"{inner}.spa.body.{layer}", width, width)
            shapes |= conv(f"{inner}.spc.body.{layer}", width, width, 1)
        shapes |= conv(f"{inner}.spc.body.3.conv_du.0", width, squeezed, 1)
        shapes |= conv(f"{inner}.spc.body.3.conv_du.2", squeezed, width, 1)
    return shapes


def autoencoder(prefix: str = "") -> Shapes:
    shapes = {"spynet.mean": (1, 3, 1, 1), "spynet.std": (1, 3, 1, 1)}
    for level in range(6):
        for i, (a, b) in enumerate([(8, 32), (32, 64), (64, 32), (32, 16), (16, 2)]):
            shapes |= conv(f"spynet.basic_module.{level}.basic_module.{i}.conv", a, b, 7)
    shapes |= body("Encoder.branch", 9, 64, 3) | conv("Encoder.final", 64, 3)
    shapes |= body("Decoder.branch", 3, 64, 3) | conv("Decoder.final", 64, 9)
    shapes |= residual_blocks("flow_net", 6, 3, 30)
    shapes |= body("trunk", 21, 16, 2) | conv("final", 16, 21)
    return {prefix + key: shape for key, shape in shapes.items()}


def cleaning() -> Shapes:
    return residual_blocks("image_cleaning.0", 3, 64, 20) | conv("image_cleaning.1", 64, 3)


def state(shapes: Shapes) -> dict[str, torch.Tensor]:
    return {key: torch.full(shape, float(i)) for i, (key, shape) in enumerate(shapes.items())}


class Toy(nn.Module):
    """Stands for the VSR network."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 48, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.pixel_shuffle(self.conv(x.flatten(0, 1)), 4).unflatten(0, x.shape[:2])


def released_net() -> FCA2Net:
    return FCA2Net(**build_parts("vsr", "released"), vsr=Toy())


@pytest.mark.parametrize("part", ["autoencoder", "cleaning"])
@pytest.mark.parametrize("form", ["alone", "whole"])
def test_a_part(part, form, tmp_path):
    alone = {"autoencoder": autoencoder(), "cleaning": cleaning()}[part]
    whole = autoencoder("model_GAE.") | cleaning() | conv("add_network.conv", 3, 48)
    given = state(alone if form == "alone" else whole)
    torch.save({"params": given}, tmp_path / "net_g_190000.pth")
    net = build_parts("vsr", "released")[part]
    load_part(net, tmp_path / "net_g_190000.pth", part)
    found = sorted(value.flatten()[0].item() for value in net.state_dict().values())
    prefix = {"autoencoder": "model_GAE.", "cleaning": "image_cleaning."}[part]
    own = [v for k, v in given.items() if form == "alone" or k.startswith(prefix)]
    assert found == sorted(value.flatten()[0].item() for value in own)


def test_the_whole_network(tmp_path):
    shapes = autoencoder("model_GAE.") | cleaning() | conv("add_network.conv", 3, 48)
    given = state(shapes)
    net = released_net()
    found = fit(net, given, "the file", "generator")
    assert found.keys() == net.state_dict().keys()
    for theirs, ours in {
        "model_GAE.final.weight": "autoencoder.trunk.tail.weight",
        "model_GAE.Encoder.final.bias": "autoencoder.encoder.tail.bias",
        "model_GAE.Decoder.branch.body.net.2.spc.body.3.conv_du.2.weight": (
            "autoencoder.decoder.blocks.2.spectral.3.weigh.2.weight"
        ),
        "model_GAE.trunk.body.net.1.spa.body.2.bias": "autoencoder.trunk.blocks.1.spatial.2.bias",
        "model_GAE.flow_net.main.2.29.conv2.weight": "autoencoder.flow_net.31.conv2.weight",
        "image_cleaning.0.main.2.19.conv1.weight": "cleaning.body.0.21.conv1.weight",
        "add_network.conv.weight": "vsr.conv.weight",
    }.items():
        assert torch.equal(found[ours], given[theirs])
    del given["model_GAE.final.bias"]
    with pytest.raises(ValueError, match="this generator: missing autoencoder.trunk.tail.bias;"):
        fit(net, given, "the file", "generator")


class Released:
    """What the released code computes, from its weights by name."""

    def __init__(self, weights: dict[str, torch.Tensor], flow: nn.Module, vsr: nn.Module) -> None:
        self.weights, self.flow, self.vsr = weights, flow, vsr

    def conv(self, name: str, x: torch.Tensor) -> torch.Tensor:
        weight = self.weights[f"{name}.weight"]
        return F.conv2d(x, weight, self.weights[f"{name}.bias"], padding=weight.shape[-1] // 2)

    def residual(self, name: str, x: torch.Tensor, blocks: int) -> torch.Tensor:
        x = F.leaky_relu(self.conv(f"{name}.main.0", x), 0.1)
        for i in range(blocks):
            inner = F.relu(self.conv(f"{name}.main.2.{i}.conv1", x))
            x = x + self.conv(f"{name}.main.2.{i}.conv2", inner)
        return x

    def body(self, name: str, x: torch.Tensor, blocks: int) -> torch.Tensor:
        head = x = self.conv(f"{name}.head", x)
        for i in range(blocks):
            spatial, spectral = (f"{name}.body.net.{i}.{kind}.body" for kind in ("spa", "spc"))
            inner = F.leaky_relu(self.conv(f"{spatial}.0", x), 0.01)
            x = x + 0.1 * self.conv(f"{spatial}.2", inner)
            inner = self.conv(f"{spectral}.2", F.leaky_relu(self.conv(f"{spectral}.0", x), 0.01))
            mean = F.relu(self.conv(f"{spectral}.3.conv_du.0", inner.mean((2, 3), keepdim=True)))
            x = x + 0.1 * inner * torch.sigmoid(self.conv(f"{spectral}.3.conv_du.2", mean))
        return x + head

    def __call__(self, lq: torch.Tensor) -> torch.Tensor:  # 7 frames
        name = "image_cleaning"
        clean = lq + self.conv(f"{name}.1", self.residual(f"{name}.0", lq, 20))  # once
        name, previous, mixed = "model_GAE", torch.zeros_like(clean[:1]), []
        for i in range(7):
            if i:
                flow = self.flow(clean[i : i + 1], clean[i - 1 : i])
                previous = flow_warp(previous, flow.permute(0, 2, 3, 1))
            both = torch.cat([clean[i : i + 1], previous], dim=1)
            previous = self.residual(f"{name}.flow_net", both, 30)
            mixed.append(previous)
        channels = torch.cat(mixed, dim=1)
        codes = [channels[:, start : start + 9] for start in (0, 6, 12)]
        codes = [
            self.conv(f"{name}.Encoder.final", self.body(f"{name}.Encoder.branch", x, 3))
            for x in codes
        ]
        sr = self.vsr(torch.stack(codes, dim=1))[0]
        total = count = torch.zeros(1, 21, *sr.shape[-2:])
        for start, code in zip((0, 6, 12), sr.split(1), strict=True):
            group = self.conv(f"{name}.Decoder.final", self.body(f"{name}.Decoder.branch", code, 3))
            total = total + F.pad(group, (0, 0, 0, 0, start, 12 - start))
            count = count + F.pad(torch.ones_like(group), (0, 0, 0, 0, start, 12 - start))
        frames = total / count
        frames = frames + self.conv(f"{name}.final", self.body(f"{name}.trunk", frames, 2))
        frames = frames.view(7, 3, *sr.shape[-2:])
        mean, std = frames.mean((2, 3), keepdim=True), frames.std((2, 3), keepdim=True)
        target = clean.mean((2, 3), keepdim=True), clean.std((2, 3), keepdim=True)
        return ((frames - mean) / std.clamp_min(1e-6) * target[1] + target[0]).clamp(0, 1)


@pytest.mark.slow
def test_the_preset_gives_the_released_result():
    torch.manual_seed(0)
    shapes = autoencoder("model_GAE.") | cleaning() | conv("add_network.conv", 3, 48)
    weights = {}
    for key, shape in shapes.items():  # residual blocks start small, as where training starts
        fan = math.prod(shape[1:]) if key.endswith("weight") else 100
        weights[key] = torch.randn(shape) / fan**0.5 * (0.1 if ".main.2." in key else 1)
    weights |= {"model_GAE.spynet.mean": torch.full((1, 3, 1, 1), 0.45)}
    weights |= {"model_GAE.spynet.std": torch.full((1, 3, 1, 1), 0.22)}
    net = StagedFCA2Net(Toy(), preset="released")
    net.load_state_dict(fit(net, weights, "the file", "generator"))
    net.eval()
    lq = torch.rand(7, 3, 32, 32)
    with torch.no_grad():
        expected = Released(weights, net.autoencoder.spynet, net.vsr)(lq)
        found = net(lq[None])[0]
        assert torch.allclose(found, expected, rtol=0, atol=2e-5)
        assert 0.01 < (expected.eq(0) | expected.eq(1)).float().mean() < 0.9  # the clamp matters
        net.clamp_output = False
        assert not torch.allclose(net(lq[None])[0], expected, rtol=0, atol=1e-2)
        net.clamp_output, net.cleaning.num_passes = True, 3
        assert not torch.allclose(net(lq[None])[0], expected, rtol=0, atol=1e-2)


def test_the_paper_keeps_three_passes_and_training_its_gradient():
    printed = StagedFCA2Net(Toy(), preset="paper")
    assert printed.cleaning.num_passes == 3 and not printed.clamp_output
    net = StagedFCA2Net(Toy(), stage="joint", preset="tiny", clamp_output=True).train()
    lq = 3 * torch.rand(1, 7, 3, 16, 16)
    assert net(lq).max() > 1
    assert net.eval()(lq).max() <= 1
