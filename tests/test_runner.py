"""Training, testing and resuming a toy model through the entry points for MMagic."""

import json
import logging
import multiprocessing

import pytest
import torch

from tests.conftest import require_host

require_host("mmagic")

from mmengine.evaluator import BaseMetric  # noqa: E402
from mmengine.model import BaseModel  # noqa: E402
from mmengine.registry import DATASETS, METRICS, MODELS  # noqa: E402

from fca2_plugin.mmagic import runner, train  # noqa: E402
from fca2_plugin.mmagic import test as test_entry  # noqa: E402

pytestmark = pytest.mark.mmagic


@MODELS.register_module(name="RunnerToyModel", force=True)
class ToyModel(BaseModel):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs, mode="tensor"):
        inputs = torch.stack(list(inputs))
        if mode == "loss":
            return {"loss": (self.scale * inputs - 2 * inputs).square().mean()}
        return [self.scale.item()]


@DATASETS.register_module(name="RunnerToyDataset", force=True)
class ToyDataset(torch.utils.data.Dataset):
    metainfo = {}

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return {"inputs": torch.ones(1)}


@METRICS.register_module(name="RunnerToyMetric", force=True)
class ToyMetric(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += data_samples

    def compute_metrics(self, results):
        return {"scale": sum(results) / len(results)}


CONFIG = """
model = dict(type="RunnerToyModel")
sampler = dict(type="DefaultSampler", shuffle=False)
loader = dict(batch_size=2, num_workers=0, dataset=dict(type="RunnerToyDataset"), sampler=sampler)
train_dataloader = dict(**loader)
test_dataloader = dict(**loader)
train_cfg = dict(type="IterBasedTrainLoop", max_iters=2)
test_cfg = dict()
test_evaluator = dict(type="RunnerToyMetric")
optim_wrapper = dict(optimizer=dict(type="SGD", lr=0.1))
env_cfg = dict(mp_cfg=dict(mp_start_method=None), dist_cfg=dict(backend="nccl"))
default_hooks = dict(
    checkpoint=dict(type="CheckpointHook", interval=1, by_epoch=False, out_dir="elsewhere"))
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCAL_RANK", "0")
    path = tmp_path / "toy_config.py"
    path.write_text(CONFIG)
    yield path
    for logger in list(logging.Logger.manager.loggerDict):
        if logger.startswith("mmengine"):
            logging.getLogger(logger).handlers.clear()


def test_train_resume_and_test_several_times_in_one_process(config, tmp_path):
    work_dir = tmp_path / "w"
    base = ["--work-dir", str(work_dir)]
    assert train.main([str(config), *base]) == 0
    assert (work_dir / "iter_2.pth").is_file()  # in the work dir, whatever out_dir says
    assert not (tmp_path / "elsewhere").exists()
    more = ["--cfg-options", "train_cfg.max_iters=4"]
    assert train.main([str(config), *base, "--resume", *more]) == 0

    straight = runner.load_config(config, {"train_cfg.max_iters": 4}, tmp_path / "straight")
    finished = runner.train(straight)
    resumed = torch.load(work_dir / "iter_4.pth")
    assert resumed["meta"]["iter"] == 4
    assert torch.equal(resumed["state_dict"]["scale"], finished.model.scale.detach().cpu())

    out = tmp_path / "new" / "metrics.json"
    checkpoint = str(work_dir / "iter_4.pth")
    assert test_entry.main([str(config), checkpoint, *base, "--out", str(out)]) == 0
    assert json.loads(out.read_text()) == {"scale": pytest.approx(finished.model.scale.item())}
    cfg = runner.load_config(config, work_dir=tmp_path / "straight")
    assert runner.test(cfg, tmp_path / "straight" / "iter_2.pth")["scale"] < finished.model.scale
    assert cfg.get("load_from") is None  # the caller's config stays as it was


@pytest.mark.parametrize("persistent", [False, True])
def test_the_processes_that_read_data_end_with_the_run(config, tmp_path, persistent):
    """Left to a collection of garbage, it waits five seconds for each."""
    workers = {"num_workers": 2, "persistent_workers": persistent}
    options = {f"train_dataloader.{key}": value for key, value in workers.items()}
    before = multiprocessing.active_children()
    finished = runner.train(runner.load_config(config, options, tmp_path / "w"))
    assert finished.iter == 2
    assert {one.pid for one in multiprocessing.active_children()} <= {one.pid for one in before}


def test_resuming_where_nothing_is_starts_as_the_config_says(config, tmp_path):
    cfg = runner.load_config(config, {"load_from": "stage1.pth"})
    assert cfg.work_dir == "work_dirs/toy_config"
    assert runner.use_resume(cfg) is False
    assert cfg.load_from == "stage1.pth"
    assert not cfg.get("resume")
    with pytest.raises(FileNotFoundError, match="no checkpoint 'none.pth'"):
        runner.use_resume(cfg, "none.pth")
    with pytest.warns(UserWarning, match="nothing to resume in mistyped; training starts at the f"):
        assert train.main([str(config), "--work-dir", "mistyped", "--resume"]) == 0


def test_a_run_that_was_moved_is_resumed(config, tmp_path):
    runner.train(runner.load_config(config, work_dir=tmp_path / "here"))
    moved = (tmp_path / "here").rename(tmp_path / "there")
    cfg = runner.load_config(config, work_dir=moved)
    runner.use_resume(cfg)
    assert cfg.load_from == str(moved / "iter_2.pth")
    for name in ("iter_1.pth", "iter_2.pth"):
        (moved / name).unlink()
    with pytest.raises(FileNotFoundError, match="no checkpoint in"):
        runner.use_resume(cfg)


def test_runs_do_not_share_their_log(config, tmp_path):
    cfg = runner.load_config(config, work_dir=tmp_path / "w")
    names = {runner.build_runner(cfg).experiment_name for _ in range(3)}
    assert len(names) == 3


def test_amp_switches_the_wrapper_and_needs_a_gpu(config):
    cfg = runner.load_config(config)
    runner.use_amp(cfg)
    assert cfg.optim_wrapper.type == "AmpOptimWrapper"
    assert cfg.optim_wrapper.loss_scale == "dynamic"
    if runner.get_device() == "cpu":
        with pytest.raises(ValueError, match="AMP.* needs a GPU"):
            runner.build_runner(cfg)
    cfg.optim_wrapper = dict(generator=dict(type="OptimWrapper", optimizer=dict(type="SGD")))
    runner.use_amp(cfg)
    assert cfg.optim_wrapper.generator.type == "AmpOptimWrapper"
    cfg.optim_wrapper.generator.type = "ApexOptimWrapper"
    with pytest.raises(ValueError, match="this config has 'ApexOptimWrapper'"):
        runner.use_amp(cfg)


def test_auto_scale_lr_needs_a_base(config):
    cfg = runner.load_config(config)
    with pytest.raises(ValueError, match="base_batch_size"):
        runner.use_auto_scale_lr(cfg)
    cfg.auto_scale_lr = dict(base_batch_size=8)
    runner.use_auto_scale_lr(cfg)
    assert cfg.auto_scale_lr.enable


def test_a_misspelt_option_or_key_is_named(config):
    with pytest.raises(ValueError, match=r"unknown option .*'trian_cfg.max_iters'.*'train_cfg'"):
        runner.load_config(config, {"trian_cfg.max_iters": 1})
    config.write_text(CONFIG + "custom_hook = []\n")
    with pytest.warns(UserWarning, match="'custom_hook'.*did you mean 'custom_hooks'"):
        runner.load_config(config)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"model.type": "RunnerToyModl"}, "type 'RunnerToyModl', which .*did you mean 'Runner"),
        (
            {"train_dataloader.dataset.type": "NoSuchThing"},
            "type 'NoSuchThing', which is unknown to",
        ),
    ],
)
def test_an_unknown_type_is_named(config, tmp_path, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        runner.train(runner.load_config(config, options, tmp_path / "w"))


def test_wrong_files_are_one_sentence(config, tmp_path, capsys):
    assert train.main(["no.py"]) == 2
    assert "error: there is no config 'no.py'" in capsys.readouterr().err
    (tmp_path / "broken.py").write_text("model = dict(")
    assert train.main(["broken.py"]) == 2
    assert "error: broken.py could not be read as an MMEngine config" in capsys.readouterr().err
    (tmp_path / "empty.py").write_text("model = dict()")
    assert train.main(["empty.py"]) == 2
    assert "the config has no train_dataloader, train_cfg, optim_wrapper" in capsys.readouterr().err
    assert test_entry.main([str(config), "no.pth"]) == 2
    assert "error: there is no checkpoint 'no.pth'" in capsys.readouterr().err
    assert test_entry.main([str(config), str(config), "--work-dir", "w"]) == 2
    assert "toy_config.py is not a readable checkpoint" in capsys.readouterr().err
    assert test_entry.main([str(config), str(config), "--out", "metrics.txt"]) == 2
    assert "--out takes a file ending in .json" in capsys.readouterr().err
