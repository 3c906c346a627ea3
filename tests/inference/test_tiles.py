import pytest
import torch

from fca2_plugin.inference.tiles import run_tiled, spans
from tests.apps.upscale.films import Enlarge


def tiled(network, clip, *settings):
    """What ``run_tiled`` yields of a network from clips to clips."""
    return torch.stack(list(run_tiled(lambda part: network(part)[0], clip, *settings)))


@pytest.mark.parametrize("side", [7, 16, 17, 30, 31, 64])
@pytest.mark.parametrize(("tile", "overlap"), [(8, 2), (16, 0), (16, 7), (16, 15)])
def test_parts_cover_the_side(side, tile, overlap):
    parts = spans(side, tile, overlap)
    assert parts[0][0] == 0
    assert parts[-1][1] == side
    assert all(stop - start == min(tile, side) for start, stop in parts)
    assert all(b[0] <= a[1] - overlap for a, b in zip(parts, parts[1:], strict=False))


@pytest.mark.parametrize("size", [(24, 40), (33, 17), (12, 100), (23, 23)])
@pytest.mark.parametrize(("tile", "overlap"), [(12, 4), (16, 8), (16, 1), (12, 11)])
@pytest.mark.parametrize("scale", [1, 3])
def test_the_shares_of_all_tiles_add_up_to_one(size, tile, overlap, scale):
    clip = torch.rand(1, 2, 3, *size)

    def nearest(x):
        return x.repeat_interleave(scale, -1).repeat_interleave(scale, -2)

    got = tiled(nearest, clip, scale, tile, overlap)
    assert torch.allclose(got, nearest(clip)[0], atol=1e-5)


def test_no_seam_shows():
    y, x = torch.meshgrid(torch.arange(48) / 9, torch.arange(64) / 7, indexing="ij")
    clip = (torch.sin(x) * torch.cos(y) / 2 + 0.5).expand(1, 2, 3, -1, -1)
    network = Enlarge(2)
    whole = tiled(network, clip, 2, None, 8)
    parts = tiled(network, clip, 2, 24, 8)
    assert (whole - parts).abs().max() < 0.01
    step = (parts[..., 1:] - parts[..., :-1]).abs().amax((0, 1, 2))
    assert step.max() < 1.1 * (whole[..., 1:] - whole[..., :-1]).abs().max()


def test_an_overlap_as_large_as_the_tile_is_refused():
    with pytest.raises(ValueError, match="tiles of 8 pixels are too small for an overlap of 8"):
        spans(20, 8, 8)
