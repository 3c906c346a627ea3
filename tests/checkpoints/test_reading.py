"""Checkpoints are read without a host and without executing what the file says."""

import collections
import os
import pickle
import tarfile
import zipfile
from random import Random

import pytest
import torch
from safetensors.torch import save_file

from fca2_plugin.checkpoints import read_checkpoint, read_content, read_state_dict
from tests.checkpoints.samples import make_state
from tests.conftest import require_host, run_python


@pytest.mark.slow
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
    assert read_state_dict(path).keys() == make_state().keys()  # and beside the host


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
    torch.save(attack, tmp_path / "c.pth", _use_new_zipfile_serialization=False)
    for name in ("a.pth", "b.pth", "c.pth"):
        with pytest.raises(ValueError, match=f"{name} is not a readable checkpoint"):
            read_state_dict(tmp_path / name)
    assert not victim.exists()


@pytest.mark.parametrize(
    "target", [torch._utils._rebuild_tensor_v2, collections.OrderedDict], ids=["function", "class"]
)
def test_a_file_changes_no_function_and_no_class(target, tmp_path):
    name = pickle.dumps(target, protocol=2)[2:-1]
    change = b"\x80\x02" + name + b"N}X\x04\x00\x00\x00markK\x01s\x86b."  # BUILD with attributes
    path = tmp_path / "a.pth"
    torch.save(_Attack(int), path)
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, change if part.endswith("data.pkl") else content)
    with pytest.raises(ValueError, match="it changes a function or a class"):
        read_content(path)
    assert not hasattr(target, "mark")


def test_forms_that_torch_reads_by_other_means_are_refused(tmp_path):
    torch.jit.script(torch.nn.Linear(1, 1)).save(tmp_path / "a.pth")
    with pytest.raises(ValueError, match="a.pth is not a readable checkpoint .it is a TorchScript"):
        read_content(tmp_path / "a.pth")
    with tarfile.open(tmp_path / "b.pth", "w") as archive:
        archive.add(tmp_path / "a.pth", "storages")
    with pytest.raises(ValueError, match="b.pth is not a readable checkpoint .it is a tar"):
        read_content(tmp_path / "b.pth")


@pytest.mark.parametrize("new_form", [True, False])
def test_a_damaged_file_is_one_sentence_that_names_it(new_form, tmp_path):
    path = tmp_path / "iter_2.pth"
    content = {"state_dict": make_state(), "meta": {"iter": 2}, "optimizer": {"state": {0: {}}}}
    torch.save(content, path, _use_new_zipfile_serialization=new_form)
    whole = path.read_bytes()
    random = Random(0)
    for number in range(120):
        damaged = bytearray(whole)
        if number % 3 == 0:
            damaged = damaged[: random.randrange(len(whole))]
        else:
            for _ in range(number % 3):
                damaged[random.randrange(len(whole))] = random.randrange(256)
        path.write_bytes(damaged)
        try:
            read_state_dict(path)  # what was hit may not matter
        except ValueError as error:
            assert "iter_2.pth" in str(error) and "\n" not in str(error)


def test_what_stands_beside_the_weights(tmp_path):
    path = tmp_path / "a.pth"
    torch.save({"params": make_state(fill=1), "params_ema": make_state(fill=2), "note": "x"}, path)
    found = read_checkpoint(path)
    assert (found.path, found.meta) == (path, {"note": "x"})
    assert found.state["0.bias"].eq(2).all()
    assert read_checkpoint(path, "params").state["0.bias"].eq(1).all()
    assert read_checkpoint(path, "nothing").state["0.bias"].eq(2).all()
    torch.save({"state_dict": make_state(), "meta": {"iter": 3, "note": "y"}}, path)
    assert read_checkpoint(path).meta == {"iter": 3, "note": "y"}
    save_file(make_state(), tmp_path / "a.safetensors", {"note": "z"})
    assert read_checkpoint(tmp_path / "a.safetensors").meta == {"note": "z"}


def test_schedulers_and_optimisers_are_plain(tmp_path):
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(1))])
    steps = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 3])
    torch.save(
        {"optimizer": optimizer.state_dict(), "schedule": steps.state_dict()}, tmp_path / "a"
    )
    assert read_content(tmp_path / "a")["schedule"]["milestones"] == {2: 1, 3: 1}


def test_getattr_in_a_file_finds_nothing(tmp_path):
    """MMEngine's history needs ``getattr`` to be accepted, not to work."""
    found = _Attack(getattr, collections.OrderedDict, "keys")
    torch.save({"state_dict": make_state(), "w": found}, tmp_path / "a.pth")
    assert read_state_dict(tmp_path / "a.pth").keys() == make_state().keys()
    torch.save({"w": found}, tmp_path / "b.pth")
    with pytest.raises(ValueError, match="b.pth contains no weights"):
        read_state_dict(tmp_path / "b.pth")


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"\x80\x02N."])
def test_files_that_are_no_checkpoints(content, tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="a.pth (is not a readable|contains no weights)"):
        read_state_dict(path)


@pytest.mark.parametrize("content", [{}, [1, 2], torch.ones(2), {"state_dict": {}}, {"lr": 0.1}])
def test_files_without_weights(content, tmp_path):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(ValueError, match="a.pth contains no weights"):
        read_state_dict(tmp_path / "a.pth")


def test_safetensors_are_read(tmp_path):
    path = tmp_path / "net.safetensors"
    save_file({"generator.weight": torch.arange(3.0)}, path)
    assert read_state_dict(path)["generator.weight"].tolist() == [0, 1, 2]
    path.write_bytes(b"no weights")
    with pytest.raises(ValueError, match="net.safetensors is not a readable checkpoint .*header"):
        read_state_dict(path)
