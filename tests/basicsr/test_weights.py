"""What BasicSR's training and testing do with checkpoints: whole, of this network, or refused."""

import shutil

import pytest
import torch

from fca2_plugin.basicsr import runner, train
from fca2_plugin.basicsr import test as test_entry
from fca2_plugin.basicsr.pipeline import forget_logger
from tests.basicsr import runs

pytestmark = pytest.mark.basicsr


@pytest.fixture(scope="module")
def trained(clips, tmp_path_factory):
    root = tmp_path_factory.mktemp("trained")
    runner.train(runs.load(root, runs.options(clips, val__val_freq=100)))
    forget_logger()
    return root


@pytest.fixture
def root(trained, tmp_path):
    """A copy of the run's root."""
    return shutil.copytree(trained, tmp_path / "root")


def resume(root, cfg, *options):
    path = runs.write(root, cfg)
    more = ["--cfg-options", *options] if options else []
    return train.main([str(path), "--work-dir", str(root), "--resume", *more])


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_resume_takes_the_newest_whole_state_with_its_weights(root, clips, capsys):
    run = root / "experiments/run"
    truncate(run / "training_states/2.state")
    with pytest.warns(UserWarning, match="2.state in .* or the weights that belong to it, are dam"):
        assert resume(root, runs.options(clips)) == 0
    assert "Resuming training from epoch: 0, iter: 1." in capsys.readouterr().err
    truncate(run / "models/net_g_2.pth")
    with pytest.warns(UserWarning, match="the run resumes from .*1.state"):
        assert resume(root, runs.options(clips)) == 0


def test_states_that_cannot_be_resumed_are_one_sentence(root, clips, capsys):
    state = root / "experiments/run/training_states/2.state"
    for content in (b"", b"PK\x03\x04", b"no state"):
        state.write_bytes(content)
        (root / "experiments/run/training_states/1.state").unlink(missing_ok=True)
        assert resume(root, runs.options(clips)) == 2
        assert "2.state is not a readable checkpoint" in capsys.readouterr().err
    torch.save({"iter": 2}, state)
    assert resume(root, runs.options(clips)) == 2
    assert "2.state contains no training state of BasicSR" in capsys.readouterr().err


def test_weights_without_states_are_never_overwritten(root, clips, capsys):
    shutil.rmtree(root / "experiments/run/training_states")
    before = sorted(root.rglob("*.pth"))
    assert resume(root, runs.options(clips)) == 2
    error = capsys.readouterr().err
    assert "net_g_latest.pth cannot be resumed without a training state" in error
    assert "path.pretrain_network_g" in error
    assert sorted(root.rglob("*.pth")) == before


def test_a_run_is_prolonged_by_the_periods_of_the_config(root, clips, capsys):
    """The state's own would end, and BasicSR with them, in the middle of the run."""
    cfg = runs.options(clips)
    cfg["train"]["optim_g"]["lr"] = 0.5
    options = ["train.total_iter=4", "train.scheduler.periods=[3]"]
    assert resume(root, cfg, *options) == 2
    error = capsys.readouterr().err
    assert "periods end at iteration 3, but train.total_iter is 4; make them as long" in error
    options[1] = "train.scheduler.periods=[4]"
    assert resume(root, cfg, *options) == 0
    (line,) = [text for text in capsys.readouterr().err.splitlines() if "resumed run" in text]
    assert "keeps the values of its checkpoint for lr 0.001 (the config says 0.5)" in line
    assert "takes the values of the config for periods [4] (the checkpoint had [100])" in line
    assert (root / "experiments/run/models/net_g_4.pth").is_file()


@pytest.mark.parametrize("model", ["FCA2Model", "VideoRecurrentModel"])
def test_weights_of_another_network_are_refused(root, clips, tmp_path, capsys, model):
    cfg = runs.options(clips, name="other", model_type=model)
    cfg["network_g"] = {"type": "BasicVSR", **runs.NETS["BasicVSR"]}
    path = runs.write(tmp_path, cfg)
    run = str(root / "experiments/run")
    assert test_entry.main([str(path), run, "--work-dir", str(tmp_path)]) == 2
    assert (
        "net_g_latest.pth does not contain the weights of this network_g" in capsys.readouterr().err
    )


@pytest.mark.parametrize("form", ["bare", "mmagic", "averaged"])
def test_every_form_serves(clips, tmp_path, form):
    cfg = runs.load(tmp_path, runs.options(clips))
    weights = runner.load_generator(cfg, None).state_dict()
    zeros = {key: torch.zeros_like(value) for key, value in weights.items()}
    forms = {
        "bare": weights,
        "mmagic": {
            "state_dict": {
                **{f"generator.{key}": value for key, value in zeros.items()},
                **{f"generator_ema.{key}": value for key, value in weights.items()},
            }
        },
        "averaged": {"params": zeros, "params_ema": weights},
    }
    torch.save({"params": weights}, tmp_path / "plain.pth")
    torch.save(forms[form], tmp_path / "net.pth")
    expected = runner.test(cfg, tmp_path / "plain.pth")
    assert runner.test(cfg, tmp_path / "net.pth") == expected


def test_training_starts_from_what_fits_where_that_is_asked_for(root, clips, tmp_path, caplog):
    file = root / "experiments/run/models/net_g_2.pth"
    cfg = runs.options(clips, name="start", train__total_iter=1)
    cfg["network_g"]["vsr"]["num_feat"] = 4
    cfg["path"].update(pretrain_network_g=str(file), strict_load_g=False)
    model = runner.train(runs.load(tmp_path, cfg))
    assert model.net_g.vsr.fusion.out_channels == 4
    torch.save({"params": {"x": torch.ones(1)}}, tmp_path / "none.pth")
    cfg["path"]["pretrain_network_g"] = str(tmp_path / "none.pth")
    with pytest.raises(
        ValueError, match="none.pth contains no weights that fit this FCA2Network, even"
    ):
        runner.train(runs.load(tmp_path, cfg))


def test_weights_that_are_not_numbers_are_refused(root, clips, tmp_path):
    content = torch.load(root / "experiments/run/models/net_g_2.pth")
    content["params_ema"]["vsr.fusion.weight"][0] = float("nan")
    torch.save(content, tmp_path / "nan.pth")
    with pytest.raises(ValueError, match="nan.pth contains NaN or infinite weights in 1 of"):
        runner.test(runs.load(tmp_path, runs.options(clips)), tmp_path / "nan.pth")


def test_a_full_disk_is_one_sentence_and_leaves_no_half_file(clips, tmp_path, monkeypatch):
    def full(content, path):
        path.write_bytes(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed\n...")

    monkeypatch.setattr(torch, "save", full)
    cfg = runs.load(tmp_path, runs.options(clips, name="full", train__total_iter=1))
    with pytest.raises(OSError, match=r"net_g_1.pth could not be written \(Pytorch.*is the disk f"):
        runner.train(cfg)
    assert not [path for path in tmp_path.rglob("*net_g_1.pth*")]
