"""What a network needs on a CPU: the growth of a fresh process's resident memory.

torch counts allocated memory on CUDA devices only. So each network runs in a process of its own,
``python -m fca2_plugin.apps.benchmark.memory``, which first runs a small clip (libraries load what
they load once), then resets the kernel's high-water mark and runs the clip that is measured.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch

from fca2_plugin._malloc import mallopt, release_free_memory
from fca2_plugin.apps.acceleration import prepare
from fca2_plugin.apps.benchmark.networks import Choice, build_pair, weight_bytes
from fca2_plugin.apps.settings import InferenceSettings

__all__ = ["NOTE", "measure_peak_mib"]

NOTE = (
    "weights, clip and the growth of resident memory during one pass, in a process of its own "
    "(VmHWM of Linux)"
)
MIB = 2**20
WARM_SIDE = 64  # every network takes this size
# a fixed threshold, or glibc raises it and keeps blocks of up to 32 MiB once they were freed
RETURN_AT_ONCE = {-3: 128 * 1024, -1: 128 * 1024}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
CLEAR_REFS, RESET_PEAK = Path("/proc/self/clear_refs"), "5"  # man 5 proc


def measure_peak_mib(
    choice: Choice, network: str, shape: tuple[int, ...], inference: InferenceSettings
) -> float | None:
    """Run ``baseline`` or ``wrapped`` once in a fresh process; None where there is no Linux.

    Raises:
        ValueError: The process failed; the message holds its last line.
    """
    if not CLEAR_REFS.exists():
        return None
    job = {"choice": asdict(choice), "network": network, "shape": shape}
    job["inference"] = {**asdict(inference), "device": "cpu"}
    job["threads"] = torch.get_num_threads()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", __name__],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        env=environment,
    )
    if run.returncode:
        last = (run.stderr.strip().splitlines() or ["no message"])[-1]
        raise ValueError(
            f"the process that measures the memory of {network!r} ended with code "
            f"{run.returncode} ({last}); try fewer frames or a smaller size"
        )
    return json.loads(run.stdout.splitlines()[-1])["peak_mib"]


@torch.inference_mode()
def _measure(job: Mapping) -> float:
    mallopt(RETURN_AT_ONCE)
    torch.set_num_threads(job["threads"])
    inference = InferenceSettings(**job["inference"])
    network = prepare(build_pair(Choice(**job["choice"]))[job["network"]], inference)
    clip = torch.rand(job["shape"])
    # what is compiled is compiled for one shape
    network(clip if inference.compile else torch.rand(1, 7, 3, WARM_SIDE, WARM_SIDE))
    release_free_memory()
    before = _status("VmRSS")
    CLEAR_REFS.write_text(RESET_PEAK)
    network(clip)
    grown = _status("VmHWM") - before
    return (grown + weight_bytes(network) + clip.numel() * clip.element_size()) / MIB


def _status(key: str) -> int:
    """A figure of ``/proc/self/status``, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{key}:"))


if __name__ == "__main__":
    print(json.dumps({"peak_mib": _measure(json.load(sys.stdin))}))
