"""The check of a GPU: what can be seen of it without one."""

import json
import sys

import pytest
import torch

from tools.gpu_check import networks
from tools.gpu_check.networks import kernel, psnr
from tools.gpu_check.run import STEPS, Step, check, run_step
from tools.gpu_check.steps import run

CPU = torch.device("cpu")
TEN_MINUTES = 600


def test_it_fits_into_ten_minutes():
    assert sum(step.on_gpu for step in STEPS) <= TEN_MINUTES


def test_without_a_gpu(tmp_path):
    lines: list[str] = []
    steps = (STEPS[0], Step("capture", "networks", "graphs", 50))
    assert check(tmp_path / "found.json", lines.append, steps, gpu=False)
    assert lines[0] == "torch sees no GPU here, so only the checks that run on a CPU are made"
    assert lines[1].startswith("ok        driver: no GPU; torch")
    assert lines[2] == "left out  capture: needs a GPU"
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["steps"]["driver"]["facts"]["torch"] == torch.__version__
    assert found["steps"]["driver"]["verdict"] == "ok" and not found["gpu"]


def test_a_step_that_fails_or_takes_too_long(tmp_path):
    failing = run_step([sys.executable, "-c", "raise RuntimeError('the GPU is lost')"], 60)
    assert failing["verdict"] == "FAILED" and failing["text"] == "RuntimeError: the GPU is lost"
    slow = run_step([sys.executable, "-c", "import time; time.sleep(60)"], 1)
    assert slow["verdict"] == "too slow" and slow["text"] == "was stopped after 1 s"
    lines: list[str] = []
    unknown = (Step("unknown", "networks", "nothing", 60, 60),)
    assert not check(tmp_path / "found.json", lines.append, unknown, gpu=False)
    assert lines[1].startswith("FAILED    unknown: KeyError: 'unknown'")


def test_kernels(monkeypatch):
    assert "deformable convolution" in run("kernel", CPU)["text"]
    monkeypatch.setattr(networks, "flow_warp", lambda x, flow: x + torch.rand(1))
    with pytest.raises(RuntimeError, match="warping on cpu differs from the CPU"):
        kernel(CPU)


def test_psnr():
    x = torch.rand(4, 4)
    assert psnr(x, x) == pytest.approx(200) and psnr(x, x + 0.1) == pytest.approx(20, abs=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["networks", "processes", "mmagic", "basicsr"])
def test_what_a_cpu_can_do(name, warm, monkeypatch):
    if name != "processes":  # its torchrun is the one that starts as everywhere else
        monkeypatch.setattr(sys, "executable", str(warm))
    assert run(name, CPU)["text"]
