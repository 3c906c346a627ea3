"""The weights in the package: whole, small, described, of use, and used without a host."""

import hashlib
import json

import av
import numpy as np
import pytest
import torch

from fca2_plugin.codec import LowDelay, encode_lowdelay, video_planes, write_yuv
from fca2_plugin.data.footage import demo_clips
from fca2_plugin.inference.shipped import build_net, load_shipped, ship
from fca2_plugin.inference.weights_list import INDEX, WEIGHTS, list_shipped, list_weights, offers
from fca2_plugin.keymaps import translate
from fca2_plugin.nets import BasicVSRNet, CompactSRNet
from fca2_plugin.ops.resize import bicubic_enlarge
from tests.apps.upscale.films import film
from tests.conftest import run_python

ENHANCERS = ["enhance_stdf", "enhance_tgafnet"]
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
    assert set(shipped) == {"large", "small", "small_fast", *ENHANCERS}
    files = {INDEX}
    for entry in shipped.values():
        content = (WEIGHTS / entry.file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry.sha256, entry.file
        card = (WEIGHTS / entry.card).read_text(encoding="utf-8")
        for heading in ("## Data", "## Training", "## Numbers", "## Licence", "## Limits"):
            assert heading in card, (entry.card, heading)
        files |= {entry.file, entry.card}
    assert {path.name for path in WEIGHTS.iterdir()} == files
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 24e6


@pytest.mark.parametrize("name", list_shipped())
def test_the_listed_scale_is_the_networks(name):
    net = load_shipped(name)
    assert not net.training
    scale = list_shipped()[name].scale
    assert net.spec.scale == scale
    assert list_weights()[name] == f"x{scale}, {list_shipped()[name].about}"
    assert f"{name} (x{scale})" in offers()


@pytest.mark.parametrize("name", ["small", "small_fast"])
@torch.no_grad()
def test_super_resolution_is_trained_and_differs_from_bicubic(name):
    net = load_shipped(name)
    lq = torch.rand(1, 3, 3, 12, 16, generator=torch.Generator().manual_seed(0))
    sr = net(lq)
    assert sr.shape == (1, 3, 3, 48, 64) and sr.isfinite().all()
    difference = (sr[0] - bicubic_enlarge(lq[0], 4, net.spec.phase)).abs().mean()
    assert 0.01 < difference < 0.5


@pytest.fixture(scope="module")
def coded(tmp_path_factory):
    """Raw luma of a photograph that a camera moves over, and the same coded by x265: (t, h, w)."""
    folder = tmp_path_factory.mktemp("coded")
    _, name, frames = next(iter(demo_clips(0, 1, 7, (96, 96))))
    grey = np.full((48, 48), 128, np.uint8)
    raw = write_yuv(folder, name, [(frame[..., 1], grey, grey) for frame in frames])
    encode_lowdelay(raw, folder / "coded.265", LowDelay(37, preset="ultrafast"))
    lq = [y for y, _, _ in video_planes(folder / "coded.265")]
    return tuple(torch.from_numpy(np.stack(clip)) / 255 for clip in (raw.luma, lq))


@pytest.mark.parametrize("name", ENHANCERS)
@torch.no_grad()
def test_enhancement_gains_on_what_it_was_trained_for(name, coded):
    gt, lq = coded
    sr = load_shipped(name).enhance_window(lq[None])[0, 0]
    errors = torch.stack([lq[3], sr]).sub(gt[3]).square().mean((1, 2))
    before, after = -10 * errors.log10()
    assert after > before + 0.1  # dB


NO_HOSTS = """
import sys
sys.modules.update(dict.fromkeys(["mmagic", "mmengine", "mmcv", "basicsr"]))
from fca2_plugin.cli import main
for name in sys.argv[2:]:
    options = ["--weights", name, "--codec", "ffv1", "--chunk", "3", "--tile", "0", "--quiet"]
    assert main(["upscale", sys.argv[1], f"{name}.mkv", *options]) == 0, name
"""


@pytest.mark.slow
def test_upscale_needs_no_host(tmp_path, monkeypatch):
    source = film(tmp_path / "in.mp4", 3, (64, 64), codec="libx265", languages=["deu"])
    monkeypatch.chdir(tmp_path)
    run_python(NO_HOSTS, str(source), *list_shipped(), PYTHONPATH=str(WEIGHTS.parents[1]))
    before = planes(source)
    for name, entry in list_shipped().items():
        after = planes(tmp_path / f"{name}.mkv")
        assert len(after) == len(before) == 3
        for (y, u, v), (new_y, new_u, new_v) in zip(before, after, strict=True):
            assert new_y.shape == (entry.scale * 64, entry.scale * 64)
            if entry.scale == 1:  # luma networks
                assert (u == new_u).all() and (v == new_v).all()
                assert (y != new_y).any() and abs(y - new_y.astype(int)).mean() < 5


def planes(path):
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
    return [(f[: 2 * len(f) // 3], *f[2 * len(f) // 3 :].reshape(2, -1)) for f in frames]


def test_presets_of_upscale_include_them():
    assert set(list_weights()) == {"bicubic", *list_shipped()}
    assert load_shipped("small").spec.scale == 4


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
    with pytest.raises(
        ValueError, match=r"is not the file that was shipped .* install this package again"
    ):
        load_shipped("toy", folder)
    path.unlink()
    with pytest.raises(
        FileNotFoundError, match=r"toy.safetensors is missing, .* install this package again"
    ):
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


def test_fca2_around_basicvsr_ships_from_a_checkpoint_of_either_host(tmp_path):
    inner = {"type": "FCA2BasicVSRNet", "mid_channels": 4, "num_blocks": 1}
    plain_codes = {"clean_channels": 0}
    config = {"type": "FCA2Net", "preset": "tiny_fast", "autoencoder": plain_codes, "vsr": inner}
    net = build_net(config)
    state = net.state_dict()
    mmagic = {"state_dict": {f"generator.{key}": value for key, value in state.items()}}
    basicsr = {"params": translate(state, "basicsr").state}
    assert "vsr.forward_trunk.main.0.weight" in basicsr["params"]
    for name, content in (("one", mmagic), ("other", basicsr)):
        torch.save(content, tmp_path / f"{name}.pth")
        ship(name, tmp_path / f"{name}.pth", config, "about", tmp_path)
        loaded = load_shipped(name, tmp_path)
        assert type(loaded.vsr) is BasicVSRNet and loaded.autoencoder.has_plain_codes
        for key, value in loaded.state_dict().items():
            torch.testing.assert_close(value, state[key].half().float(), rtol=0, atol=0)


def test_a_checkpoint_of_another_network_is_not_shipped(shipped, tmp_path):
    with pytest.raises(ValueError, match=r"run\.pth"):
        ship("other", tmp_path / "run.pth", {**NET, "mid_channels": 8}, "other", tmp_path)
    assert set(list_shipped(tmp_path)) == {"toy"}
