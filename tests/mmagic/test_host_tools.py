"""The host's other tools take a wrapped model as one of their own: testing, inferencer."""

import cv2
import numpy as np
import pytest
import torch
from mmagic.apis import MMagicInferencer
from mmagic.registry import MODELS

from fca2_plugin.checkpoints import read_state_dict, select_part
from fca2_plugin.mmagic import runner
from tests.mmagic import runs

pytestmark = pytest.mark.mmagic


@pytest.fixture
def trained(clips, tmp_path):
    """A config of a wrapped BasicVSR, the model, and a checkpoint of it."""
    settings = runs.options(clips)
    cfg = runs.load(tmp_path, "wrapped", runs.wrapped(), settings)
    loader = cfg.val_dataloader
    cfg.test_dataloader, cfg.test_evaluator = (
        [loader, loader],
        [[dict(type="PSNR", prefix=prefix)] for prefix in ("a", "b")],
    )
    cfg.test_cfg = dict(type="MultiTestLoop")
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval()
    torch.save({"meta": {}, "state_dict": model.state_dict()}, tmp_path / "net.pth")
    return cfg, model, tmp_path / "net.pth"


def read(folder):
    return [cv2.imread(str(path))[..., ::-1] for path in sorted(folder.iterdir())]


def super_resolve(model, folder):
    lq = torch.from_numpy(np.stack(read(folder))).permute(0, 3, 1, 2)[None] / 255
    with torch.no_grad():
        sr = model.generator(lq).clamp(0, 1)[0]
    return (255 * sr).round().permute(0, 2, 3, 1).numpy()


def test_the_hosts_test_loop(trained, clips):
    cfg, model, checkpoint = trained
    metrics = runner.test(cfg, checkpoint)
    sr = super_resolve(model, next((clips / "test/lq_crf25").iterdir()))
    gt = read(next((clips / "test/gt").iterdir()))
    errors = [np.mean((a - b) ** 2) for a, b in zip(sr, np.float64(gt), strict=True)]
    expected = np.mean([10 * np.log10(255**2 / error) for error in errors])
    assert metrics == {key: pytest.approx(expected, rel=1e-3) for key in ("a/PSNR", "b/PSNR")}


def test_the_hosts_inferencer_on_a_folder_of_frames(trained, clips, tmp_path):
    cfg, model, checkpoint = trained
    cfg.dump(tmp_path / "full.py")
    editor = MMagicInferencer(
        "basicvsr", model_config=str(tmp_path / "full.py"), model_ckpt=str(checkpoint)
    )
    source = next((clips / "test/lq_crf25").iterdir())
    editor.infer(video=str(source), result_out_dir=str(tmp_path / "out"))
    out = read(tmp_path / "out")
    assert len(out) == 7
    expected = super_resolve(model, source)
    assert max(np.abs(a - b).max() for a, b in zip(np.float64(out), expected, strict=True)) <= 1


@pytest.mark.parametrize("stage", ["vsr", "finetune", "joint"])
def test_a_stage_starts_from_the_stages_before(stage, clips, pretrained, tmp_path):
    checkpoints = {part: str(folder) for part, folder in pretrained.items()}
    text = runs.wrapped(stage=stage, checkpoints=checkpoints)
    model = MODELS.build(runs.load(tmp_path, "wrapped", text, runs.options(clips)).model)
    model.init_weights()
    for part, folder in pretrained.items():
        weights = select_part(read_state_dict(folder), part)
        found = getattr(model.generator, part).state_dict()
        assert all(torch.equal(found[key], value) for key, value in weights.items())
        learns = [weight.requires_grad for weight in getattr(model.generator, part).parameters()]
        assert set(learns) == {stage != "vsr"}
