"""What is said of GPUs, drivers and processes that do not fit together."""

import multiprocessing
import os
import socket
import warnings

import pytest
import torch
from torch import distributed

from fca2_plugin import _gpu
from fca2_plugin._distributed import build_once, check_devices
from fca2_plugin._gpu import driver_version, unseen_gpu, warn_of_unseen_gpu, wheel_tag

VERSION = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {}  Tue Jan  2 10:00:00 UTC 2024\n"


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Make this a machine with a GPU, a driver and a build of torch."""

    def make(driver: str | None, cuda: str | None, seen: bool = False, gpu: bool = True) -> None:
        if gpu:
            (tmp_path / "nvidia0").touch()
        if driver is not None:
            (tmp_path / "version").write_text(VERSION.format(driver))
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        monkeypatch.setattr(_gpu, "_DEVICES", tmp_path)
        monkeypatch.setattr(_gpu, "_DRIVER", tmp_path / "version")
        monkeypatch.setattr(torch.version, "cuda", cuda)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: seen)

    return make


def test_a_driver_that_is_too_old(machine):
    machine("470.57.02", "12.8")
    said = unseen_gpu()
    assert "CUDA 12.8 (wheels cu128) needs driver 525.60.13 or newer" in said
    assert "driver 470.57.02 is installed" in said and "begins with cu11" in said
    with pytest.warns(UserWarning, match="everything runs on the CPU"):
        warn_of_unseen_gpu()


def test_a_torch_without_cuda(machine):
    machine("550.54.14", None)
    assert "built without CUDA; install a torch for CUDA 12" in unseen_gpu()


def test_another_reason_is_torchs_own(machine, monkeypatch):
    def init():
        raise RuntimeError("the GPU is lost\nand more")

    machine("550.54.14", "12.8")
    monkeypatch.setattr(torch.cuda, "init", init)
    assert unseen_gpu().endswith("the GPU is lost")


@pytest.mark.parametrize("how", ["seen", "none", "hidden"])
def test_nothing_to_say(machine, monkeypatch, how):
    machine("470.57.02", "12.8", seen=how == "seen", gpu=how != "none")
    if how == "hidden":
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert unseen_gpu() is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_unseen_gpu()


@pytest.mark.parametrize(("cuda", "tag"), [("11.8", "cu118"), ("13.0", "cu130"), (None, "cpu")])
def test_names(machine, cuda, tag):
    machine(None, cuda)
    assert driver_version() is None and wheel_tag() == tag


def test_processes_and_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    check_devices("pytorch")
    with pytest.warns(UserWarning, match="one of the 2 GPUs is used"):
        check_devices("none")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    with pytest.raises(
        ValueError, match="3 processes .* torch sees 2 GPU.*start 2 processes, or hide"
    ):
        check_devices("pytorch")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)  # a CPU serves any number
    check_devices("pytorch")


def _one_of_two(rank: int, port: int, fails: bool, results: multiprocessing.Queue) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    distributed.init_process_group("gloo", rank=rank, world_size=2)
    done = []

    def action(text: str) -> None:
        if fails:
            raise OSError("the disk is full")
        done.append(text)

    try:
        build_once(action, {"text": "built"})
        results.put((rank, done))
    except (OSError, ValueError) as error:
        results.put((rank, str(error)))
    distributed.destroy_process_group()


@pytest.mark.parametrize("fails", [False, True])
def test_where_the_first_process_fails_none_waits(fails):
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    pair = [context.Process(target=_one_of_two, args=(r, port, fails, results)) for r in (0, 1)]
    for process in pair:
        process.start()
    answers = dict(results.get(timeout=240) for _ in pair)
    for process in pair:
        process.join()
    if fails:
        assert answers[0] == "the disk is full"
        assert answers[1] == "the first process failed: OSError: the disk is full"
    else:
        assert answers == {0: ["built"], 1: []}
