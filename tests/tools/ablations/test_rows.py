"""The rows are the paper's, and change what the configs of the paper's size change."""

import pytest

from fca2_plugin.apps.report.papers import TABLES
from tests.config_trees import ROOT
from tests.conftest import require_host
from tools.ablations.rows import ABLATIONS, RUNS
from tools.ablations.run import needed_runs
from tools.ablations.train import Study

PAPER = ROOT / "configs/mmagic/fca2"
AUTOENCODERS = {
    "no-grouping": "ablations/table3-1_no-grouping.py",
    "grouping": "ablations/table3-2_grouping.py",
    "grouping-flow": "ablations/table3-3_grouping-flow.py",
    "grouping-color": "ablations/table3-4_grouping-color.py",
    "autoencoder": "fca2-autoencoder_s9o3_2xb4-400k_vimeo90k.py",
    "s6o0": "ablations/table6_s6o0.py",
    "s6o2": "ablations/table6_s6o2.py",
    "s9o0": "ablations/table6_s9o0.py",
    "s12o4": "ablations/table6_s12o4.py",
    "s18o8": "ablations/table6_s18o8.py",
    "color-encoder": "ablations/table7-2_color-encoder.py",
    "color-both": "ablations/table7-4_color-both.py",
}
WRAPPED = {
    "fca2": "fca2-s9o3_basicvsr-pp_2xb4-400k_vimeo90k-crf.py",
    "frame-encoding": "ablations/table4-2_frame-encoding.py",
    "crf-cleaning": "ablations/table4-3_cleaning.py",
    "joint": "ablations/table5_joint.py",
    "finetune": "ablations/table5_finetune.py",
}


@pytest.mark.parametrize("name", ABLATIONS)
def test_every_printed_row_is_a_training(name):
    ablation = ABLATIONS[name]
    assert TABLES[ablation.key].name == f"FCA² Table {name}"
    assert list(ablation.rows) == [row.name for row in TABLES[ablation.key].rows]
    assert set(ablation.rows.values()) <= set(RUNS)


def test_runs_come_after_what_they_start_from():
    order = list(RUNS)
    for name, run in RUNS.items():
        assert all(order.index(at) < order.index(name) for at in run.starts_from.values())
    assert needed_runs(list(ABLATIONS)) == order
    assert needed_runs(["V"]) == ["flow", "cleaning", "autoencoder", "fca2", "joint", "finetune"]


@pytest.fixture(scope="module")
def load_config():
    require_host("mmagic")
    from fca2_plugin.mmagic.runner import load_config

    return load_config


@pytest.mark.mmagic
@pytest.mark.parametrize("name", AUTOENCODERS)
def test_an_autoencoder_is_the_papers(load_config, tmp_path, name):
    ours = Study(tmp_path, tmp_path, 1).config(name, 0, "").model.generator
    paper = load_config(PAPER / AUTOENCODERS[name]).model.generator
    for key in ("n_subs", "n_ovls"):
        default = {"n_subs": 9, "n_ovls": 3}[key]
        assert ours.autoencoder.get(key, default) == paper.autoencoder[key]
    assert bool(ours.autoencoder.flow_mode) == bool(paper.autoencoder.get("flow_mode", "recurrent"))
    assert ours.color_correction == paper.color_correction
    assert ours.color_at == paper.get("color_at", "decoder")


@pytest.mark.mmagic
@pytest.mark.parametrize("name", WRAPPED)
def test_a_wrapped_network_is_trained_as_the_papers(load_config, tmp_path, name):
    ours = Study(tmp_path, tmp_path, 1).config(name, 3, "")
    paper = load_config(PAPER / WRAPPED[name])
    assert ours.model.stage == paper.model.stage
    for part in ("cleaning", "autoencoder"):
        kept = ours.model[part] is not False
        assert kept == (paper.model[part] is not False)
        starts = ours.model.checkpoints.get(part)
        assert (starts is None) == (paper.model.checkpoints.get(part) is None)
    assert ours.randomness.seed == ours.train_dataloader.dataset.seed == 3
    data = ours.train_dataloader.dataset
    assert data.dataroot_lq == str(tmp_path / "train/lq")  # the small configs' is a list
    assert (data.crfs, data.raw_prob) == ([15, 25, 35], 0.5)


@pytest.mark.mmagic
def test_rows_of_a_table_differ_in_the_model_alone(load_config, tmp_path):
    study = Study(tmp_path, tmp_path, 1)
    for ablation in ABLATIONS.values():
        first, *others = (study.config(run, 0, "") for run in ablation.rows.values())
        for other in others:
            for key in ("train_dataloader", "test_dataloader", "optim_wrapper", "param_scheduler"):
                assert other[key] == first[key]
            assert other.train_cfg == first.train_cfg
