"""Two processes that train one network, each this module run as BACKEND DEVICE by torchrun."""

import os
import subprocess
import sys

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from fca2_plugin.nets import BasicVSRNet
from fca2_plugin.nets.staged import StagedFCA2Net

__all__ = ["processes"]

STEPS = 3


def processes(device: torch.device) -> tuple[str, dict]:
    """Let two processes share the first GPU by gloo; where there are two, take both by nccl."""
    found = ["gloo"]
    _launch("gloo", device.type)
    if device.type == "cuda" and torch.cuda.device_count() > 1:
        found.append("nccl")
        _launch("nccl", "cuda")
    return f"{' and '.join(found)}: {STEPS} steps, equal weights", {"backends": found}


def _launch(backend: str, device: str) -> None:
    run = ["torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", __name__]
    done = subprocess.run(
        [sys.executable, "-m", *run, backend, device], capture_output=True, text=True
    )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "Error" in line]
        raise RuntimeError(f"{backend}: {(errors or ['the processes failed'])[0]}")


def _train(backend: str, kind: str) -> None:
    """Take steps with clips of this process's own, and compare the weights with the other's."""
    distributed.init_process_group(backend)
    rank = distributed.get_rank()
    place = int(os.environ["LOCAL_RANK"]) if backend == "nccl" else 0
    device = torch.device("cpu") if kind == "cpu" else torch.device("cuda", place)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    torch.manual_seed(0)
    vsr = BasicVSRNet(mid_channels=8, num_blocks=1)
    net = StagedFCA2Net(vsr, stage="joint", preset="tiny_fast").to(device).train()
    shared = DistributedDataParallel(net, device_ids=[place] if backend == "nccl" else None)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    torch.manual_seed(rank + 1)
    for _ in range(STEPS):
        clip = torch.rand(1, 3, 3, 64, 64, device=device)
        shared(clip).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    mine = torch.cat([p.detach().flatten() for p in net.parameters()])
    others = [torch.empty_like(mine) for _ in range(2)]
    distributed.all_gather(others, mine)
    if not (mine.isfinite().all() and torch.equal(*others)):
        raise RuntimeError("the processes' weights differ, or are not finite numbers")
    distributed.destroy_process_group()


if __name__ == "__main__":
    _train(*sys.argv[1:])
