"""How fast BasicVSR is alone and inside FCA², as the settings of inference have it."""

import torch

from fca2_plugin.apps.benchmark.timing import compare
from fca2_plugin.inference.prepare import prepare
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.nets import BasicVSRNet, FCA2Net
from fca2_plugin.nets.staged import StagedFCA2Net

__all__ = ["speed"]

SHAPE = (1, 7, 3, 144, 180)  # as in the paper
SETTINGS = {
    "float32": InferenceSettings("cuda"),
    "bfloat16": InferenceSettings("cuda", "bf16"),
    "float32, graphs": InferenceSettings("cuda", cuda_graphs=True),
    "bfloat16, graphs": InferenceSettings("cuda", "bf16", cuda_graphs=True),
    "bfloat16, compiled": InferenceSettings("cuda", "bf16", compile=True),  # takes the longest
}


def speed(device: torch.device) -> tuple[str, dict]:
    """Time and memory of each, in turns in one process."""
    clip = torch.rand(SHAPE, device=device)
    facts = {}
    for name, settings in SETTINGS.items():
        wrapped = {
            preset: StagedFCA2Net(BasicVSRNet(), stage="joint", preset=preset)
            for preset in ("fast", "released")
        }
        pair = {"alone": FCA2Net(vsr=BasicVSRNet()), **wrapped}
        models = {key: prepare(net, settings) for key, net in pair.items()}
        found = compare(models, clip, repeats=5, warmup=settings.warmup)
        facts[name] = {
            key: {
                "ms_per_frame": one["ms_per_frame"],
                "peak_mib": one["peak_memory_mib"],
                "speed": found["ratios"][key],
            }
            for key, one in found["models"].items()
        }
    said = [
        f"{name} {one['alone']['ms_per_frame']:.2f} ms, fast {one['fast']['speed']:.2f}x"
        for name, one in facts.items()
    ]
    return "; ".join(said), facts
