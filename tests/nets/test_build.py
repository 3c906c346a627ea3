"""Presets, stages, and parts from settings."""

import inspect

import pytest

from fca2_plugin.nets import CleaningNet, FCA2Net, FrameAutoencoder
from fca2_plugin.nets.build import PRESETS, STAGES, Stage, build_parts, get_stage
from fca2_plugin.nets.fca2 import PARTS

CLASSES = {"autoencoder": FrameAutoencoder, "cleaning": CleaningNet}


def count(parts: dict) -> int:
    return sum(p.numel() for part in parts.values() if part for p in part.parameters())


@pytest.mark.parametrize(
    ("preset", "parameters"), [("released", 3_466_621), ("paper", 3_296_723), ("tiny", 15_841)]
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
    parts = build_parts(stage, preset)
    assert set(parts) == set(CLASSES)
    for name, part in parts.items():
        if name in STAGES[stage].parts:
            assert type(part) is CLASSES[name]
        else:
            assert part is None


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_hold_known_settings(preset):
    assert set(PRESETS[preset]) == set(CLASSES)
    for name, settings in PRESETS[preset].items():
        assert set(settings) <= set(inspect.signature(CLASSES[name]).parameters)


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
