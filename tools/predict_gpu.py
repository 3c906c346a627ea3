"""Predict how much faster FCA² makes a network on a GPU, without a GPU.

python tools/predict_gpu.py [--preset fast] [--frames 7 100] [--size 180x144]

Runs BasicVSR at full size (64 channels, 30 blocks), alone and wrapped, on tensors that have shapes
but no values, and adds up what every operation costs in a simple model: at least the time to launch
it, the bytes that it reads and writes, or its arithmetic, whichever is longest. The figures of the
model are assumptions (those of a large data-centre GPU, float32 in TF32), so trust the ratios more
than the milliseconds. With graphs, launches cost a tenth.
"""

import argparse
from collections.abc import Sequence

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from fca2_plugin.apps.benchmark.counting import does_work, moved_bytes
from fca2_plugin.nets import FCA2Net
from fca2_plugin.nets.basicvsr import BasicVSRNet
from fca2_plugin.nets.build import PRESETS, build_parts

LAUNCH, GRAPH_LAUNCH = 6e-6, 6e-7  # seconds for each operation
BYTES, FLOPS = 3.6e12, 3e14  # a second


class Costs(TorchDispatchMode):
    """Adds up operations, bytes and predicted seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.operations, self.bytes, self.seconds, self.with_graphs = 0, 0, 0.0, 0.0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        moved = moved_bytes(args, kwargs, out)
        if not moved or not does_work(func):
            return out
        count = flop_registry.get(func.overloadpacket)
        work = count(*args, **(kwargs or {}), out_val=out) if count else 0
        longest = max(moved / BYTES, work / FLOPS)
        self.operations += 1
        self.bytes += moved
        self.seconds += max(LAUNCH, longest)
        self.with_graphs += max(GRAPH_LAUNCH, longest)
        return out


def predict(network: nn.Module, frames: int, width: int, height: int) -> Costs:
    clip = torch.empty(1, frames, 3, height, width, device="meta")
    with torch.no_grad(), Costs() as costs:
        network(clip)
    return costs


def wrapped(preset: str) -> FCA2Net:
    settings = dict(PRESETS[preset]["net"])
    settings.pop("stage", None)
    return FCA2Net(vsr=BasicVSRNet(), **build_parts("joint", preset), **settings)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="fast", choices=sorted(PRESETS))
    parser.add_argument("--frames", type=int, nargs="+", default=[7, 100])
    parser.add_argument("--size", default="180x144", metavar="WxH")
    args = parser.parse_args(argv)
    width, height = map(int, args.size.split("x"))
    with torch.device("meta"):
        alone, inside = BasicVSRNet().eval(), wrapped(args.preset).eval()
    print("frames  network    operations     GB     ms  speed  with graphs")
    for frames in args.frames:
        base, other = (predict(net, frames, width, height) for net in (alone, inside))
        for name, costs in (("alone", base), (args.preset, other)):
            print(
                f"{frames:6}  {name:10} {costs.operations:10,} {costs.bytes / 1e9:6.1f} "
                f"{1e3 * costs.seconds:6.1f} {base.seconds / costs.seconds:5.2f}x "
                f"{base.with_graphs / costs.with_graphs:10.2f}x"
            )


if __name__ == "__main__":
    main()
