"""What a user gets wrong with stages, checkpoints and settings is one sentence, exit code 2."""

import shutil

import pytest

from fca2_plugin.mmagic import train
from tests.mmagic import runs

pytestmark = pytest.mark.mmagic


@pytest.fixture
def fails(clips, tmp_path, capsys):
    """Runs ``train.main`` on a wrapped config and returns its one sentence."""

    def run(text: str, *arguments: str, **options: object) -> str:
        settings = runs.options(clips)
        for key, value in options.items():
            merged = isinstance(value, dict) and isinstance(settings.get(key), dict)
            settings[key] = {**settings[key], **value} if merged else value
        try:
            cfg = runs.load(tmp_path, "bad", text, settings)
        except ValueError as error:  # known before anything is built
            return str(error)
        cfg.dump(tmp_path / "bad_full.py")
        capsys.readouterr()
        work_dir = tmp_path / "w"
        code = train.main(["bad_full.py", "--work-dir", str(work_dir), *arguments])
        error = capsys.readouterr().err
        assert code == 2
        assert "Traceback" not in error
        assert not list(work_dir.rglob("*.pth"))
        lines = [line for line in error.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1
        return lines[0]

    return run


@pytest.mark.parametrize(
    ("settings", "sentences"),
    [
        (dict(stage="vrs"), ["unknown stage 'vrs'", "did you mean 'vsr'?"]),
        (dict(preset="realesed"), ["unknown preset 'realesed'", "did you mean 'released'?"]),
        (dict(autoencoder=dict(n_sub=9)), ["autoencoder has no setting 'n_sub'", "'n_subs'"]),
        (dict(autoencoder=dict(n_subs=9, n_ovls=9)), ["n_subs=9", "n_ovls=9"]),
        (dict(autoencoder=dict(n_subs=24)), ["chunk_frames=7 is shorter", "at least 8"]),
        (dict(cleaning=dict(passes=3)), ["cleaning has no setting 'passes'"]),
        (dict(cleaning=True), ["cleaning got True", "expected dict(...)"]),
        (dict(color_correction="frames"), ["color_correction 'frames'", "did you mean 'frame'?"]),
        (dict(checkpoints=dict(cleanin="a.pth")), ["'cleanin'", "did you mean 'cleaning'?"]),
        (dict(checkpoints=dict(cleaning="no.pth")), ["no checkpoint at no.pth"]),
        (dict(stage="vsr"), ["stage='vsr' needs a trained cleaning", "checkpoints=dict("]),
        (dict(stage="finetune"), ["stage='finetune' needs a trained cleaning"]),
        (dict(stage="cleaning", cleaning=False), ["cleaning=False leaves it out"]),
        (dict(chunk_frame=7), ["'model.chunk_frame'", "'chunk_frames'"]),
    ],
)
def test_wrong_settings(fails, settings, sentences):
    error = fails(runs.wrapped(**settings))
    for sentence in sentences:
        assert sentence in error


def test_a_checkpoint_of_another_size(fails, pretrained):
    settings = dict(
        cleaning=dict(mid_channels=4), checkpoints=dict(cleaning=str(pretrained["cleaning"]))
    )
    error = fails(runs.wrapped(**settings))
    assert "does not contain the weights of this cleaning" in error
    assert "body.1.weight is (3, 8, 3, 3), expected (3, 4, 3, 3)" in error


def test_a_work_dir_without_a_run(fails, tmp_path):
    error = fails(runs.wrapped(checkpoints=dict(cleaning=str(tmp_path))))
    assert f"no checkpoint in {tmp_path}" in error


def test_a_misspelt_net(fails):
    error = fails(runs.wrapped(), **{"model.model.generator.type": "BasicVSRNett"})
    assert "'BasicVSRNett'" in error
    assert "did you mean 'BasicVSRNet'?" in error


def test_a_misspelt_loss_is_met_when_it_is_built(fails):
    error = fails(runs.wrapped(), **{"model.model.pixel_loss.type": "CharbonnierLos"})
    assert "there is no model of type 'CharbonnierLos' in MMagic" in error
    assert "did you mean 'CharbonnierLoss'?" in error


def test_a_misspelt_wrapper(fails):
    error = fails(runs.wrapped(kind="fca2_plugin.FCA2Wraper"))
    assert "'fca2_plugin.FCA2Wraper', which is unknown to MMagic" in error
    assert "did you mean 'FCA2Wrapper'?" in error


def test_a_wrapper_around_no_model(fails):
    text = f"_base_ = {runs.BASES['BasicVSRNet']!r}\n{runs.IMPORTS}\n"
    text += "model = dict(type='FCA2Wrapper', _delete_=True, model=dict(type='BasicVSR'))"
    error = fails(text, **{"model.model.generator": "BasicVSRNet"})
    assert "FCA2Wrapper wraps a model config with a generator" in error


def test_a_net_that_returns_one_frame(fails):
    net = dict(type="EDVRNet", in_channels=3, out_channels=3, num_frames=3, with_tsa=False)
    error = fails(runs.wrapped(), **{"model.model.generator": {**net, "_delete_": True}})
    assert "FCA2SlidingWindow" in error


def test_amp_needs_a_gpu(fails):
    assert "--amp" in fails(runs.wrapped(), "--amp")


@pytest.mark.parametrize("workers", [0, 1])
def test_frames_of_differing_size(fails, clips, tmp_path, workers):
    data = shutil.copytree(clips, tmp_path / "data")
    for path in data.glob("train/gt/*/00000003.png"):
        shutil.copy(path.parents[2] / "lq" / path.parent.name / path.name, path)
    dataset = dict(type="FCA2FramesDataset", data_root=str(data))
    settings = {"train_dataloader.num_workers": workers, "train_dataloader.dataset": dataset}
    error = fails(runs.wrapped(), **settings)
    assert error.startswith(f"error: {data}/train/gt/")
    assert "00000003.png is 16x16, but 00000000.png of the same clip is 64x64" in error
    assert "Traceback" not in error


def test_a_missing_data_folder(fails, tmp_path):
    dataset = dict(type="FCA2FramesDataset", data_root=str(tmp_path / "none"))
    error = fails(runs.wrapped(), **{"train_dataloader.dataset": dataset})
    assert "does not exist; set data_root and data_prefix" in error
