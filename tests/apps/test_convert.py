"""Checkpoints of one host in the form of the other: containers, averages, files."""

from pathlib import Path

import pytest
import torch

from fca2_plugin import cli
from fca2_plugin.apps.convert import convert_checkpoint
from fca2_plugin.keymaps import KEY_MAPS

NAMES = ("mmagic", "basicsr")


def make(host: str, fill: float = 1.0, prefix: str = "", network: str = "BasicVSR") -> dict:
    """The weights of a network under one host's names."""
    (key_map,) = (m for m in KEY_MAPS if m.network == network)
    names = [pair[NAMES.index(host)].replace("*", "0") for pair in key_map.pairs]
    return {f"{prefix}{name}.weight": torch.full((2,), fill) for name in names}


def save(path: Path, content: dict) -> Path:
    torch.save(content, path)
    return path


def load(path: Path) -> dict:
    return torch.load(path, weights_only=True)


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def with_step(state: dict) -> dict:
    return {**state, "step_counter": torch.zeros(1)}


def test_weights_alone(tmp_path):
    state = {**make("mmagic", prefix="generator."), "step_counter": torch.ones(1)}
    source = save(tmp_path / "a.pth", {"state_dict": state, "meta": {"iter": 2}, "optimizer": {}})
    done = convert_checkpoint(source, tmp_path / "b.pth", "basicsr")
    assert (done.network, done.averaged, done.left_out) == ("BasicVSR", False, ())
    content = load(tmp_path / "b.pth")
    assert content.keys() == {"params"}
    assert same(content["params"], make("basicsr"))
    done = convert_checkpoint(tmp_path / "b.pth", tmp_path / "c.pth", "mmagic")
    content = load(tmp_path / "c.pth")
    assert content.keys() == {"state_dict"}
    assert same(content["state_dict"], with_step(make("mmagic", prefix="generator.")))


def test_average_of_basicsr_and_back(tmp_path):
    both = {"params": make("basicsr", 1.0), "params_ema": make("basicsr", 2.0)}
    source = save(tmp_path / "a.pth", both)
    assert convert_checkpoint(source, tmp_path / "b.pth", "mmagic").averaged
    content = load(tmp_path / "b.pth")
    # as MMEngine's hook saves it: what is tested is the average
    assert same(content["state_dict"], with_step(make("mmagic", 2.0, "generator.")))
    learning = content["ema_state_dict"]
    assert int(learning.pop("steps")) == 0
    prefix = "module."
    learning = {key.removeprefix(prefix): value for key, value in learning.items()}
    assert same(learning, with_step(make("mmagic", 1.0, "generator.")))
    convert_checkpoint(tmp_path / "b.pth", tmp_path / "c.pth", "basicsr")
    content = load(tmp_path / "c.pth")
    assert content.keys() == both.keys()
    assert all(same(content[key], both[key]) for key in both)


def test_average_in_mmagics_model(tmp_path):
    state = {**make("mmagic", 1.0, "generator."), **make("mmagic", 2.0, "generator_ema.")}
    source = save(tmp_path / "a.pth", {"state_dict": {**state, "gan.0.weight": torch.ones(1)}})
    done = convert_checkpoint(source, tmp_path / "b.pth", "basicsr")
    assert (done.averaged, done.left_out) == (True, ("gan",))
    content = load(tmp_path / "b.pth")
    assert same(content["params"], make("basicsr", 1.0))
    assert same(content["params_ema"], make("basicsr", 2.0))


def test_only_the_average(tmp_path):
    source = save(tmp_path / "a.pth", {"params_ema": make("basicsr", 2.0)})
    assert not convert_checkpoint(source, tmp_path / "b.pth", "mmagic").averaged
    state = load(tmp_path / "b.pth")["state_dict"]
    assert same(state, with_step(make("mmagic", 2.0, "generator.")))


@pytest.mark.parametrize(
    ("network", "prefix", "counts"),
    [("EDVR", "", False), ("EDVR", "net.", True), ("EDVR", "vsr.net.", True), ("RRDB", "", False)],
)
def test_the_step_counter_belongs_to_the_model_for_clips(network, prefix, counts, tmp_path):
    state = make("basicsr", prefix=f"module.{prefix}", network=network)
    source = save(tmp_path / "a.pth", {"params": state})
    convert_checkpoint(source, tmp_path / "b.pth", "mmagic")
    expected = make("mmagic", prefix=f"generator.{prefix}", network=network)
    expected = with_step(expected) if counts else expected
    assert same(load(tmp_path / "b.pth")["state_dict"], expected)


def test_a_part_of_other_networks_has_no_prefix(tmp_path):
    source = save(tmp_path / "a.pth", {"params": make("basicsr", network="SPyNet")})
    convert_checkpoint(source, tmp_path / "b.pth", "mmagic")
    assert same(load(tmp_path / "b.pth")["state_dict"], make("mmagic", network="SPyNet"))
    convert_checkpoint(tmp_path / "b.pth", tmp_path / "c.pth", "basicsr")
    assert same(load(tmp_path / "c.pth")["params"], make("basicsr", network="SPyNet"))


def test_a_bare_state_dict(tmp_path):
    source = save(tmp_path / "a.pth", make("mmagic"))
    convert_checkpoint(source, tmp_path / "b.pth", "basicsr")
    assert same(load(tmp_path / "b.pth")["params"], make("basicsr"))


def test_the_folder_of_a_run(tmp_path):
    save(tmp_path / "iter_2.pth", {"state_dict": make("mmagic", prefix="generator.")})
    (tmp_path / "last_checkpoint").write_text("/elsewhere/iter_2.pth")
    done = convert_checkpoint(tmp_path, tmp_path / "new/b.pth", "basicsr")
    assert done.source == tmp_path / "iter_2.pth"
    assert (tmp_path / "new/b.pth").is_file()


def test_a_file_that_exists(tmp_path):
    source = save(tmp_path / "a.pth", {"params": make("basicsr")})
    target = tmp_path / "b.pth"
    target.write_text("precious")
    with pytest.raises(FileExistsError, match="b.pth exists; name another file, or .* --force"):
        convert_checkpoint(source, target, "mmagic")
    assert target.read_text() == "precious"
    convert_checkpoint(source, target, "mmagic", force=True)
    assert "state_dict" in load(target)


def test_nothing_is_left_of_a_conversion_that_fails(tmp_path, monkeypatch):
    source = save(tmp_path / "a.pth", {"params": make("basicsr")})

    def fails(content, path):
        Path(path).write_text("half")
        raise OSError("no space left")

    monkeypatch.setattr(torch, "save", fails)
    with pytest.raises(OSError, match="no space"):
        convert_checkpoint(source, tmp_path / "b.pth", "mmagic")
    assert [path.name for path in tmp_path.iterdir()] == ["a.pth"]


def test_refusals(tmp_path):
    ours = save(tmp_path / "a.pth", {"params": make("basicsr")})
    unknown = save(tmp_path / "u.pth", {"params": {"a.weight": torch.ones(1)}})
    empty = save(tmp_path / "e.pth", {"params": {}, "lr": 1})
    (tmp_path / "text.pth").write_text("no checkpoint")
    out = tmp_path / "out.pth"
    for path, to, error, sentence in (
        (ours, "basicsr", ValueError, "a.pth is already a checkpoint of basicsr; use it as it is"),
        (ours, "mmedit", ValueError, "unknown host 'mmedit'"),
        (unknown, "mmagic", ValueError, "u.pth: the keys belong to no network that both hosts"),
        (empty, "mmagic", ValueError, "e.pth contains no weights"),
        (tmp_path / "text.pth", "mmagic", ValueError, "text.pth is not a readable checkpoint"),
        (tmp_path / "no.pth", "mmagic", FileNotFoundError, "no checkpoint at .*no.pth"),
    ):
        with pytest.raises(error, match=sentence):
            convert_checkpoint(path, out, to)
    assert not out.exists()


def test_command(tmp_path, capsys):
    source = save(tmp_path / "a.pth", {"params": make("basicsr", network="EDSR")})
    arguments = ["convert", str(source), str(tmp_path / "b.pth"), "--to", "mmagic"]
    assert cli.main(arguments) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("EDSR: weights, 5 tensors each, for mmagic in ")
    assert "note: MMagic's rgb_std is 1 / BasicSR's img_range" in printed
    assert cli.main(arguments) == 2
    assert "b.pth exists" in capsys.readouterr().err
    assert cli.main([*arguments, "--force"]) == 0
    state = {**make("mmagic", prefix="generator."), **make("mmagic", prefix="generator_ema.")}
    source = save(tmp_path / "c.pth", {"state_dict": {**state, "gan.w": torch.ones(1)}})
    capsys.readouterr()
    assert cli.main(["convert", str(source), str(tmp_path / "d.pth"), "--to", "basicsr"]) == 0
    printed = capsys.readouterr().out
    assert "BasicVSR: weights and their average" in printed
    assert "left out: gan" in printed


def test_the_phase_goes_over(tmp_path):
    meta = {"fca2_phase": "first"}
    source = save(tmp_path / "a.pth", {"params": make("basicsr"), "meta": meta})
    convert_checkpoint(source, tmp_path / "b.pth", "mmagic")
    assert load(tmp_path / "b.pth")["meta"] == meta
    convert_checkpoint(tmp_path / "b.pth", tmp_path / "c.pth", "basicsr")
    assert load(tmp_path / "c.pth")["meta"] == meta
    convert_checkpoint(source, tmp_path / "b.pth", "mmagic", force=True, phase="centred")
    assert load(tmp_path / "b.pth")["meta"] == {"fca2_phase": "centred"}
    with pytest.raises(ValueError, match="phase"):
        convert_checkpoint(source, tmp_path / "b.pth", "mmagic", force=True, phase="middle")
