"""Kernels, networks and graphs on a device, against the CPU."""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fca2_plugin.inference.facts import count_parameters
from fca2_plugin.inference.prepare import eager, prepare, replays
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.inference.shipped import load_shipped
from fca2_plugin.inference.weights_list import list_shipped
from fca2_plugin.nets import BasicVSRNet, FCA2Net
from fca2_plugin.nets.build import build_parts, net_settings
from fca2_plugin.nets.staged import StagedFCA2Net
from fca2_plugin.nets.zoo import ENHANCERS, build_enhancer
from fca2_plugin.ops.deform import deform_conv2d
from fca2_plugin.ops.warp import flow_warp

__all__ = ["capture", "kernel", "networks", "psnr"]

#: PSNR in dB that a result has at least, against float32 on the CPU.
LEAST = {"float32": 70.0, "bfloat16": 30.0, "float16": 40.0}
KERNEL_TOLERANCE = 1e-4
MOST_ON_CPU = 3_000_000  # parameters of a network that a CPU has the time for


def psnr(a: Tensor, b: Tensor) -> float:
    """In dB, of the largest value (of 1 where that is smaller); 200 where both are equal."""
    peak = b.double().abs().max().clamp_min(1)
    error = ((a.double() - b.double()) / peak).square().mean()
    return float(-10 * torch.log10(error.clamp_min(1e-20)))


def kernel(device: torch.device) -> tuple[str, dict]:
    """Run one of each kind that networks need."""
    torch.manual_seed(0)
    x, weight = torch.rand(1, 4, 16, 16), torch.rand(4, 4, 3, 3)
    offset, flow = torch.rand(1, 18, 16, 16), torch.rand(1, 16, 16, 2)
    run: Mapping[str, Callable[[Callable[[Tensor], Tensor]], Tensor]] = {
        "convolution": lambda to: F.conv2d(to(x), to(weight), padding=1),
        "deformable convolution": lambda to: deform_conv2d(
            to(x), to(offset), None, to(weight), padding=1
        ),
        "warping": lambda to: flow_warp(to(x), to(flow)),
    }
    torch.backends.cudnn.allow_tf32 = False
    found = {}
    for name, work in run.items():
        on_cpu = work(lambda one: one)
        found[name] = float((work(lambda one: one.to(device)).cpu() - on_cpu).abs().max())
        if found[name] > KERNEL_TOLERANCE:
            raise RuntimeError(f"{name} on {device} differs from the CPU by {found[name]:.1e}")
    return f"{', '.join(found)}: at most {max(found.values()):.1e} from the CPU", found


def _builders(on_gpu: bool) -> dict[str, Callable[[], nn.Module]]:
    """Networks on clips of 3 channels, or of luma; on a CPU the quickest of each kind."""
    shipped = list(list_shipped())
    found: dict[str, Callable[[], nn.Module]]
    found = {name: partial(load_shipped, name) for name in shipped}
    presets = ("released", "paper", "fast") if on_gpu else ("tiny_fast",)
    for preset in presets:
        found[f"BasicVSR in {preset}"] = partial(_staged, preset)
    enhancers = [name for name in ENHANCERS if on_gpu or name == "dcad"]
    return found | {name: partial(build_enhancer, name) for name in enhancers}


def _staged(preset: str) -> nn.Module:
    return StagedFCA2Net(BasicVSRNet(mid_channels=16, num_blocks=2), stage="joint", preset=preset)


@torch.inference_mode()
def networks(device: torch.device) -> tuple[str, dict]:
    """Run each network in each precision; without a GPU in float32 alone, and look for NaN."""
    torch.backends.cudnn.allow_tf32 = False
    dtypes = list(LEAST) if device.type == "cuda" else ["float32"]
    facts: dict[str, dict[str, float]] = {}
    for name, build in _builders(device.type == "cuda").items():
        clip = _footage(3, 48, 64)
        torch.manual_seed(0)
        net = build().eval()
        if device.type == "cpu" and count_parameters(net) > MOST_ON_CPU:
            continue
        if getattr(getattr(net, "spec", None), "color", "rgb") == "y":
            clip = clip[:, :, :1]
        expected, facts[name] = net(clip), {}
        if not expected.isfinite().all():
            raise RuntimeError(f"{name} returned NaN or infinity on the CPU")
        for dtype in dtypes:
            torch.manual_seed(0)
            ready = prepare(build(), InferenceSettings(str(device), dtype))
            facts[name][dtype] = psnr(ready(clip.to(device)).cpu(), expected)
            if not facts[name][dtype] >= LEAST[dtype]:
                raise RuntimeError(
                    f"{name} in {dtype}: {facts[name][dtype]:.1f} dB against the CPU, expected "
                    f"{LEAST[dtype]:.0f}"
                )
    worst = {dtype: min(one[dtype] for one in facts.values()) for dtype in dtypes}
    said = ", ".join(f"{dtype} {value:.0f} dB at least" for dtype, value in worst.items())
    return f"{len(facts)} networks: {said}", facts


@torch.inference_mode()
def capture(device: torch.device) -> tuple[str, dict]:
    """Replay FCA² around BasicVSR, and compare with what runs operator by operator."""
    facts = {}
    for dtype in ("float32", "float16"):
        net = FCA2Net(
            vsr=BasicVSRNet(mid_channels=16, num_blocks=2),
            **build_parts("joint", "fast"),
            **net_settings("fast", join_codes="preset", color_correction="preset"),
        )
        ready = prepare(net, InferenceSettings("cuda", dtype, cuda_graphs=True))
        clip = _footage(7, 72, 96).to(device)
        if not replays(ready):
            raise RuntimeError(f"{dtype}: the CUDA graph was never replayed")
        replayed = ready(clip)
        with eager(ready):
            facts[dtype] = psnr(replayed, ready(clip))
        if facts[dtype] < LEAST[dtype]:
            raise RuntimeError(f"{dtype}: a replay is {facts[dtype]:.1f} dB from eager")
    return ", ".join(f"{key} {value:.0f} dB from eager" for key, value in facts.items()), facts


def _footage(frames: int, height: int, width: int) -> Tensor:
    """Smooth and slowly moving, as footage is."""
    small = torch.rand(1, 3, height // 8, width // 8, generator=torch.Generator().manual_seed(0))
    large = F.interpolate(small, scale_factor=10, mode="bicubic", align_corners=False).clamp(0, 1)
    windows = [large[..., i : i + height, i : i + width] for i in range(frames)]
    return torch.stack(windows, dim=1)
