"""FCA² as its authors release it: the autoencoder alone, with the cleaning network, whole."""

import pytest
import torch
from torch import nn

from fca2_plugin.checkpoints import fit, load_part
from fca2_plugin.nets.build import build_parts
from fca2_plugin.nets.fca2 import FCA2Net
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
