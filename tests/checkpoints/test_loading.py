"""The one strict loader: all of a module's weights or none, of any known form."""

import pytest
import torch
from torch import nn

from fca2_plugin.checkpoints import load_part, select_part
from fca2_plugin.layers.spynet import SPyNet
from tests.checkpoints.samples import make_net, make_state


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
        "wrong.pth does not contain the weights of this vsr",
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


@pytest.mark.parametrize("part", ["vsr", "generator", "network_g"])
def test_of_a_gan_the_averaged_generator_is_taken(part, tmp_path):
    state = {
        **make_state("generator.", 1.0),
        **make_state("generator_ema.", 2.0),
        **make_state("discriminator.", 3.0),
        "step_counter": torch.zeros(1),
    }
    torch.save({"state_dict": state}, tmp_path / "gan.pth")
    net = make_net()
    load_part(net, tmp_path / "gan.pth", part)
    assert all(value.eq(2).all() for value in net.state_dict().values())


@pytest.mark.parametrize("host", ["mmagic", "basicsr"])
@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("level", ["part", "inside"])
def test_published_spynet(host, statistics, level, tmp_path):
    """Both hosts publish SPyNet without the mean and std that their networks keep with it."""
    state = {}
    for k in range(6):
        for i, (a, b) in enumerate([(8, 32), (32, 64), (64, 32), (32, 16), (16, 2)]):
            name = f"{i}.conv" if host == "mmagic" else f"{2 * i}"
            state[f"basic_module.{k}.basic_module.{name}.weight"] = torch.randn(b, a, 7, 7)
            state[f"basic_module.{k}.basic_module.{name}.bias"] = torch.randn(b)
    if statistics:
        state |= {"mean": torch.full((1, 3, 1, 1), 0.4), "std": torch.full((1, 3, 1, 1), 0.3)}
    torch.save(state if host == "mmagic" else {"params": state}, tmp_path / "spynet.pth")
    net = SPyNet()
    if level == "part":
        load_part(net, tmp_path / "spynet.pth", "spynet")
    else:
        wrapper = nn.Module()
        wrapper.spynet = net
        inside = {f"spynet.{key}": value for key, value in state.items()}
        torch.save(inside, tmp_path / "net.pth")
        if host == "basicsr":  # a part of no network that both hosts have
            with pytest.raises(ValueError, match="does not contain the weights of this vsr"):
                load_part(wrapper, tmp_path / "net.pth", "vsr")
            return
        load_part(wrapper, tmp_path / "net.pth", "vsr")
    last = state[f"basic_module.5.basic_module.{'4.conv' if host == 'mmagic' else 8}.weight"]
    assert torch.equal(net.basic_module[5].basic_module[4].conv.weight, last)
    assert net.mean.flatten()[0].item() == pytest.approx(0.4 if statistics else 0.485)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_of_a_training_that_diverged_are_refused(value, tmp_path):
    state = make_state()
    state["1.weight"][0, 0] = value
    torch.save(state, tmp_path / "a.pth")
    net = make_net()
    with pytest.raises(
        ValueError, match="a.pth contains NaN or infinite weights in 1 of 4 tensors, s"
    ):
        load_part(net, tmp_path / "a.pth", "vsr")
    assert net[1].weight.isfinite().all()


def test_a_message_shows_what_is_missing_and_what_is_too_much(tmp_path):
    torch.save({f"k{i}": torch.ones(1) for i in range(30)}, tmp_path / "a.pth")
    net = nn.Sequential(*(nn.Conv2d(3, 3, 1) for _ in range(10)))
    with pytest.raises(ValueError, match="missing 1.bias; unexpected k0; .*k3; and 42 more; build"):
        load_part(net, tmp_path / "a.pth", "vsr")
