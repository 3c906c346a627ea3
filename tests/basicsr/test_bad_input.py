"""What a user gets wrong is one sentence and exit code 2, before any folder is touched."""

import pytest
import torch

from fca2_plugin.basicsr import runner, train
from fca2_plugin.basicsr import test as test_entry
from tests.basicsr import runs

pytestmark = pytest.mark.basicsr


@pytest.fixture
def fails(clips, tmp_path, capsys):
    """Runs a command on a config and returns its one sentence."""

    def run(*arguments: str, main=train.main, text: str | None = None, **changes) -> str:
        path = runs.write(tmp_path, runs.options(clips, **changes))
        if text is not None:
            path.write_text(text)
        capsys.readouterr()
        code = main([str(path), *arguments])
        error = capsys.readouterr().err
        assert code == 2
        assert "Traceback" not in error
        assert not list(tmp_path.glob("experiments*"))
        lines = [line for line in error.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1
        return lines[0]

    return run


def checkpoints(**paths: str) -> dict:
    return runs.wrapped(stage="vsr", checkpoints=paths)


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"model_type": "FCA2Modle"}, ["model_type 'FCA2Modle'", "did you mean 'FCA2Model'?"]),
        ({"network_g__type": "FCA2Nett"}, ["type in network_g 'FCA2Nett'", "mean 'FCA2Net'?"]),
        ({"network_g__vsr__type": "BasicVSRR"}, ["'BasicVSRR'", "did you mean 'BasicVSR'?"]),
        ({"network_g__vsr__num_fet": 8}, ["'network_g.vsr.num_fet'", "mean 'num_feat'?"]),
        ({"network_g__stage": "vrs"}, ["unknown stage 'vrs'", "did you mean 'vsr'?"]),
        ({"network_g__autoencoder": {"n_sub": 9}}, ["autoencoder has no setting 'n_sub'"]),
        ({"network_g": runs.wrapped(stage="vsr")}, ["stage='vsr' needs a trained cleaning"]),
        ({"network_g": checkpoints(cleaning="no.pth")}, ["trained autoencoder"]),
        (
            {"network_g": checkpoints(cleaning="no.pth", autoencoder="no.pth")},
            ["no checkpoint at no.pth"],
        ),
        (
            {"network_g": checkpoints(cleaning="a.pth"), "model_type": "VideoRecurrentModel"},
            ["VideoRecurrentModel ignores the checkpoints", "set model_type: FCA2Model"],
        ),
        ({"network_g": 3}, ["network_g is 3; expected a group of options"]),
        ({"network_g": None}, ["the config has no network_g, which training needs"]),
        ({"datasets": None}, ["the config has no datasets, which training needs"]),
        ({"datasets": {}}, ["the config has no datasets, which training needs"]),
        ({"datasets": ["train"]}, ["datasets is ['train']; expected a group of options"]),
        ({"datasets__train": None}, ["type in datasets.train"]),
        ({"datasets__train__type": "REDSRecurrent"}, ["did you mean 'REDSRecurrentDataset'?"]),
        ({"train": None}, ["the config has no train, which training needs"]),
        ({"train__pixel_opt__type": "Charbonnier"}, ["train.pixel_opt", "'CharbonnierLoss'?"]),
        ({"train__optim_g__lr": "1e-3"}, ["YAML reads train.optim_g.lr as the text '1e-3'"]),
        ({"val__metrics": {"psnr": {"type": "psnr"}}}, ["type in val.metrics.psnr 'psnr'"]),
        ({"num_gpu": 99}, ["num_gpu is 99, but torch sees", "set num_gpu: auto"]),
        ({"num_gpu": "all"}, ["num_gpu is 'all'; expected a number of GPUs, 0 or auto"]),
        ({"path__pretrain_network_g": "no.pth"}, ["no checkpoint at no.pth"]),
        ({"path__resume_state": "no.state"}, ["there is no training state 'no.state'"]),
        ({"custom_imports": ["no_such_module"]}, ["No module named 'no_such_module'"]),
        ({"name": "../evil"}, ["name is '../evil', but it becomes the name of a folder"]),
        ({"datasets__val__name": "a/b"}, ["datasets.val.name is 'a/b'"]),
        ({"gpu_ids": [0]}, ["unknown option 'gpu_ids'"]),
    ],
)
def test_wrong_options(fails, changes, sentences):
    error = fails(**changes)
    for sentence in sentences:
        assert sentence in error


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [1", "could not be read as YAML"),
        ("", "contains no options"),
        ("- 1", "contains no options"),
        ("a: !!python/object/apply:os.getcwd []", "could not be read as YAML"),
    ],
)
def test_no_options_at_all(fails, text, sentence):
    assert sentence in fails(text=text)


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("train.total_iters=3", "option 'train.total_iters' (did you mean 'total_iter'?)"),
        ("network_g.vsr.num_fet=3", "option 'network_g.vsr.num_fet' (did you mean 'num_feat'?)"),
        ("trian:total_iter=3", "no option 'trian:total_iter' (did you mean 'train'?)"),
        ("name.x=3", "no option 'name.x'; name is 'run'"),
        ("name", "got the option 'name'; expected KEY=VALUE"),
        ("name=[1", "the value of the option 'name=[1' is not valid YAML"),
        ("name=]__import__('os').getcwd()", "is not valid YAML"),
    ],
)
def test_wrong_overrides(fails, option, sentence):
    assert sentence in fails("--cfg-options", option)


def test_values_of_overrides():
    texts = ["a.b=[1, 2]", "c:d=1e-4", "e=~", "f=x=y", "g=true", "h=0.5"]
    assert train.parse_options(texts) == {
        "a.b": [1, 2],
        "c:d": 1e-4,
        "e": None,
        "f": "x=y",
        "g": True,
        "h": 0.5,
    }
    assert train.parse_options(None) == {}


def test_missing_files(tmp_path, capsys):
    assert train.main(["no.yml"]) == 2
    assert "error: there is no config 'no.yml'" in capsys.readouterr().err
    for main in (train.main, test_entry.main):
        with pytest.raises(SystemExit):
            main([])
        assert "no config was given" in capsys.readouterr().err


def test_a_state_without_its_weights(fails, tmp_path):
    (tmp_path / "7.state").touch()
    error = fails("--resume", "7.state")
    assert "7.state belongs to weights that are missing at" in error
    assert "experiments/run/models/net_g_7.pth; a run can only resume" in error


def test_testing(fails, clips, tmp_path):
    test = {"main": test_entry.main}
    assert "no checkpoint at no.pth" in fails("no.pth", **test)
    assert "no checkpoint to test" in fails(**test)
    assert "--out takes a file ending in .json" in fails("a.pth", "--out", "a.txt", **test)
    torch.save({"params": {"a": torch.ones(1)}}, tmp_path / "other.pth")
    error = fails("other.pth", **test)
    assert "other.pth does not contain the weights of this network_g: missing" in error
    error = fails("other.pth", datasets={}, **test)
    assert "the config has no datasets, which testing needs" in error
    cfg = runs.options(clips)
    error = fails("other.pth", datasets={"train": cfg["datasets"]["train"]}, **test)
    assert "testing needs datasets.test or datasets.val" in error


def test_weights_in_a_file_of_another_kind(clips, tmp_path):
    cfg = runs.load(tmp_path, runs.options(clips))
    net = runner.build_network(cfg["network_g"])
    torch.save({"state_dict": net.state_dict()}, "mm.pth")
    assert runner.load_generator(cfg, "mm.pth")
    assert runner.test(cfg, "mm.pth")["Vid4/psnr"] > 0  # the other host's form serves
    torch.save({"params": {**net.state_dict(), "more": torch.ones(1)}}, "more.pth")
    with pytest.raises(
        ValueError, match="more.pth does not contain .* network_g: unexpected more;"
    ):
        runner.test(cfg, "more.pth")


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("datasets.train.gt_size", None, r"needs the option 'gt_size' \(basicsr/data/reds_dat"),
        ("datasets.val.io_backend", {"type": "lmdb"}, r"^No need to use lmdb .* \(basicsr/data/"),
        ("train.scheduler.type", "Cosine", "^Scheduler Cosine is not implemented"),
        ("train.optim_g.type", "Adm", "unknown optimiser 'Adm' .did you mean 'Adam'"),
    ],
)
def test_what_basicsr_meets_itself(clips, tmp_path, place, value, sentence):
    """Its assertions and missing options, as one sentence with the place."""
    cfg = node = runs.load(tmp_path, runs.options(clips))
    *parents, last = place.split(".")
    for parent in parents:
        node = node[parent]
    del node[last]
    if value is not None:
        node[last] = value
    with pytest.raises(ValueError, match=sentence):
        runner.train(cfg)


def test_metrics_without_ground_truth_and_of_another_size(clips, tmp_path):
    cfg = runs.load(tmp_path, runs.options(clips))
    model = runner.train(cfg)
    clip = torch.rand(3, 3, 16, 16)

    class Clips(list):
        opt = {"name": "clips"}

    loader = torch.utils.data.DataLoader(Clips([{"lq": clip, "folder": "a"}]))
    with pytest.raises(ValueError, match="clips gives no gt, but val.metrics compares"):
        model.validation(loader, 1, None, False)
    loader = torch.utils.data.DataLoader(Clips([{"lq": clip, "gt": clip, "folder": "a"}]))
    with pytest.raises(ValueError, match=r"clip a: .* returned \(3, 3, 64, 64\).*\(3, 3, 16, 16\)"):
        model.validation(loader, 1, None, False)
