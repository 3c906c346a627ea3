"""What MMagic's training and testing do with checkpoints: whole, of this network, or refused."""

import copy
import shutil

import pytest
import torch
from mmengine.config import Config

from fca2_plugin.checkpoints import read_content
from fca2_plugin.mmagic import runner, train
from fca2_plugin.mmagic import test as test_entry
from tests.mmagic import runs

pytestmark = pytest.mark.mmagic


def add_test(cfg: Config) -> Config:
    cfg.test_dataloader = [cfg.val_dataloader]
    cfg.test_evaluator = [[dict(type="PSNR")]]
    cfg.test_cfg = dict(type="MultiTestLoop")
    return cfg


@pytest.fixture(scope="module")
def plain(clips, tmp_path_factory):
    """A plain BasicVSR, trained for two iterations, each saved."""
    folder = tmp_path_factory.mktemp("plain")
    settings = {**runs.options(clips), "default_hooks.checkpoint.interval": 1}
    settings = {key.replace("model.model.", "model."): value for key, value in settings.items()}
    text = f"_base_ = {runs.BASES['BasicVSRNet']!r}\n{runs.IMPORTS}"
    cfg = add_test(runs.load(folder, "plain", text, settings))
    runner.train(cfg)
    return cfg


@pytest.fixture
def run(plain, tmp_path):
    """A copy of the run's folder, and its config."""
    cfg = copy.deepcopy(plain)
    cfg.work_dir = str(shutil.copytree(plain.work_dir, tmp_path / "run"))
    return cfg


def test_a_folder_is_tested_as_its_newest_file(run):
    by_folder = runner.test(run, run.work_dir)
    assert by_folder == runner.test(run, f"{run.work_dir}/iter_2.pth")
    assert by_folder["PSNR"] > 0


def test_the_command_line_takes_a_folder(run, tmp_path, capsys):
    run.dump(tmp_path / "full.py")
    arguments = ["--work-dir", str(tmp_path / "w"), "--out", str(tmp_path / "a.json")]
    assert test_entry.main([str(tmp_path / "full.py"), run.work_dir, *arguments]) == 0
    assert (tmp_path / "a.json").is_file()


def test_weights_of_another_network_are_refused(run, clips, tmp_path, capsys):
    """Which MMEngine would leave out, and measure random ones."""
    text = runs.wrapped()
    cfg = add_test(runs.load(tmp_path, "wrapped", text, runs.options(clips)))
    file = f"{run.work_dir}/iter_2.pth"
    with pytest.raises(
        ValueError, match="iter_2.pth does not contain .*missing cleaning.body.0.0.we"
    ):
        runner.test(cfg, file)
    cfg.load_from = file
    with pytest.raises(
        ValueError, match="iter_2.pth does not contain the weights of this generator"
    ):
        runner.train(cfg)
    cfg.dump(tmp_path / "full.py")
    assert test_entry.main([str(tmp_path / "full.py"), file]) == 2
    assert "unexpected" in capsys.readouterr().err
    state = read_content(file)["state_dict"]
    state["generator.foreign"] = torch.ones(1)
    torch.save({"state_dict": state}, tmp_path / "foreign.pth")
    with pytest.raises(ValueError, match="foreign.pth does not contain .*unexpected foreign;"):
        runner.test(run, tmp_path / "foreign.pth")


@pytest.mark.parametrize("form", ["bare", "params", "ema", "hook"])
def test_every_form_is_tested_alike(run, tmp_path, form):
    content = read_content(f"{run.work_dir}/iter_2.pth")
    weights = {
        key.removeprefix("generator."): value
        for key, value in content["state_dict"].items()
        if key.startswith("generator.")
    }
    zeros = {key: torch.zeros_like(value) for key, value in weights.items()}
    forms = {
        "bare": weights,
        "params": {"params": zeros, "params_ema": weights},
        "ema": {
            "state_dict": {
                **{f"generator.{key}": value for key, value in zeros.items()},
                **{f"generator_ema.{key}": value for key, value in weights.items()},
            }
        },
        "hook": {
            "state_dict": content["state_dict"],
            "ema_state_dict": {f"module.generator.{k}": v for k, v in zeros.items()},
        },
    }
    torch.save(forms[form], tmp_path / "net.pth")
    assert runner.test(run, tmp_path / "net.pth") == runner.test(run, run.work_dir)
    net = runner.load_generator(run, tmp_path / "net.pth")
    assert all(torch.equal(value, weights[key]) for key, value in net.state_dict().items())


def test_a_resume_goes_on_without_a_pointer(run, tmp_path, capfd):
    folder = tmp_path / "run"
    (folder / "last_checkpoint").unlink()
    run.train_cfg.max_iters = 3
    run.dump(tmp_path / "full.py")
    assert train.main([str(tmp_path / "full.py"), "--work-dir", str(folder), "--resume"]) == 0
    assert "resumed epoch: 0, iter: 2" in capfd.readouterr().out
    assert (folder / "iter_3.pth").is_file()


def test_a_resume_never_leads_to_another_folder(plain, run, tmp_path):
    folder = tmp_path / "run"
    assert (folder / "last_checkpoint").read_text().startswith(plain.work_dir)  # as copied
    runner.use_resume(run)
    assert run.load_from == str(folder / "iter_2.pth")
    (folder / "iter_2.pth").write_bytes((folder / "iter_2.pth").read_bytes()[:5000])
    with pytest.warns(UserWarning, match="iter_2.pth in .* is damaged, so .*iter_1.pth is used"):
        runner.use_resume(run)
    assert run.load_from == str(folder / "iter_1.pth")
    for path in folder.glob("iter_*"):
        path.unlink()
    with pytest.raises(FileNotFoundError, match="no checkpoint in .*; last_checkpoint names"):
        runner.use_resume(run)


def test_resuming_a_file_without_a_training_state(run, tmp_path):
    content = read_content(f"{run.work_dir}/iter_2.pth")
    torch.save({"state_dict": content["state_dict"]}, tmp_path / "net.pth")
    runner.use_resume(run, str(tmp_path / "net.pth"))
    with pytest.raises(
        ValueError, match="net.pth contains no training state of MMagic, so it cannot"
    ):
        runner.train(run)
    (tmp_path / "net.pth").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ValueError, match="net.pth is not a readable checkpoint"):
        runner.train(run)


def test_what_a_resume_keeps_is_said_in_one_warning(run, capfd):
    run.train_cfg.max_iters = 3
    run.optim_wrapper.optimizer.lr = 0.5
    run.optim_wrapper.optimizer.betas = (0.5, 0.75)
    run.param_scheduler.periods = [7]
    runner.use_resume(run)
    runner.train(run)
    (line,) = [line for line in capfd.readouterr().out.splitlines() if "resumed run" in line]
    for text in (
        "lr 0.0002 (the config says 0.5)",
        "betas [0.9, 0.99] (the config says [0.5, 0.75])",
        "periods [300000] (the config says [7])",
        "with load_from",
    ):
        assert text in line


def test_nothing_is_said_where_nothing_changed(run, capfd):
    run.train_cfg.max_iters = 3
    runner.use_resume(run)
    runner.train(run)
    assert "resumed run" not in capfd.readouterr().out


def test_a_stage_is_resumed_without_the_stages_before(clips, pretrained, tmp_path):
    copies = {part: shutil.copytree(f, tmp_path / part) for part, f in pretrained.items()}
    text = runs.wrapped(stage="vsr", checkpoints={k: str(v) for k, v in copies.items()})
    cfg = runs.load(tmp_path, "stage2", text, runs.options(clips))
    runner.train(cfg)
    for folder in copies.values():
        shutil.rmtree(folder)
    cfg.train_cfg.max_iters = cfg.train_cfg.val_interval = 3
    cfg.default_hooks.checkpoint.interval = 3
    with pytest.raises(FileNotFoundError, match="no checkpoint at"):
        runner.train(cfg)  # anew
    runner.use_resume(cfg)
    trained = runner.train(cfg)
    before = read_content(tmp_path / "stage2/iter_2.pth")["state_dict"]
    frozen = {k: v for k, v in trained.model.state_dict().items() if "generator.autoencoder" in k}
    assert frozen and all(torch.equal(value.cpu(), before[key]) for key, value in frozen.items())


GAN = "mmagic::real_basicvsr/realbasicvsr_c64b20-1x30x8_8xb1-lr5e-5-150k_reds.py"


def test_nothing_is_downloaded_to_run_a_gan(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a download")

    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    path = runs.write(tmp_path, "gan", f"_base_ = {GAN!r}\n{runs.IMPORTS}")
    small = dict(mid_channels=8, num_propagation_blocks=1, num_cleaning_blocks=1)
    options = {f"model.generator.{key}": value for key, value in small.items()}
    cfg = runner.load_config(path, options)
    assert cfg.model.perceptual_loss and cfg.model.generator.spynet_pretrained
    net = runner.load_generator(cfg, None)
    live = {f"generator.{k}": torch.zeros_like(v) for k, v in net.state_dict().items()}
    averaged = {f"generator_ema.{k}": v for k, v in net.state_dict().items()}
    torch.save({"state_dict": {**live, **averaged}}, tmp_path / "gan.pth")
    loaded = runner.load_generator(cfg, tmp_path / "gan.pth")
    assert all(torch.equal(v, loaded.state_dict()[k]) for k, v in net.state_dict().items())
    cfg.load_from = str(tmp_path / "gan.pth")
    built = runner.build_runner(cfg, runner.TestRunner)
    built.load_or_resume()
    state = built.model.state_dict()
    for name, value in {**live, **averaged}.items():
        assert torch.equal(state[name].cpu(), value), name
    torch.save(net.state_dict(), tmp_path / "alone.pth")  # serves both
    built.load_checkpoint(str(tmp_path / "alone.pth"))
    for name, value in net.state_dict().items():
        for prefix in ("generator", "generator_ema"):
            assert torch.equal(built.model.state_dict()[f"{prefix}.{name}"].cpu(), value)
