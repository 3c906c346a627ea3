"""Presets, stages, and parts from settings."""

import inspect

import pytest

from fca2_plugin.nets import CleaningNet, FCA2Net, FrameAutoencoder, GuidedAutoencoder
from fca2_plugin.nets.build import (
    AUTOENCODERS,
    FROM_PRESET,
    PRESETS,
    STAGES,
    Stage,
    build_parts,
    get_stage,
    net_settings,
)
from fca2_plugin.nets.fca2 import PARTS

PARTS_OF_PRESETS = ("autoencoder", "cleaning")
GUIDED = ("fast", "tiny_fast")


def count(parts: dict) -> int:
    return sum(p.numel() for part in parts.values() if part for p in part.parameters())


@pytest.mark.parametrize(
    ("preset", "parameters"),
    [
        ("released", 3_466_621),
        ("paper", 3_296_723),
        ("fast", 262_979),
        ("tiny", 15_841),
        ("tiny_fast", 27_103),
    ],
)
def test_parameters_of_the_presets(preset, parameters):
    parts = build_parts("finetune", preset)
    assert count(parts) == parameters
    assert count({"whole": FCA2Net(**parts)}) == parameters


def test_parameters_of_the_released_parts():
    parts = build_parts("vsr")
    assert count({"cleaning": parts["cleaning"]}) == 1_480_643
    assert count({"autoencoder": parts["autoencoder"]}) == 1_985_978


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_of_every_preset(stage, preset):
    if preset in GUIDED and stage == "cleaning":
        with pytest.raises(ValueError, match=f"trains the cleaning, but preset='{preset}' leaves"):
            build_parts(stage, preset)
        return
    classes = {
        "autoencoder": GuidedAutoencoder if preset in GUIDED else FrameAutoencoder,
        "cleaning": type(None) if preset in GUIDED else CleaningNet,
    }
    for name, part in build_parts(stage, preset).items():
        expected = classes.pop(name)
        assert type(part) is (expected if name in STAGES[stage].parts else type(None))
    assert not classes


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_hold_known_settings(preset):
    assert set(PRESETS[preset]) == {"net", *PARTS_OF_PRESETS}
    settings = dict(PRESETS[preset]["autoencoder"])
    cls = AUTOENCODERS[settings.pop("type")]
    assert set(settings) <= set(inspect.signature(cls).parameters)
    cleaning = PRESETS[preset]["cleaning"] or {}
    assert set(cleaning) <= set(inspect.signature(CleaningNet).parameters)
    net = dict(PRESETS[preset]["net"])
    assert net.pop("stage") in STAGES
    assert set(net) <= set(inspect.signature(FCA2Net).parameters)


def test_given_settings_of_the_net_go_before_the_presets():
    given = {"stage": FROM_PRESET, "chunk_frames": None, "color_correction": "mean"}
    assert net_settings("fast", **given) == {**given, "stage": "joint"}
    assert net_settings("paper", color_correction=FROM_PRESET) == {"color_correction": "frame"}
    with pytest.raises(ValueError, match="unknown preset 'fats' .did you mean 'fast'"):
        net_settings("fats")


def test_another_type_of_autoencoder_drops_the_presets_settings():
    guided = {"type": "FCA2GuidedAutoencoder", "num_blocks": 1}
    assert type(build_parts("joint", "paper", guided)["autoencoder"]) is GuidedAutoencoder
    with pytest.raises(ValueError, match="unknown type of autoencoder 'FCA2Guided.*did you mean"):
        build_parts("joint", "paper", {"type": "FCA2GuidedAutoencode"})


@pytest.mark.parametrize("settings", [True, "fast", 3])
def test_settings_that_are_none_raise(settings):
    with pytest.raises(TypeError, match=f"cleaning got {settings!r}; expected dict"):
        build_parts("joint", "tiny", cleaning=settings)


def test_a_cleaning_network_can_be_added_to_a_preset_without_one():
    assert build_parts("joint", "fast", cleaning={"num_blocks": 1})["cleaning"].num_passes
    assert build_parts("joint", "fast", cleaning={})["cleaning"] is None


@pytest.mark.parametrize("name", STAGES)
def test_stages_are_consistent(name):
    stage = get_stage(name)
    assert set(stage.parts) <= set(PARTS)
    assert stage.learns and set(stage.learns) <= set(stage.parts)
    assert set(stage.needs) <= set(stage.parts)
    # what does not learn must come from somewhere
    assert set(stage.frozen) <= set(stage.needs)
    assert set(stage.frozen).isdisjoint(stage.learns)
    assert set(stage.frozen) | set(stage.learns) == set(stage.parts)


def test_vsr_stage_freezes_what_was_trained_before():
    assert STAGES["vsr"].frozen == ("cleaning", "autoencoder")
    assert Stage(("a", "b"), ("b",)).frozen == ("a",)


def test_settings_go_over_the_preset():
    parts = build_parts("vsr", "tiny", {"n_subs": 6, "n_ovls": 0}, {"num_passes": 1})
    assert parts["autoencoder"].grouping.n_subs == 6
    assert parts["autoencoder"].image_codes  # the preset's
    assert parts["cleaning"].num_passes == 1
    assert PRESETS["tiny"]["cleaning"] == {"mid_channels": 8, "num_blocks": 1}


def test_a_part_can_be_left_out():
    assert build_parts("vsr", "tiny", cleaning=False)["cleaning"] is None
    assert build_parts("joint", "tiny", autoencoder=False)["autoencoder"] is None
    assert build_parts("cleaning", "tiny", autoencoder=False)["autoencoder"] is None


@pytest.mark.parametrize("stage", ["cleaning", "autoencoder"])
def test_leaving_out_what_the_stage_trains_raises(stage):
    with pytest.raises(ValueError, match=f"stage='{stage}' trains the {stage}, but {stage}=False"):
        build_parts(stage, "tiny", **{stage: False})


@pytest.mark.parametrize("call", [get_stage, build_parts])
def test_unknown_stage_raises(call):
    with pytest.raises(ValueError, match="unknown stage 'cleanin' .did you mean 'cleaning'"):
        call("cleanin")


def test_unknown_preset_raises():
    with pytest.raises(ValueError, match="unknown preset 'relesed' .did you mean 'released'"):
        build_parts("vsr", "relesed")


@pytest.mark.parametrize(
    ("part", "setting", "meant"),
    [("autoencoder", "n_sub", "n_subs"), ("cleaning", "num_pass", "num_passes")],
)
def test_unknown_setting_raises(part, setting, meant):
    with pytest.raises(TypeError, match=f"{part} has no setting '{setting}' .*'{meant}'"):
        build_parts("vsr", "tiny", **{part: {setting: 1}})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cleaning": {"n_subs": 9}}, "n_subs is a setting of autoencoder"),
        ({"autoencoder": {"join_codes": True}}, "join_codes belongs one level up, beside preset"),
        ({"autoencoder": {"num_passes": 2}}, "num_passes is a setting of cleaning"),
        ({"autoencoder": {"mid_channels": 0}}, "autoencoder.mid_channels is 0; expected a number"),
        ({"cleaning": {"num_blocks": -1}}, "cleaning.num_blocks is -1; expected a number"),
    ],
)
@pytest.mark.parametrize("stage", ["autoencoder", "cleaning"])
def test_settings_are_checked_in_every_stage_and_told_where_they_belong(stage, settings, message):
    """Also those of a part that the stage leaves out."""
    with pytest.raises((TypeError, ValueError), match=message):
        build_parts(stage, "tiny", **settings)
