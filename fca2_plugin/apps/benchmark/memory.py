"""What a network needs on a CPU: the growth of a fresh process's resident memory.

torch counts allocated memory on CUDA devices only. So each network runs in a process of its own,
``python -m fca2_plugin.apps.benchmark.memory``, which first runs a small clip (libraries load what
they load once), then resets the kernel's high-water mark and runs the clip that is measured.
To train, both runs are steps, and the first one makes the optimiser's state.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch

from fca2_plugin._malloc import CLEAR_REFS, mallopt, peak_growth
from fca2_plugin.apps.benchmark.counting import held_bytes, tensor_bytes
from fca2_plugin.apps.benchmark.networks import Choice, build_pair
from fca2_plugin.apps.benchmark.passes import WARM_SIDE, TrainingStep
from fca2_plugin.inference.prepare import prepare
from fca2_plugin.inference.settings import InferenceSettings

__all__ = ["NOTE", "TRAINING_NOTE", "measure_memory"]

NOTE = (
    "weights, clip and the growth of resident memory during one pass, in a process of its own "
    "(VmHWM of Linux)"
)
TRAINING_NOTE = (
    "weights, the optimiser's state, clip, ground truth and the growth of resident memory during "
    "one step, in a process of its own (VmHWM of Linux)"
)
MIB = 2**20
# a fixed threshold, or glibc raises it and keeps blocks of up to 32 MiB once they were freed
# M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_MMAP_MAX
RETURN_AT_ONCE = {-3: 128 * 1024, -1: 128 * 1024, -4: 65536}


def measure_memory(
    choice: Choice,
    network: str,
    shape: tuple[int, ...],
    inference: InferenceSettings,
    *,
    training: bool = False,
) -> dict[str, float]:
    """Run ``baseline`` or ``wrapped`` once in a fresh process; nothing where there is no Linux.

    Args:
        choice: The networks.
        network: ``baseline`` or ``wrapped``.
        shape: Shape of the clip.
        inference: How the network is run.
        training: Whether a pass is a training step.

    Returns:
        ``peak_mib``, and of that ``above_model_mib``: what was allocated during the pass.

    Raises:
        ValueError: The process failed; the message contains its last line.
    """
    if not CLEAR_REFS.exists():
        return {}
    job: dict[str, Any] = {"choice": asdict(choice), "network": network, "shape": shape}
    job["training"] = training
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
    return json.loads(run.stdout.splitlines()[-1])


def _measure(job: Mapping) -> dict[str, float]:
    torch.set_num_threads(job["threads"])
    inference = InferenceSettings(**job["inference"])
    network: Any = prepare(build_pair(Choice(**job["choice"]))[job["network"]], inference)
    mallopt(RETURN_AT_ONCE)  # what runs networks keeps memory, and here growth is what counts
    clip = torch.rand(job["shape"])
    # what is compiled is compiled for one shape
    warm = clip if inference.compile else torch.rand(1, 7, 3, WARM_SIDE, WARM_SIDE)
    if job["training"]:
        network = TrainingStep(network, warm)
    with torch.inference_mode():
        network(warm)
    if job["training"]:
        network.expect(clip)
    with torch.inference_mode():
        grown = peak_growth(lambda: network(clip))
    peak = grown + held_bytes(network) + tensor_bytes(clip)
    return {"peak_mib": peak / MIB, "above_model_mib": grown / MIB}


if __name__ == "__main__":
    print(json.dumps(_measure(json.load(sys.stdin))))
