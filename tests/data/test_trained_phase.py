"""Which phase a config's training data have."""

import json

import pytest

from fca2_plugin.data.trained_phase import trained_phase


def clips(**settings):
    return {"batch_size": 1, "dataset": {"type": "FCA2ClipsDataset", **settings}}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, None),
        ({"dataset": {"type": "BasicFramesDataset", "pipeline": [{"type": "Flip"}]}}, None),
        (clips(), "centred"),
        (clips(degradation="comisr"), "first"),
        (clips(degradation=["bi", "area"]), "centred"),
        (clips(task="autoencoder"), None),
        ({"type": "FCA2VideoDataset", "degradation": "duf"}, "first"),
        ({"dataset": {"pipeline": [{"type": "FCA2Degrade", "kind": "comisr"}]}}, "first"),
        ({"dataset": {"pipeline": [{"type": "FCA2Degrade"}]}}, "centred"),
    ],
)
def test_what_a_config_says(data, expected):
    assert trained_phase(data) == expected


def test_what_the_manifest_says(tmp_path):
    manifest = {"arguments": {"degradation": "comisr"}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert trained_phase(clips(dataroot_lq=str(tmp_path / "train/lq"))) == "first"


def test_both_at_once():
    with pytest.raises(ValueError, match="can learn only one phase"):
        trained_phase(clips(degradation=["bi", "comisr"]))
    with pytest.raises(ValueError, match="unknown degradation 'comsir'"):
        trained_phase(clips(degradation="comsir"))
