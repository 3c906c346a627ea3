"""The real pipelines: what a run leaves, how it goes on, what it measures."""

import json

import cv2
import pytest
import torch

from fca2_plugin.basicsr import runner, train
from fca2_plugin.basicsr import test as test_entry
from fca2_plugin.basicsr.pipeline import forget_logger
from fca2_plugin.checkpoints import PHASE_KEY
from tests.basicsr import runs

pytestmark = pytest.mark.basicsr


@pytest.fixture(scope="module")
def finished(clips, tmp_path_factory):
    """The config, the folder and the model of a run of two iterations."""
    root = tmp_path_factory.mktemp("finished")
    cfg = runs.load(root, runs.options(clips))
    model = runner.train(cfg)
    forget_logger()
    return cfg, root / "experiments/run", model


def test_a_run_leaves_what_basicsr_leaves(finished):
    cfg, run, _ = finished
    assert sorted(path.name for path in (run / "models").iterdir()) == [
        "net_g_1.pth",
        "net_g_2.pth",
        "net_g_latest.pth",
    ]
    assert sorted(path.name for path in (run / "training_states").iterdir()) == [
        "1.state",
        "2.state",
    ]
    assert (run / "run.yml").is_file()
    (log,) = run.glob("train_run_*.log")
    text = log.read_text()
    assert "[epoch:  0, iter:       2, lr:(" in text
    assert "Validation Vid4\n\t # psnr:" in text
    assert set(torch.load(run / "models/net_g_latest.pth")) == {"params", "params_ema"}


def test_what_was_validated_is_what_the_checkpoint_gives(finished, tmp_path):
    cfg, run, model = finished
    validated = model.best_metric_results["Vid4"]["psnr"]["val"]
    latest = run / "models/net_g_latest.pth"
    cfg = {**cfg, "root_path": str(tmp_path)}
    assert runner.test(cfg, latest) == {"Vid4/psnr": pytest.approx(validated, abs=1e-6)}
    raw = {**cfg, "path": {**cfg["path"], "param_key_g": "params"}}
    assert runner.test(raw, run)["Vid4/psnr"] != pytest.approx(validated, abs=1e-6)
    net = runner.load_generator(cfg, latest)
    assert not net.training
    averaged = runs.read_weights(run, key="params_ema")
    assert all(torch.equal(value, averaged[key]) for key, value in net.state_dict().items())


def _weights(run, name):
    content = torch.load(run / "models" / f"{name}.pth")
    assert content.pop("meta", {}).keys() <= {PHASE_KEY}
    return {f"{kind}.{k}": v for kind, state in content.items() for k, v in state.items()}


@pytest.mark.parametrize("workers", [0, 1])
def test_a_resumed_run_is_the_uninterrupted_one(clips, tmp_path, workers):
    cfg = runs.options(clips, train__fix_flow=4)
    cfg["datasets"]["train"] = runs.drawn_clips(
        clips, dataset_enlarge_ratio=2, num_worker_per_gpu=workers
    )
    straight = runs.load(tmp_path, {**cfg, "name": "straight"})
    straight["train"]["total_iter"] = 6
    runner.train(straight)
    cfg["train"]["total_iter"] = 3
    path = runs.write(tmp_path, cfg)
    assert train.main([str(path)]) == 0
    more = ["--cfg-options", "train.total_iter=6"]
    assert train.main([str(path), "--resume", *more]) == 0
    one, two = (tmp_path / "experiments" / name for name in ("straight", "run"))
    before, after = _weights(one, "net_g_6"), _weights(two, "net_g_6")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert not list((tmp_path / "experiments").glob("*archived*"))


def test_resuming_where_nothing_is_starts(clips, tmp_path):
    path = runs.write(tmp_path, runs.options(clips, train__total_iter=1))
    with pytest.warns(UserWarning, match="nothing to resume in .*w/experiments/run; training sta"):
        assert train.main(["-opt", str(path), "--auto_resume", "--work-dir", "w"]) == 0
    assert (tmp_path / "w/experiments/run/models/net_g_latest.pth").is_file()


def test_a_state_file_is_resumed(clips, finished, tmp_path, capsys):
    cfg, run, _ = finished
    root = run.parents[1]
    again = ["--work-dir", str(root), "--cfg-options", "train.total_iter=3"]
    state = str(run / "training_states/1.state")
    path = str(root / "run.yml")
    assert train.main([path, "--resume", state, *again]) == 0
    assert "Resuming training from epoch: 0, iter: 1." in capsys.readouterr().err


def test_a_file_for_training_and_testing(clips, finished, tmp_path):
    cfg = runs.options(clips)
    clip = cfg["datasets"]["val"]
    cfg["datasets"]["test_1"] = {**clip, "dataroot_lq": f"{clips}/test/lq_crf15"}
    cfg["datasets"]["test_2"] = {**clip, "name": "REDS4"}
    cfg["val"]["metrics"]["ssim"] = {"type": "calculate_ssim", "crop_border": 0}
    path = runs.write(tmp_path, cfg)
    checkpoint = str(finished[1] / "models/net_g_2.pth")
    out = tmp_path / "new/metrics.json"
    options = ["--force_yml", "val:save_img=true", "val:suffix=x"]
    assert test_entry.main([str(path), checkpoint, "--out", str(out), *options]) == 0
    metrics = json.loads(out.read_text())
    assert sorted(metrics) == ["REDS4/psnr", "REDS4/ssim", "Vid4/psnr", "Vid4/ssim"]
    assert metrics["Vid4/psnr"] != metrics["REDS4/psnr"]  # CRF 15 and CRF 25
    (image,) = tmp_path.glob("results/run/visualization/Vid4/*/00000006_x.png")
    assert cv2.imread(str(image)).shape == (64, 64, 3)


def test_images_are_saved_in_training(clips, tmp_path):
    cfg = runs.options(clips, train__total_iter=1, val__save_img=True, val__val_freq=1)
    runner.train(runs.load(tmp_path, cfg))
    names = {path.name for path in tmp_path.glob("experiments/run/visualization/Vid4/*/*")}
    assert "00000006_1.png" in names


def test_validation_without_metrics_saves_images_alone(clips, finished, tmp_path):
    cfg = runs.options(clips, val__save_img=True, val__metrics=None)
    assert runner.test(runs.load(tmp_path, cfg), finished[1]) == {}
    assert len(list(tmp_path.glob("results/run/visualization/Vid4/*/*_run.png"))) == 7


@pytest.mark.parametrize("flip", [False, True])
def test_center_frames_and_flipped_sequences(clips, finished, tmp_path, flip):
    cfg = runs.options(clips)
    cfg["val"].update(center_frame_only=True, flip_seq=flip)
    assert list(runner.test(runs.load(tmp_path, cfg), finished[1])) == ["Vid4/psnr"]


def test_two_runs_in_one_process_have_their_own_logs(clips, tmp_path):
    for name in ("one", "two"):
        runner.train(runs.load(tmp_path, runs.options(clips, name=name, train__total_iter=1)))
        (log,) = (tmp_path / "experiments" / name).glob("*.log")
        assert f"[{name}..]" in log.read_text()


def test_the_debug_run(clips, tmp_path):
    path = runs.write(tmp_path, runs.options(clips, logger__print_freq=100))
    assert train.main([str(path), "--debug"]) == 0
    (log,) = tmp_path.glob("experiments/debug_run/*.log")
    assert "iter:       1" in log.read_text()


def test_a_failed_write_leaves_the_old_file(finished, tmp_path, monkeypatch):
    _, run, model = finished
    before = (run / "models/net_g_2.pth").read_bytes()

    def full(content, path):
        path.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="no space"):
        model.save(0, 2)
    assert (run / "models/net_g_2.pth").read_bytes() == before
    assert not list(run.rglob("*.part"))
