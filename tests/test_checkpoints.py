"""Weights of both hosts are read without a host and without executing what the file says."""

import os
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from fca2_plugin.checkpoints import find_checkpoint, load_part, read_state_dict, select_part
from tests.conftest import require_host, run_python


def make_net(width: int = 3) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, width, 1), nn.Conv2d(width, 3, 1))


def make_state(prefix: str = "", fill: float = 1.0) -> dict:
    return {prefix + key: torch.full_like(v, fill) for key, v in make_net().state_dict().items()}


@pytest.mark.mmagic
def test_mmengine_history_is_passed_over_without_mmengine(tmp_path):
    require_host("mmengine")
    import numpy as np
    from mmengine.logging import MessageHub

    hub = MessageHub("test_mmengine_history_is_passed_over")
    for value in (1.0, np.float32(2)):
        hub.update_scalar("train/loss", value)
    path = tmp_path / "iter_2.pth"
    content = {"state_dict": make_state(fill=7.0), "message_hub": hub.state_dict()}
    torch.save({**content, "meta": {"seed": 1, "iter": 2, "lr": np.float64(0.1)}}, path)
    printed = run_python(
        "import sys\n"
        "from fca2_plugin.checkpoints import read_state_dict\n"
        f"state = read_state_dict({str(path)!r})\n"
        "assert not any(name.startswith('mm') and name != 'mmap' for name in sys.modules)\n"
        "print(sorted(state), state['0.bias'].tolist())\n"
    )
    assert printed == f"{sorted(make_state())} [7.0, 7.0, 7.0]\n"
    before = set(torch.serialization.get_safe_globals())
    assert read_state_dict(path).keys() == make_state().keys()  # and with a host's own list
    assert set(torch.serialization.get_safe_globals()) == before


@pytest.mark.parametrize(
    ("content", "fill"),
    [
        (make_state(), 1),
        ({"params": make_state(fill=2)}, 2),
        ({"params": make_state(fill=2), "params_ema": make_state(fill=3)}, 3),
        ({"state_dict": make_state(fill=4), "optimizer": {}, "meta": {"iter": 1}}, 4),
        ({**make_state(fill=5), "epoch": 3}, 5),  # what is no tensor is left out
    ],
)
def test_containers(content, fill, tmp_path):
    torch.save(content, tmp_path / "a.pth")
    state = read_state_dict(tmp_path / "a.pth")
    assert state.keys() == make_state().keys()
    assert all(value.eq(fill).all() for value in state.values())


class _Attack:
    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


def test_a_malicious_file_is_refused_and_not_executed(tmp_path):
    victim = tmp_path / "victim"
    attack = _Attack(os.mkdir, str(victim))
    torch.save({"state_dict": make_state(), "message_hub": attack}, tmp_path / "a.pth")
    (tmp_path / "b.pth").write_bytes(pickle.dumps(attack))
    for name in ("a.pth", "b.pth"):
        with pytest.raises(ValueError, match=f"{name} is not a readable checkpoint"):
            read_state_dict(tmp_path / name)
    assert not victim.exists()


def test_getattr_in_a_file_finds_nothing(tmp_path):
    """MMEngine's history needs ``getattr`` to be accepted, not to work."""
    found = _Attack(getattr, torch.Tensor, "numel")
    torch.save({"state_dict": make_state(), "w": found}, tmp_path / "a.pth")
    assert read_state_dict(tmp_path / "a.pth").keys() == make_state().keys()
    torch.save({"w": found}, tmp_path / "b.pth")
    with pytest.raises(ValueError, match="b.pth holds no weights"):
        read_state_dict(tmp_path / "b.pth")


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"\x80\x02N."])
def test_files_that_are_no_checkpoints(content, tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="a.pth (is not a readable|holds no weights)"):
        read_state_dict(path)


@pytest.mark.parametrize("content", [{}, [1, 2], torch.ones(2), {"state_dict": {}}, {"lr": 0.1}])
def test_files_without_weights(content, tmp_path):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(ValueError, match="a.pth holds no weights"):
        read_state_dict(tmp_path / "a.pth")


@pytest.mark.parametrize("prefix", ["", "module.", "generator.", "generator_ema."])
def test_a_part_is_found_by_name_or_is_the_whole_file(prefix):
    other = make_state(f"{prefix}cleaning.", 2.0)
    state = {**other, **make_state(f"{prefix}autoencoder.")}
    for part, fill in (("autoencoder", 1), ("cleaning", 2)):
        found = select_part(state, part)
        assert found.keys() == make_state().keys()
        assert all(value.eq(fill).all() for value in found.values())
    alone = make_state(prefix)
    assert select_part(alone, "vsr").keys() == make_state().keys()


def test_averaged_weights_are_preferred():
    live, averaged = make_state("generator.vsr.", 1.0), make_state("generator_ema.vsr.", 2.0)
    found = select_part({"step_counter": torch.zeros(1), **live, **averaged}, "vsr")
    assert found["0.bias"].eq(2).all()
    plain = {**make_state("generator.", 1.0), **make_state("generator_ema.", 2.0)}
    assert select_part(plain, "vsr")["0.bias"].eq(2).all()


def test_load_part_loads_all_or_nothing(tmp_path):
    torch.save({"state_dict": make_state("generator.vsr.", 3.0)}, tmp_path / "good.pth")
    net = make_net()
    load_part(net, tmp_path / "good.pth", "vsr")
    assert all(value.eq(3).all() for value in net.state_dict().values())

    wrong = make_state("generator.vsr.", 9.0)
    wrong["generator.vsr.0.weight"] = torch.ones(5, 3, 1, 1)
    wrong["generator.vsr.extra"] = wrong.pop("generator.vsr.1.bias")
    torch.save({"state_dict": wrong}, tmp_path / "wrong.pth")
    with pytest.raises(ValueError) as caught:
        load_part(net, tmp_path / "wrong.pth", "vsr")
    for sentence in (
        "wrong.pth does not hold the weights of this vsr",
        "missing 1.bias",
        "unexpected extra",
        "0.weight is (5, 3, 1, 1), expected (3, 3, 1, 1)",
    ):
        assert sentence in str(caught.value)
    assert all(value.eq(3).all() for value in net.state_dict().values())


def test_load_part_does_not_list_for_ever(tmp_path):
    torch.save({f"k{i}": torch.ones(1) for i in range(30)}, tmp_path / "a.pth")
    with pytest.raises(ValueError, match="unexpected k3; and 26 more; build the vsr"):
        load_part(make_net(), tmp_path / "a.pth", "vsr")


def test_find_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkpoint at .*none.pth; run the stage"):
        find_checkpoint(tmp_path / "none.pth")
    with pytest.raises(FileNotFoundError, match=f"no checkpoint in {tmp_path}; expected.*last_"):
        find_checkpoint(tmp_path)
    newest = tmp_path / "iter_2.pth"
    (tmp_path / "last_checkpoint").write_text(str(newest))
    with pytest.raises(FileNotFoundError, match="no checkpoint in"):
        find_checkpoint(tmp_path)  # the file it names is gone
    newest.touch()
    assert find_checkpoint(str(tmp_path)) == newest
    assert find_checkpoint(newest) == newest
    moved = tmp_path.rename(tmp_path.with_name("moved"))  # the pointer holds the old path
    assert find_checkpoint(moved) == moved / "iter_2.pth"


def test_find_checkpoint_in_a_run_of_basicsr(tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    for name in ("net_d_30", "net_g_9", "net_g_old"):
        (models / f"{name}.pth").touch()
    assert find_checkpoint(tmp_path) == models / "net_g_9.pth"
    (models / "net_g_10.pth").touch()
    assert find_checkpoint(tmp_path) == models / "net_g_10.pth"
    (models / "net_g_latest.pth").touch()
    assert find_checkpoint(tmp_path) == models / "net_g_latest.pth"


def test_an_address_is_downloaded_once(tmp_path, monkeypatch):
    url = "https://example.org/models/net.pth"
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    calls = []

    def fails(*args, **kwargs):
        raise OSError("no route to host")

    def fetches(url, target, *args, **kwargs):
        calls.append(url)
        torch.save(make_state(), target)

    monkeypatch.setattr(torch.hub, "download_url_to_file", fails)
    with pytest.raises(FileNotFoundError, match=r"could not download .*net.pth \(no route to host"):
        read_state_dict(url)
    assert not list(tmp_path.rglob("*.pth"))
    monkeypatch.setattr(torch.hub, "download_url_to_file", fetches)
    for _ in range(2):
        assert read_state_dict(url).keys() == make_state().keys()
    assert calls == [url]


def test_safetensors_are_read(tmp_path):
    path = tmp_path / "net.safetensors"
    save_file({"generator.weight": torch.arange(3.0)}, path)
    assert read_state_dict(path)["generator.weight"].tolist() == [0, 1, 2]
    path.write_bytes(b"no weights")
    with pytest.raises(ValueError, match="net.safetensors is not a readable checkpoint .*header"):
        read_state_dict(path)
