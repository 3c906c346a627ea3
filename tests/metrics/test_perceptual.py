"""LPIPS equals torchmetrics' on the same weights, wherever those come from."""

from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision

from fca2_plugin.metrics.perceptual import ALEXNET_URL, Lpips, lpips_network
from tests.conftest import require_host

require_host("torchmetrics")


@pytest.fixture
def alexnet(tmp_path, monkeypatch):
    """Random weights, where torchvision would keep the ones that it downloads."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    torch.manual_seed(0)
    path = tmp_path / "hub" / "checkpoints" / ALEXNET_URL.rsplit("/", 1)[1]
    path.parent.mkdir(parents=True)
    torch.save(torchvision.models.alexnet().state_dict(), path)
    return path


def frames(count):
    return list(np.random.default_rng(0).integers(0, 256, (count, 64, 72, 3), np.uint8))


def test_equals_torchmetrics(alexnet, tmp_path):
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

    reference = LearnedPerceptualImagePatchSimilarity("alex")  # finds the file by itself
    elsewhere = alexnet.rename(tmp_path / "weights.pth")
    measure = Lpips(lpips_network(elsewhere))
    a, b, c = frames(3)
    for pair in ((a, b), (b, c), (c, c)):
        measure.add(*pair)

    def tensor(frame):
        return torch.from_numpy(frame).permute(2, 0, 1)[None] / 127.5 - 1

    expected = [float(reference(tensor(x), tensor(y))) for x, y in ((a, b), (b, c))]
    assert measure.finish() == pytest.approx([*expected, 0], rel=1e-6)
    assert expected[0] > 1e-4


def test_weights_where_torchvision_keeps_them(alexnet):
    named, found = lpips_network(alexnet), lpips_network()
    for a, b in zip(named.parameters(), found.parameters(), strict=True):
        assert torch.equal(a, b)


def test_weights_that_cannot_be_had(alexnet, monkeypatch):
    alexnet.unlink()

    def offline(*args, **kwargs):
        raise URLError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(FileNotFoundError, match="could not be downloaded.*--lpips-weights"):
        lpips_network()
    with pytest.raises(FileNotFoundError, match="no file .* with the weights of torchvision's al"):
        lpips_network(alexnet)
    alexnet.write_text("no weights")
    with pytest.raises(ValueError, match="does not contain the weights of torchvision's alexnet"):
        lpips_network(alexnet)
