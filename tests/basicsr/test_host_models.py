"""BasicSR's own models on the CPU, and ours beside them."""

import pytest
import torch

from fca2_plugin.basicsr import runner
from tests.basicsr import runs

pytestmark = pytest.mark.basicsr


def run(root, large_clips, **changes):
    cfg = runs.options(large_clips, train__total_iter=3, **changes)
    cfg["datasets"]["train"].update(num_frame=3, gt_size=144)
    cfg["network_g"] = {"type": "BasicVSR", **runs.NETS["BasicVSR"]}
    cfg = runs.load(root, cfg)
    return cfg, runner.train(cfg)


def test_a_plain_network_trains_as_in_the_hosts_model(large_clips, tmp_path):
    """Past ``fix_flow``, with two learning rates: every weight of both models is equal."""
    (ours_cfg, ours), (cfg, hosts) = (
        run(tmp_path, large_clips, name=name, model_type=name)
        for name in ("FCA2Model", "VideoRecurrentModel")
    )
    for key, value in hosts.net_g.state_dict().items():
        assert torch.equal(ours.net_g.state_dict()[key], value)
    for key, value in hosts.net_g_ema.state_dict().items():
        # BasicSR's average of equal weights, while flow is held, is not equal to the last bit
        torch.testing.assert_close(ours.net_g_ema.state_dict()[key], value, rtol=1e-5, atol=1e-8)
    checkpoint = tmp_path / "experiments/VideoRecurrentModel/models/net_g_latest.pth"
    expected = runner.test(cfg, checkpoint)
    assert runner.test(ours_cfg, checkpoint) == {"Vid4/psnr": pytest.approx(expected["Vid4/psnr"])}


def test_the_hosts_model_resumes(large_clips, tmp_path):
    cfg, _ = run(tmp_path, large_clips, model_type="VideoRecurrentModel")
    cfg["train"]["total_iter"] = 4
    runner.use_resume(cfg)
    runner.train(cfg)
    assert (tmp_path / "experiments/run/models/net_g_4.pth").is_file()


def test_the_hosts_single_frame_model_validates(large_clips, tmp_path):
    cfg = runs.options(large_clips, model_type="VideoBaseModel")
    cfg["network_g"] = {"type": "EDVR", "num_feat": 8, "num_frame": 3, "num_reconstruct_block": 1}
    cfg["network_g"]["deformable_groups"] = 2
    cfg["datasets"]["val"].update(type="VideoTestDataset", num_frame=3, padding="replicate")
    cfg["val"]["suffix"] = None
    cfg = runs.load(tmp_path, cfg)
    net = runner.build_network(cfg["network_g"])
    torch.save({"params": net.state_dict()}, "edvr.pth")
    assert list(runner.test(cfg, "edvr.pth")) == ["Vid4/psnr"]


def test_any_optimiser_of_torch(large_clips, tmp_path):
    optim = {"type": "SGD", "lr": 0.1}
    _, model = run(tmp_path, large_clips, train__optim_g=optim)
    assert type(model.optimizer_g) is torch.optim.SGD
