"""How many operations a GPU would be given, counted on tensors that have shapes alone.

A small operation takes a GPU about as long as its launch, so that their number bounds the speed of
FCA²: around a network that runs on 3 of 7 frames it must not give back what it saves.
"""

from collections import Counter
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from fca2_plugin.nets import FCA2Net
from fca2_plugin.nets.basicvsr import BasicVSRNet
from fca2_plugin.nets.build import PRESETS, build_parts
from fca2_plugin.ops.flow import dense_flow
from fca2_plugin.ops.warp import flow_warp

# give tensors another shape, or ask something of them, and launch nothing
_FREE = frozenset(
    "alias as_strided chunk detach empty empty_like empty_strided expand is_same_size new_empty "
    "new_empty_strided permute promote_types select slice split split_with_sizes squeeze t "
    "transpose unbind unflatten unfold unsqueeze view _reshape_alias _unsafe_view".split()
)


class Launches(TorchDispatchMode):
    """Counts operations that work, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name not in _FREE:
            self.counts[name] += 1
        return func(*args, **(kwargs or {}))


@torch.no_grad()
def launches(function: Callable, *inputs) -> int:
    with Launches() as seen:
        function(*inputs)
    return seen.counts.total()


@pytest.fixture(scope="module")
def fast() -> FCA2Net:
    """BasicVSR with 64 channels and 30 blocks, inside ``fast``."""
    settings = dict(PRESETS["fast"]["net"])
    settings.pop("stage")
    with torch.device("meta"):
        return FCA2Net(vsr=BasicVSRNet(), **build_parts("joint", "fast"), **settings).eval()


def clip(frames: int, height: int = 144, width: int = 180) -> torch.Tensor:
    return torch.empty(1, frames, 3, height, width, device="meta")


def own(net: FCA2Net, frames: int) -> int:
    """Operations of FCA² itself."""
    x = clip(frames)
    codes = net.encode(x)
    sr = torch.empty(1, codes.images.shape[1], 3, 576, 720, device="meta")
    return launches(net.encode, x) + launches(net.autoencoder.decode, codes._replace(images=sr))


def test_what_is_counted():
    conv = nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU(inplace=True)).to("meta")
    assert launches(lambda x: conv(x.flatten(0, 1)).unflatten(0, (1, 2)), clip(2)) == 2
    assert launches(lambda x: x[:, 0] + x[:, 1].permute(0, 1, 2, 3), clip(2)) == 1


def test_seven_frames(fast):
    assert own(fast, 7) <= 330
    assert launches(fast, clip(7)) <= 1_500


@pytest.mark.slow
def test_a_hundred_frames(fast):
    """FCA² itself runs in pieces; it stays far below the network that it wraps."""
    mine = own(fast, 100)
    assert mine <= 1_000
    assert mine + launches(fast.super_resolve, clip(43)) <= 16_000


def test_more_pairs_are_no_more_operations(fast):
    """All pairs and frames of a piece are one batch."""
    few, many = (own(fast, frames) for frames in (4, 9))
    assert many - few <= 12  # groups of another size or two


def test_flow_and_warp():
    frame, flow = (
        torch.empty(1, 3, 144, 180, device="meta"),
        torch.empty(1, 144, 180, 2, device="meta"),
    )
    assert launches(dense_flow, frame, frame) <= 220
    assert launches(flow_warp, frame, flow) <= 8
