"""Enhancement networks through MMagic's Runner: training, validation, resume, test, evaluation."""

import pytest
import torch

from fca2_plugin.apps.evaluate import evaluate
from fca2_plugin.data import build_mfqe_demo, find_mfqe
from fca2_plugin.inference.enhance import enhance_video, score_enhancer
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.metrics import ENHANCEMENT_METRICS
from fca2_plugin.mmagic import runner
from tests.config_trees import ROOT
from tests.conftest import require_host
from tests.enhancers import NETS, demo
from tests.mmagic import runs

require_host("mmagic")

from mmagic.registry import DATASETS, METRICS, MODELS  # noqa: E402

pytestmark = pytest.mark.mmagic

BASE = ROOT / "configs/mmagic/_base_/mfqe2.py"
TREE = dict(qp=37, codec="x265_LDP")


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    return build_mfqe_demo(**demo(tmp_path_factory.mktemp("videos") / "tree"))


def load(folder, videos, net, iterations=2, **data):
    """The paper's config, its data and network cut down."""
    tree = dict(dataroot=str(videos), **TREE)
    options = {
        "model.generator": net,
        "train_dataloader.num_workers": 0,
        "train_dataloader.batch_size": 2,
        "train_dataloader.dataset": {
            "type": "FCA2EnhancementDataset",
            "split": "train",
            "gt_size": 24,
            **tree,
            **data,
        },
        **{
            f"{loader}_dataloader.dataset": {
                "type": "FCA2EnhancementTestDataset",
                "split": "test",
                **tree,
            }
            for loader in ("val", "test")
        },
        "train_cfg.max_iters": iterations,
        "train_cfg.val_interval": 2,
        "default_hooks.checkpoint.interval": 2,
        "default_hooks.logger.interval": 1,
        "env_cfg.dist_cfg.backend": "gloo",
        "randomness": {"seed": 0},
    }
    return runs.load(folder, "run", f"_base_ = {str(BASE)!r}", options)


@pytest.mark.parametrize("name", NETS)
def test_every_network_trains_and_is_validated(name, videos, tmp_path):
    net, data = NETS[name]
    run = runner.train(load(tmp_path, videos, net, **data))
    scores = run.message_hub.get_scalar
    (video,) = find_mfqe(videos, "test", **TREE)
    expected = score_enhancer(run.model.generator, video)
    for measure in ("psnr", "ssim", "delta_psnr", "delta_ssim_1e4"):
        assert scores(f"val/{measure}").current() == pytest.approx(expected[measure])
    assert expected["psnr_input"] > 20 and len(expected["frames"]["psnr"]) == 4


def test_a_run_goes_on_and_is_tested_as_by_the_command(videos, tmp_path):
    net, data = NETS["STDF"]
    cfg = load(tmp_path, videos, net, iterations=4, **data)
    whole = runner.train(cfg).model.state_dict()
    (tmp_path / "again").mkdir()
    cfg = load(tmp_path / "again", videos, net, iterations=2, **data)
    runner.train(cfg)
    cfg.train_cfg.max_iters = 4
    runner.use_resume(cfg)
    resumed = runner.train(cfg).model.state_dict()
    assert all(torch.equal(value, resumed[key]) for key, value in whole.items())

    checkpoint, config = tmp_path / "again/run/iter_4.pth", tmp_path / "whole.py"
    tested = runner.test(cfg, checkpoint)
    cfg.dump(config)
    folders = dict(lq=videos / "test/x265_LDP/QP37", gt=videos / "test/raw")
    result = evaluate(
        config=config,
        checkpoint=checkpoint,
        protocol="mfqe",
        settings=InferenceSettings("cpu"),
        jobs=1,
        **folders,
    )
    for measure in ("psnr", "ssim", "delta_psnr", "delta_ssim_1e4"):
        assert tested[measure] == pytest.approx(result[measure])


def test_weights_of_two_runs_make_the_pair(videos):
    """MFQE 2.0 has weights of their own for peaks; the frames go to the right ones."""
    small, _ = NETS["MFQE 2.0"]
    pair = MODELS.build({**small, "type": "FCA2MFQE2PairNet"}).eval()
    (video,) = find_mfqe(videos, "test", **TREE)
    whole = pair(
        torch.from_numpy(video.coded.luma[None, :, None] / 255).float(), video.peaks().nonzero()[0]
    )
    with torch.no_grad():
        frames = [
            torch.from_numpy(f) for f in enhance_video(pair, video.coded.luma, video.peaks(), "cpu")
        ]
    torch.testing.assert_close(torch.stack(frames), whole[0, :, 0].detach())


def test_clips_and_windows_are_packed_as_the_networks_take_them(videos):
    common = dict(type="FCA2EnhancementDataset", dataroot=str(videos), split="train", gt_size=24)
    window = DATASETS.build({**common, **TREE})
    item = window[0]
    assert item["inputs"].shape == (7, 24, 24) and item["inputs"].dtype == torch.uint8
    assert item["data_samples"].gt_img.shape == (1, 24, 24)
    sample = window.clips.sample(0, None if window.rounds_given else 0)
    assert sample.lq.shape == (7, 24, 24)
    clip = DATASETS.build({**common, **TREE, "num_frame": 3, "target": "all"})[0]
    assert clip["inputs"].shape == clip["data_samples"].gt_img.shape == (3, 1, 24, 24)


def test_inside_fca2_at_scale_1():
    """Networks for RGB fit the frames contract, and train in the host's model for clips."""
    vsr = dict(type="FCA2STDFNet", radius=1, in_channels=3, mid_channels=4, fused_channels=4)
    model = dict(type="BasicVSR", generator=vsr, pixel_loss=dict(type="CharbonnierLoss"))
    wrapped = MODELS.build(dict(type="FCA2Wrapper", model=model, stage="joint", preset="tiny"))
    clip = torch.rand(1, 7, 3, 16, 16)
    out = wrapped.generator(clip)
    assert out.shape == clip.shape
    out.mean().backward()
    assert all(p.grad is not None for p in wrapped.generator.vsr.parameters())


def test_names_of_the_metrics():
    assert {METRICS.get(name).metric for name in ENHANCEMENT_METRICS} == set(
        ENHANCEMENT_METRICS.values()
    )
