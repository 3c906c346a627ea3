"""The weights in the package: whole, small, described, and loaded without a host."""

import hashlib
import json

import pytest
import torch

from fca2_plugin.apps.shipped import (
    INDEX,
    WEIGHTS,
    build_net,
    list_shipped,
    load_shipped,
    ship,
)
from fca2_plugin.apps.upscale.presets import list_presets, load_preset
from fca2_plugin.nets import CompactSRNet
from fca2_plugin.ops.resize import bicubic_enlarge
from tests.conftest import run_python

NET = {"type": "FCA2CompactSRNet", "mid_channels": 4, "num_convs": 1}


@pytest.fixture
def shipped(tmp_path):
    torch.manual_seed(0)
    net = CompactSRNet(4, 1)
    state = {f"generator.{key}": value for key, value in net.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "run.pth")
    ship("toy", tmp_path / "run.pth", NET, "a toy", tmp_path)
    return tmp_path, net


def test_every_file_is_listed_whole_and_has_a_card():
    shipped = list_shipped()
    assert "small" in shipped
    files = {INDEX}
    for entry in shipped.values():
        content = (WEIGHTS / entry.file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry.sha256, entry.file
        card = (WEIGHTS / entry.card).read_text(encoding="utf-8")
        for heading in ("## Data", "## Training", "## Numbers", "## Licence", "## Limits"):
            assert heading in card, (entry.card, heading)
        files |= {entry.file, entry.card}
    assert {path.name for path in WEIGHTS.iterdir()} == files
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 20e6


@pytest.mark.parametrize("name", list_shipped())
@torch.no_grad()
def test_weights_are_trained_and_differ_from_bicubic(name):
    net = load_shipped(name)
    assert not net.training
    lq = torch.rand(1, 3, 3, 12, 16, generator=torch.Generator().manual_seed(0))
    sr = net(lq)
    assert sr.shape == (1, 3, 3, 48, 64) and sr.isfinite().all()
    difference = (sr[0] - bicubic_enlarge(lq[0], 4)).abs().mean()
    assert 0.01 < difference < 0.5


def test_presets_of_upscale_include_them_and_need_no_host():
    assert set(list_shipped()) < set(list_presets())
    assert load_preset("small").spec.scale == 4
    code = (
        "import sys; from fca2_plugin.apps.upscale.presets import load_preset; load_preset('small')"
        "; print(sorted({'mmagic', 'mmengine', 'mmcv', 'basicsr'} & set(sys.modules)))"
    )
    assert run_python(code).strip() == "[]"


@torch.no_grad()
def test_what_was_shipped_comes_back_up_to_half_precision(shipped):
    folder, net = shipped
    lq = torch.rand(1, 2, 3, 8, 8)
    torch.testing.assert_close(load_shipped("toy", folder)(lq), net(lq), rtol=1e-2, atol=1e-3)
    assert json.loads((folder / INDEX).read_text())["toy"]["net"] == NET


def test_a_file_that_is_not_what_was_shipped_is_refused(shipped):
    folder, _ = shipped
    path = folder / "toy.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match=r"is not the file that was shipped .* reinstall"):
        load_shipped("toy", folder)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"toy.safetensors is not there, .* reinstall"):
        load_shipped("toy", folder)


def test_an_unknown_name_is_an_error(shipped):
    with pytest.raises(ValueError, match="toy"):
        load_shipped("tox", shipped[0])
    assert list_shipped(shipped[0] / "nothing here") == {}


def test_a_wrapped_network_is_built_from_its_settings():
    net = build_net({"type": "FCA2Net", "preset": "tiny_fast", "vsr": NET})
    assert type(net.vsr) is CompactSRNet
    with pytest.raises(ValueError, match="unknown network type|network type"):
        build_net({"type": "CompactSRNet"})
    with pytest.raises(TypeError, match="num_layers"):
        build_net({**NET, "num_layers": 3})


def test_a_checkpoint_of_another_network_is_not_shipped(shipped, tmp_path):
    with pytest.raises(ValueError, match=r"run\.pth"):
        ship("other", tmp_path / "run.pth", {**NET, "mid_channels": 8}, "other", tmp_path)
    assert set(list_shipped(tmp_path)) == {"toy"}
