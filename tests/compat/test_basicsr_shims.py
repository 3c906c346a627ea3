"""BasicSR's shims: nothing where nothing is broken, and the repair where it is."""

import pytest
import torch

from tests.conftest import require_host, run_python

require_host("basicsr")

from fca2_plugin.compat import (  # noqa: E402
    basicsr_deform,
    basicsr_dist,
    basicsr_resume,
    basicsr_validation,
    prepare_basicsr,
)

pytestmark = pytest.mark.basicsr

needs_no_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")


@pytest.mark.parametrize("shim", [basicsr_deform, basicsr_dist, basicsr_validation])
def test_nothing_is_replaced_with_cuda(shim, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert shim.apply() is None


@needs_no_cuda
def test_basicsr_is_prepared_once():
    """One process for what a fresh import shows."""
    run_python(
        "import fca2_plugin.compat as compat\n"
        "first = compat.prepare_basicsr()\n"
        "from basicsr.archs.basicvsrpp_arch import BasicVSRPlusPlus\n"
        "init = BasicVSRPlusPlus.__init__\n"
        "assert compat.prepare_basicsr() == first and BasicVSRPlusPlus.__init__ is init\n"
        "assert set(first) == set(compat.reasons()), (first, compat.reasons())\n"
        "assert {'basicsr_deform', 'basicsr_dist', 'basicsr_resume'} < set(first)\n"
        "assert 'basicsr_validation' in first\n"
    )


@needs_no_cuda
def test_the_alignment_is_there_and_does_something():
    prepare_basicsr()
    from basicsr.archs.basicvsrpp_arch import BasicVSRPlusPlus

    torch.manual_seed(0)
    net = BasicVSRPlusPlus(mid_channels=16, num_blocks=1).eval()
    assert not torch.cuda.is_available()  # only while the network was built
    assert net.is_with_alignment
    assert set(net.deform_align) == {"backward_1", "forward_1", "backward_2", "forward_2"}
    lq = torch.rand(1, 3, 3, 64, 64)
    with torch.no_grad():
        aligned = net(lq)
        net.is_with_alignment = False
        assert not torch.equal(net(lq), aligned)


def test_the_newest_state(tmp_path):
    assert basicsr_resume.find_state(tmp_path / "none") is None
    for name in ("9.state", "10.state", "latest.state", ".11.state.part", "12.pth"):
        (tmp_path / name).touch()
    assert basicsr_resume.find_state(tmp_path) == str(tmp_path / "10.state")


@pytest.mark.parametrize("auto", [True, False])
def test_a_state_below_the_runs_root(tmp_path, monkeypatch, auto):
    prepare_basicsr()
    import basicsr.train

    states = tmp_path / "root/experiments/a/training_states"
    states.mkdir(parents=True)
    content = {"epoch": 0, "iter": 7, "schedulers": []}
    content["optimizers"] = [{"state": {0: {"step": torch.ones(1)}}}]
    torch.save(content, states / "7.state")
    path = {"training_states": str(states), "models": "models", "param_key_g": "params_ema"}
    path["resume_state"] = None if auto else str(states / "7.state")
    opt = {"auto_resume": auto, "name": "a", "path": path, "network_g": {}}
    monkeypatch.chdir(tmp_path)
    assert basicsr.train.load_resume_state(opt) == content
    assert path["pretrain_network_g"] == "models/net_g_7.pth"
    assert (path["resume_state"], path["param_key_g"]) == (str(states / "7.state"), "params")
    opt["path"] = {"training_states": str(tmp_path), "resume_state": None}
    assert basicsr.train.load_resume_state(opt) is None


@needs_no_cuda
def test_distributed_on_the_cpu(warm):
    """BasicSR's launcher, and its wrapping of a network."""
    run_python(
        "import os, torch\n"
        "from fca2_plugin.compat import prepare_basicsr; prepare_basicsr()\n"
        "from basicsr.models.base_model import BaseModel\n"
        "from basicsr.utils.dist_util import get_dist_info, init_dist\n"
        "os.environ.update(RANK='0', WORLD_SIZE='1', MASTER_ADDR='127.0.0.1', MASTER_PORT='0')\n"
        "init_dist('pytorch')\n"
        "assert get_dist_info() == (0, 1)\n"
        "assert torch.distributed.get_backend() == 'gloo'\n"
        "opt = {'num_gpu': 0, 'is_train': True, 'dist': True, 'find_unused_parameters': True}\n"
        "net = BaseModel(opt).model_to_device(torch.nn.Linear(2, 1))\n"
        "assert type(net).__name__ == 'DistributedDataParallel'\n"
        "assert net.device_ids is None and net.find_unused_parameters\n"
        "net(torch.ones(1, 2)).sum().backward()\n"
        "assert net.module.weight.grad is not None\n"
        "plain = BaseModel({**opt, 'dist': False}).model_to_device(torch.nn.Linear(2, 1))\n"
        "assert type(plain) is torch.nn.Linear\n"
        "torch.distributed.destroy_process_group()\n",
        python=warm,
    )


@needs_no_cuda
def test_slurm_on_the_cpu(warm):
    run_python(
        "import os, subprocess, torch\n"
        "from fca2_plugin.compat import prepare_basicsr; prepare_basicsr()\n"
        "from basicsr.utils import dist_util\n"
        "subprocess.getoutput = lambda command: '127.0.0.1'\n"
        "os.environ.update(SLURM_PROCID='0', SLURM_NTASKS='1', SLURM_NODELIST='n')\n"
        "dist_util.init_dist('slurm', backend='nccl', port=0)\n"
        "assert torch.distributed.get_backend() == 'gloo'\n"
        "assert os.environ['LOCAL_RANK'] == '0'\n",
        python=warm,
    )


@needs_no_cuda
def test_the_models_input_is_its_own():
    prepare_basicsr()
    from basicsr.models.video_base_model import VideoBaseModel

    model = VideoBaseModel.__new__(VideoBaseModel)
    model.device = torch.device("cpu")
    data = {"lq": torch.rand(1, 2, 3, 4, 4), "gt": torch.rand(1, 2, 3, 4, 4), "folder": "a"}
    model.feed_data(data)
    for key in ("lq", "gt"):
        data[key].squeeze_(0)
    assert model.lq.shape == model.gt.shape == (1, 2, 3, 4, 4)
    assert model.lq.data_ptr() == data["lq"].data_ptr()  # not a copy


def test_a_mirrored_clip_does_not_change_the_next(monkeypatch):
    prepare_basicsr()
    from basicsr.archs.basicvsrpp_arch import BasicVSRPlusPlus

    ours = BasicVSRPlusPlus.check_if_mirror_extended
    torch.manual_seed(0)
    net = BasicVSRPlusPlus(mid_channels=16, num_blocks=1).eval()
    for parameter in net.spynet.parameters():  # flows that differ with the direction
        torch.nn.init.normal_(parameter, std=0.05)
    lq, still = torch.rand(1, 3, 3, 64, 64), torch.rand(1, 1, 3, 64, 64).expand(-1, 2, -1, -1, -1)
    with torch.no_grad():
        alone = net(lq)
        net(still)
        assert net.is_mirror_extended
        assert torch.equal(net(lq), alone)
        monkeypatch.setattr(BasicVSRPlusPlus, "check_if_mirror_extended", ours.__wrapped__)
        net(still)
        assert not torch.equal(net(lq), alone)  # the host's own
