"""Two processes over gloo learn the same as one process with the same global batch."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest
import torch

from fca2_plugin.basicsr import runner
from fca2_plugin.checkpoints import read_state_dict, select_part
from tests.basicsr import runs
from tests.exit_threads import gloo_threads

pytestmark = [pytest.mark.basicsr, pytest.mark.slow]

ROOT = Path(__file__).parents[2]


def script(warm: Path, name: str, *arguments: str | Path) -> subprocess.CompletedProcess:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = str(s.getsockname()[1])
    return subprocess.run(
        ["bash", ROOT / "tools" / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        env={
            **os.environ,
            "PORT": port,
            "CUDA_VISIBLE_DEVICES": "",  # two processes, of which a machine may have one GPU
            "VIRTUAL_ENV": str(warm.parents[1]),
            "OMP_NUM_THREADS": "1",
        },
    )


def losses(run: Path, rank: int) -> list[float]:
    return json.loads((run / f"losses_{rank}.json").read_text())


def test_two_processes_equal_one(clips, pretrained, warm, tmp_path):
    cfg = runs.options(
        clips,
        model_type="ToyLossesModel",
        custom_imports=["tests.basicsr.toys"],
        # not Adam, which divides by gradients close to zero
        train__optim_g={"type": "SGD", "lr": 0.5},
        train__total_iter=3,  # flow learns from iteration 2 on, through DDP
    )
    checkpoints = {part: str(folder) for part, folder in pretrained.items()}
    cfg["network_g"] = runs.wrapped(stage="vsr", checkpoints=checkpoints)
    # both processes together read what the one process reads
    cfg["datasets"]["train"] = runs.drawn_clips(clips)
    cfg["datasets"]["val"]["name"] = "REDS4"

    path = runs.write(tmp_path, {**cfg, "name": "two"})
    done = script(warm, "dist_train.sh", path, "2", "--cfg-options", "logger.print_freq=3")
    assert done.returncode == 0, done.stderr[-3000:]
    cfg["datasets"]["train"]["batch_size_per_gpu"] = 2
    alone = runner.train(runs.load(tmp_path, {**cfg, "name": "one"}))

    one, two = tmp_path / "experiments/one", tmp_path / "experiments/two"
    assert not any(gloo_threads(two / f"threads_{rank}.json") for rank in (0, 1))
    together = [losses(two, rank) for rank in (0, 1)]
    assert together[0] != together[1]  # each saw its own clip
    mean = [sum(pair) / 2 for pair in zip(*together, strict=True)]
    assert mean == pytest.approx(losses(one, 0), rel=1e-5)

    weights = runs.read_weights(two, "net_g_3")
    for key, value in alone.net_g.state_dict().items():
        torch.testing.assert_close(weights[key], value, rtol=1e-4, atol=1e-6, msg=key)
    for part, folder in pretrained.items():
        before = select_part(read_state_dict(folder), part)
        after = select_part(weights, part)
        assert all(torch.equal(before[key], after[key]) for key in before)

    assert "# psnr: " in done.stderr  # validated once, by both
    out = tmp_path / "metrics.json"
    done = script(warm, "dist_test.sh", path, two / "models/net_g_latest.pth", "2", "--out", out)
    assert done.returncode == 0, done.stderr[-3000:]
    cfg["name"] = "two"
    expected = runner.test(runs.load(tmp_path / "experiments", cfg), two)
    assert json.loads(out.read_text()) == pytest.approx(expected)
    more = ["--resume", "--cfg-options", "train.total_iter=4"]
    done = script(warm, "dist_train.sh", path, "2", *more)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Resuming training from epoch: 2, iter: 3." in done.stderr
    assert (two / "models/net_g_4.pth").is_file()
