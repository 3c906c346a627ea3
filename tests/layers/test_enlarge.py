"""Layers without weights: they are their functions, and in no checkpoint."""

import pytest
import torch
from torch.nn import functional as F

from fca2_plugin.layers.dense_flow import DenseFlow
from fca2_plugin.layers.enlarge import BicubicEnlarge, BilinearCells
from fca2_plugin.ops.flow import dense_flow
from fca2_plugin.ops.resize import bicubic_enlarge


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("phase", ["centred", "first"])
def test_enlarges_as_the_function(scale, phase):
    x, layer = torch.rand(2, 3, 7, 9), BicubicEnlarge(scale, phase)
    assert torch.equal(layer(x), bicubic_enlarge(x, scale, phase))
    assert layer(x.double()).dtype == torch.float64
    assert not layer.state_dict() and not list(layer.parameters())


def test_cells_are_the_pixels_of_blocks():
    x, layer = torch.rand(2, 3, 7, 9), BicubicEnlarge(4)
    assert torch.equal(layer.cells(x), F.pixel_unshuffle(layer(x), 4))


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_bilinear_cells_as_torch_enlarges(scale):
    x, layer = torch.rand(2, 3, 7, 9), BilinearCells(scale)
    large = F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False)
    torch.testing.assert_close(F.pixel_shuffle(layer(x), scale), large)
    with torch.autocast("cpu", torch.bfloat16):
        narrow = layer(x)
    assert torch.equal(narrow, layer(x))  # still computed in float32
    assert not layer.state_dict()


def test_an_unknown_phase_raises():
    with pytest.raises(ValueError, match="phase"):
        BicubicEnlarge(4, "centre")


def test_flow_as_the_function():
    ref, supp = torch.rand(2, 1, 3, 24, 32)
    layer = DenseFlow()
    assert torch.equal(layer(ref, supp), dense_flow(ref, supp)) and not layer.state_dict()
