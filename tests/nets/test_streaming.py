"""Results frame by frame: the frames that ``forward`` returns, with little else in memory."""

import gc
import weakref

import pytest
import torch
from torch import Tensor

from fca2_plugin.inference.bicubic import Bicubic
from fca2_plugin.inference.prepare import prepare
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.nets import (
    CompactVSRNet,
    FCA2Net,
    FrameAutoencoder,
    FramesAsBatch,
    FrontEnd,
    GuidedAutoencoder,
    NetSpec,
    SlidingWindow,
)
from fca2_plugin.nets.basicvsr import BasicVSRNet
from fca2_plugin.nets.cleaning import CleaningNet
from fca2_plugin.nets.fitted import StreamsFrames
from fca2_plugin.ops import pieces
from fca2_plugin.ops.frame_groups import groups_of, window_groups
from tests.nets.toys import ToyVSR

KEEPS = (slice(None), slice(0, 1), slice(3, 6), slice(8, 10), slice(9, None))


def compact() -> CompactVSRNet:
    return CompactVSRNet(8, 1)


def guided(**settings) -> GuidedAutoencoder:
    net = GuidedAutoencoder(clean_channels=4, mid_channels=8, num_blocks=1, **settings)
    for tail in (net.cleaner[-1], net.fusion[-1]):
        torch.nn.init.normal_(tail.weight, std=0.1)
    return net


class Middle(torch.nn.Module):
    """For windows, and sizes that need padding."""

    spec = NetSpec(scale=4, num_frames=5, center_only=True, size_multiple=4)

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(15, 48, 3, padding=1)

    def forward(self, window: Tensor) -> Tensor:
        return torch.nn.functional.pixel_shuffle(self.conv(window.flatten(1, 2)), 4)


NETWORKS = {
    "compact": compact,
    "basicvsr": lambda: BasicVSRNet(8, 1),
    "frontend": lambda: FrontEnd(FCA2Net(cleaning=CleaningNet(4, 1)), compact()),
    "windows": lambda: SlidingWindow(Middle(), windows_at_once=2),
    "images": lambda: FramesAsBatch(
        torch.nn.Conv2d(3, 3, 3, padding=1), upsample=2, mean=[0.5] * 3, std=[0.2] * 3
    ),
    "bicubic": Bicubic,
    "fca2 joined": lambda: FCA2Net(guided(), compact(), CleaningNet(4, 1), join_codes=True),
    "fca2 adaptive": lambda: FCA2Net(guided(), compact(), grouping="adaptive"),
    "fca2 corrects colours": lambda: FCA2Net(guided(), BasicVSRNet(8, 1), join_codes=True),
    "fca2 around a network that does not stream": lambda: FCA2Net(
        guided(), ToyVSR(), join_codes=True
    ),
    "fca2 with chunks": lambda: FCA2Net(
        FrameAutoencoder(mid_channels=8, num_blocks=1, flow_mode=None), compact()
    ),
    "fca2 without codes": lambda: FCA2Net(vsr=compact(), cleaning=CleaningNet(4, 1)),
    "fca2 without a network": lambda: FCA2Net(guided(), join_codes=True),
}


def build(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return NETWORKS[name]().eval()


def clip(frames: int = 11, height: int = 18, width: int = 22) -> Tensor:
    return torch.rand(1, frames, 3, height, width, generator=torch.Generator().manual_seed(1))


@torch.inference_mode()
@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_frames_in_small_pieces(name):
    net, lq = build(name), clip()
    assert isinstance(net, StreamsFrames)
    whole = net(lq)
    with pieces.one_at_a_time():
        check_frames(net, lq, whole)


def check_frames(net, lq, whole, *groups):
    for keep in KEEPS:
        frames = list(net.stream_frames(lq, *groups, keep=keep))
        torch.testing.assert_close(torch.stack(frames, dim=1), whole[:, keep], rtol=0, atol=1e-5)


@torch.inference_mode()
def test_the_groups_of_a_window():
    net, lq = build("fca2 joined"), clip()
    groups = window_groups(net.plan_ahead(30), 9, 20)
    check_frames(net, lq, net(lq, groups), groups)


class Counted(CompactVSRNet):
    """Counts the frames that it makes, and those that still exist."""

    def stream_frames(self, lq, *, keep=slice(None)):
        self.made, self.most, alive = 0, 0, weakref.WeakSet()
        for frame in super().stream_frames(lq, keep=keep):
            self.made += 1
            alive.add(frame)
            gc.collect()
            self.most = max(self.most, len(alive))
            yield frame
            del frame


@torch.inference_mode()
@pieces.one_at_a_time()
def test_codes_are_made_when_they_are_needed_and_released():
    torch.manual_seed(0)
    net = FCA2Net(guided(), Counted(8, 1), join_codes=True).eval()
    lq = clip(30)
    total = net.encode(lq).images.shape[1]
    needed = groups_of(net.plan(lq), range(10, 16))
    made = [net.vsr.made for _ in net.stream_frames(lq, keep=slice(10, 16))]
    assert made == sorted(made) and made[0] < made[-1] == len(needed) < total
    for frame in net.stream_frames(lq):
        del frame
    assert net.vsr.made == total and net.vsr.most <= 4


@torch.inference_mode()
@pytest.mark.parametrize("name", ["compact", "basicvsr", "fca2 joined"])
def test_half_precision_streams_what_a_pass_gives(name):
    net, lq = prepare(build(name), InferenceSettings("cpu", "bf16")), clip()
    whole, exact = net(lq), build(name)(lq)
    for number, frame in enumerate(net.stream_frames(lq)):
        assert not torch.is_autocast_enabled("cpu")  # who takes the frame works as before
        assert frame.dtype == torch.float32
        torch.testing.assert_close(frame, whole[:, number], rtol=0, atol=1e-2)
    assert not torch.equal(whole, exact)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_runner_yields_what_it_returns(name):
    runner, lq = ClipRunner(build(name), "it", InferenceSettings("cpu")), clip()
    assert runner.streams
    frames = torch.stack(list(runner.stream(lq, keep=slice(2, 5))))
    torch.testing.assert_close(frames, runner(lq)[0, 2:5], rtol=0, atol=1e-5)


def test_a_runner_yields_frames_of_any_network():
    runner, lq = ClipRunner(ToyVSR(), "it", InferenceSettings("cpu")), clip()
    assert not runner.streams
    frames = torch.stack(list(runner.stream(lq, keep=slice(2, 5))))
    assert torch.equal(frames, runner(lq)[0, 2:5])
