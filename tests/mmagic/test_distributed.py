"""Two processes over gloo learn the same as one process with the same global batch."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest
import torch

from fca2_plugin.mmagic import runner
from tests.exit_threads import gloo_threads
from tests.mmagic import runs

pytestmark = pytest.mark.mmagic

ROOT = Path(__file__).parents[2]


def _free_port() -> str:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


def _losses(work_dir: Path, rank: int) -> list[float]:
    return json.loads((work_dir / f"losses_{rank}.json").read_text())


@pytest.mark.slow
def test_two_processes_equal_one(clips, pretrained, warm, tmp_path):
    checkpoints = {part: str(folder) for part, folder in pretrained.items()}
    text = runs.wrapped(stage="vsr", checkpoints=checkpoints)
    text = text.replace("'fca2_plugin.mmagic'", "'fca2_plugin.mmagic', 'tests.mmagic.rank_losses'")
    settings = {
        **runs.options(clips),
        # neither shuffling nor cropping; both processes together read what the one process reads
        "train_dataloader.sampler": dict(type="DefaultSampler", shuffle=False),
        "train_dataloader.dataset.pipeline": runs.plain_pipeline(),
        "model.model.train_cfg.fix_iter": 1,  # the host un-freezes everything, through DDP
        # not Adam, which divides by gradients close to zero
        "optim_wrapper.optimizer": dict(_delete_=True, type="SGD", lr=0.5),
        "custom_hooks": [dict(type="RankLossesHook")],
    }
    cfg = runs.load(tmp_path, "one", text, {**settings, "train_dataloader.batch_size": 2})
    alone = runner.train(cfg)

    two = runs.load(tmp_path, "two", text, settings)
    two.dump(tmp_path / "two_full.py")
    done = subprocess.run(
        ["bash", ROOT / "tools/dist_train.sh", "two_full.py", "2", "--work-dir", "two"],
        capture_output=True,
        text=True,
        timeout=240,
        env={
            **os.environ,
            "PORT": _free_port(),
            "CUDA_VISIBLE_DEVICES": "",  # two processes, of which a machine may have one GPU
            "VIRTUAL_ENV": str(warm.parents[1]),
            "OMP_NUM_THREADS": "1",
        },
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not any(gloo_threads(tmp_path / f"two/threads_{rank}.json") for rank in (0, 1))

    together = [_losses(tmp_path / "two", rank) for rank in (0, 1)]
    assert together[0] != together[1]  # each saw its own clip
    mean = [sum(losses) / 2 for losses in zip(*together, strict=True)]
    assert mean == pytest.approx(_losses(tmp_path / "one", 0), rel=1e-5)

    assert mean[1] < mean[0]  # both clips again, after a step

    weights = torch.load(tmp_path / "two/iter_2.pth", map_location="cpu")["state_dict"]
    expected = alone.model.state_dict()
    assert weights.keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(weights[key], value.cpu(), rtol=1e-4, atol=1e-6, msg=key)
    start = runs.read_weights(pretrained["autoencoder"] / "iter_2.pth", "autoencoder")
    assert all(torch.equal(weights[f"generator.autoencoder.{k}"], v) for k, v in start.items())
