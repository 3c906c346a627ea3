"""Key maps as pure functions on dicts: every name has a way back, and only known ones are taken."""

import pytest
import torch

from fca2_plugin.checkpoints import load_part
from fca2_plugin.keymaps import KEY_MAPS, KeyMap, translate

USABLE = [key_map for key_map in KEY_MAPS if not key_map.differs]
each = pytest.mark.parametrize("key_map", USABLE, ids=lambda key_map: key_map.network)


def state(key_map: KeyMap, host: int = 0, prefix: str = "") -> dict[str, torch.Tensor]:
    """One tensor for every name of the map."""
    names = [pair[host].replace("*", "0") for pair in key_map.pairs + key_map.optional]
    return {f"{prefix}{name}.weight": torch.tensor(i) for i, name in enumerate(names)}


@each
@pytest.mark.parametrize("prefix", ["", "net.", "vsr.", "vsr.net."])
def test_round_trip_is_the_identity(key_map, prefix):
    given = state(key_map, prefix=prefix)
    there = translate(given, "basicsr")
    assert there.key_map is key_map
    assert there.prefix == prefix
    back = translate(there.state, "mmagic")
    assert back.state == given
    assert list(back.state) == list(given)
    assert (back.key_map, back.prefix) == (key_map, prefix)


@each
def test_the_values_follow_their_names(key_map):
    there = translate(state(key_map), "basicsr").state
    expected = state(key_map, 1)
    assert {key: there[key] for key in expected} == expected
    constants = {name: values for name, values in key_map.constants}
    assert there.keys() - expected.keys() == constants.keys()
    for name, values in constants.items():
        assert there[name].flatten().tolist() == pytest.approx(values)


@each
def test_only_one_map_fits(key_map):
    keys = list(state(key_map))
    fitting = [m for m in KEY_MAPS if not any(m.rename(keys, "basicsr")[1:])]
    assert fitting == [key_map]


def test_spynet_inside_a_network_and_alone():
    given = {f"basic_module.5.basic_module.{i}.conv.bias": torch.tensor(i) for i in range(5)}
    there = translate(given, "basicsr").state
    assert there == {f"basic_module.5.basic_module.{2 * i}.bias": torch.tensor(i) for i in range(5)}


def test_parts_of_fca2_keep_their_names():
    parts = {"cleaning.head.weight": torch.ones(1), "autoencoder.encoder.bias": torch.ones(2)}
    alone = translate(parts, "basicsr")
    assert alone.state == parts
    assert alone.description == "FCA2Net (cleaning, autoencoder)"
    around = translate({**parts, **state(KEY_MAPS[0], prefix="vsr.")}, "basicsr")
    assert around.description == "FCA2Net (cleaning, autoencoder) around BasicVSR"
    assert parts.items() <= around.state.items()
    assert "vsr.upconv1.weight" in around.state
    bare = translate(state(KEY_MAPS[0], prefix="vsr."), "basicsr")
    assert bare.description == "FCA2Net around BasicVSR"
    assert translate(state(KEY_MAPS[0], prefix="net."), "basicsr").description == "BasicVSR"


def test_unknown_and_missing_keys_are_listed():
    given = state(KEY_MAPS[0])
    given["predeblur.weight"] = given.pop("conv_hr.weight")
    with pytest.raises(
        ValueError,
        match="resemble BasicVSR but do not match: unknown predeblur.weight; missing conv_hr;",
    ):
        translate(given, "basicsr")
    many = {**state(KEY_MAPS[0]), **{f"extra.{i}": torch.ones(1) for i in range(9)}}
    with pytest.raises(ValueError, match="unknown extra.0, .*extra.5 and 3 more; nothing is"):
        translate(many, "basicsr")


def test_refusals():
    one = torch.ones(1)
    with pytest.raises(ValueError, match="no network that both hosts have, such as a.weight, b"):
        translate({"a.weight": one, "b.weight": one}, "mmagic")
    with pytest.raises(ValueError, match="no network that both hosts have"):
        translate({}, "mmagic")
    with pytest.raises(ValueError, match="the weights of BasicVSR have the names of basicsr alre"):
        translate(state(KEY_MAPS[0], 1), "basicsr")
    with pytest.raises(ValueError, match="beside the parts of FCA² there are unknown keys disc.w"):
        translate({"cleaning.a": one, "disc.w": one, "vsr.a": one}, "basicsr")
    with pytest.raises(ValueError, match="unknown host 'basicSR' .did you mean 'basicsr'"):
        translate({"a": one}, "basicSR")


def test_networks_that_compute_different_things():
    (key_map,) = (key_map for key_map in KEY_MAPS if key_map.differs)
    with pytest.raises(ValueError, match="SRResNet cannot be converted: BasicSR's has an activat"):
        translate(state(key_map), "basicsr")


def test_constants_must_be_the_known_ones():
    (tof,) = (key_map for key_map in KEY_MAPS if key_map.constants)
    there = translate(state(tof), "basicsr").state
    there["mean"] = there["mean"] + 0.1
    with pytest.raises(ValueError, match=r"mean of this TOFlow is not \[0.485, 0.456, 0.406\]"):
        translate(there, "mmagic")


def test_a_note_of_the_map_is_a_warning_when_a_part_is_loaded(tmp_path):
    class Named(torch.nn.Module):
        def state_dict(self):
            return {key: value.float() for key, value in state(noted, 1).items()} | {
                name: torch.tensor(values).view(1, -1, 1, 1) for name, values in noted.constants
            }

        def load_state_dict(self, given):
            self.given = given

    noted = next(key_map for key_map in USABLE if key_map.note and key_map.constants)
    torch.save(state(noted), tmp_path / "a.pth")
    net = Named()
    with pytest.warns(UserWarning, match=noted.note[:20]):
        load_part(net, tmp_path / "a.pth", "vsr")
    assert net.given.keys() == net.state_dict().keys()
