"""Enhancement networks through BasicSR's pipelines: training, validation, resume, test."""

import numpy as np
import pytest
import torch

from fca2_plugin.apps.evaluate import evaluate
from fca2_plugin.data import build_mfqe_demo, find_mfqe
from fca2_plugin.inference.enhance import score_enhancer
from fca2_plugin.inference.settings import InferenceSettings
from tests.basicsr import runs
from tests.conftest import require_host
from tests.enhancers import NETS, demo

require_host("basicsr")

from fca2_plugin.basicsr import runner  # noqa: E402

# isort: split
from basicsr.archs import build_network  # noqa: E402

from fca2_plugin.basicsr.enhancement import (  # noqa: E402
    FCA2EnhancementDataset,
    FCA2EnhancementModel,
    FCA2EnhancementTestDataset,
)
from fca2_plugin.data.enhancement import open_enhancement_set  # noqa: E402
from fca2_plugin.metrics import ENHANCEMENT_METRICS  # noqa: E402

pytestmark = pytest.mark.basicsr

TREE = dict(qp=37, codec="x265_LDP")


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    return build_mfqe_demo(**demo(tmp_path_factory.mktemp("videos") / "tree"))


def options(videos, net, iterations=2, **data):
    """A run of few iterations with a validation after every second."""
    tree = dict(dataroot=str(videos), **TREE)
    cfg = runs.options(videos, scale=1, model_type="FCA2EnhancementModel", network_g=net)
    cfg["datasets"] = {
        "train": dict(
            name="demo",
            type="FCA2EnhancementDataset",
            split="train",
            gt_size=24,
            num_worker_per_gpu=0,
            batch_size_per_gpu=2,
            dataset_enlarge_ratio=10,
            **tree,
            **data,
        ),
        "val": dict(name="test", type="FCA2EnhancementTestDataset", split="test", **tree),
    }
    for key in ("fix_flow", "flow_lr_mul"):
        del cfg["train"][key]
    cfg["train"]["total_iter"] = iterations
    cfg["val"] |= {
        "val_freq": 2,
        "metrics": {measure: {"type": name} for name, measure in ENHANCEMENT_METRICS.items()},
    }
    return cfg


@pytest.mark.parametrize("name", NETS)
def test_every_network_trains_and_is_validated(name, videos, tmp_path):
    net, data = NETS[name]
    model = runner.train(runs.load(tmp_path, options(videos, net, **data)))
    (video,) = find_mfqe(videos, "test", **TREE)
    expected = score_enhancer(model.net_g_ema, video)
    results = model.best_metric_results["test"]
    for measure in ENHANCEMENT_METRICS.values():
        assert results[measure]["val"] == pytest.approx(expected[measure])
    assert expected["psnr_input"] > 20 and len(expected["frames"]["psnr"]) == 4


def test_a_run_goes_on_and_is_tested_as_by_the_command(videos, tmp_path):
    net, data = NETS["STDF"]
    whole, again = tmp_path / "whole", tmp_path / "again"
    for folder in (whole, again):
        folder.mkdir()
    runner.train(runs.load(whole, options(videos, net, 4, **data)))
    runner.train(runs.load(again, options(videos, net, 2, **data)))
    cfg = runs.load(again, options(videos, net, 4, **data))
    runner.use_resume(cfg)
    runner.train(cfg)
    name = "net_g_4"
    expected, resumed = (runs.read_weights(f / "experiments/run", name) for f in (whole, again))
    assert all(torch.equal(value, resumed[key]) for key, value in expected.items())

    checkpoint = again / "experiments/run/models/net_g_4.pth"
    tested = runner.test(cfg, checkpoint)
    result = evaluate(
        config=again / "run.yml",
        checkpoint=checkpoint,
        lq=videos / "test/x265_LDP/QP37",
        gt=videos / "test/raw",
        protocol="mfqe",
        settings=InferenceSettings("cpu"),
        jobs=1,
    )
    for measure in ENHANCEMENT_METRICS.values():
        assert tested[f"test/{measure}"] == pytest.approx(result[measure])


def test_samples_are_those_of_the_shared_code(videos):
    options = dict(dataroot=str(videos), split="train", gt_size=24, **TREE)
    expected = open_enhancement_set(**options).sample(1, 3)
    dataset = FCA2EnhancementDataset({"name": "demo", "phase": "train", **options})
    item = dataset[1 + len(dataset) * 3]
    assert item["key"] == expected.name
    for key, planes in ("lq", expected.lq), ("gt", expected.gt):
        assert torch.equal(item[key], torch.from_numpy(planes).float() / 255)
    clip = FCA2EnhancementDataset({**options, "num_frame": 3, "target": "all"})[0]
    assert clip["lq"].shape == clip["gt"].shape == (3, 1, 24, 24)


def test_data_sets_make_their_videos(tmp_path):
    options = {"dataroot": str(tmp_path / "tree"), "demo": demo(tmp_path / "tree"), **TREE}
    test = FCA2EnhancementTestDataset({**options, "split": "test"})
    assert len(test) == 1 and test[0]["folder"] == test[0]["pair"].name
    assert len(FCA2EnhancementDataset({**options, "split": "train", "gt_size": 24})) == 2
    assert np.shape(test[0]["pair"].coded.luma) == (4, 48, 48)


def test_inside_fca2_at_scale_1():
    """Networks for RGB fit the frames contract."""
    vsr = dict(type="FCA2STDFNet", radius=1, in_channels=3, mid_channels=4, fused_channels=4)
    net = build_network(dict(type="FCA2Wrapper", vsr=vsr, stage="joint", preset="tiny"))
    clip = torch.rand(1, 7, 3, 16, 16)
    out = net(clip)
    assert out.shape == clip.shape
    out.mean().backward()
    assert all(p.grad is not None for p in net.vsr.parameters())


@pytest.mark.parametrize("dataset", [FCA2EnhancementDataset, FCA2EnhancementTestDataset])
def test_options_that_nothing_reads(dataset):
    with pytest.raises(TypeError, match=f"{dataset.__name__} .*splitt.*split"):
        dataset({"dataroot": "data", "splitt": "test"})


def test_pictures_are_not_saved():
    with pytest.raises(ValueError, match="val.save_img is true, .* set it to false"):
        FCA2EnhancementModel({"val": {"save_img": True}})
