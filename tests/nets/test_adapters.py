"""Networks for windows and images behave on clips as when they are run by hand."""

import inspect

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fca2_plugin.nets import FCA2Net, FramesAsBatch, NetSpec, SlidingWindow
from fca2_plugin.nets.adapters import take_config
from fca2_plugin.ops.windows import window_indices
from tests.conftest import require_host
from tests.nets.toys import AnswerVSR, ToyCenter, ToyImage

ADAPTED = [
    (SlidingWindow, ToyCenter, "windows_at_once"),
    (FramesAsBatch, ToyImage, "frames_at_once"),
]


class Recorder(nn.Module):
    """Passes on what it gets, or its middle frame; keeps the size of each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.batches.append(len(x))
        return x if x.ndim == 4 else x[:, x.shape[1] // 2]


def clip(n: int = 2, t: int = 6, h: int = 8, w: int = 10) -> torch.Tensor:
    return torch.rand(n, t, 3, h, w, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("extras", [False, True])
@pytest.mark.parametrize("border", ["replicate", "circle"])
@torch.no_grad()
def test_windows_by_hand(border, extras):
    net, x = ToyCenter(3, extras=extras), clip()
    sr = SlidingWindow(net, border=border)(x)
    for index, window in enumerate(window_indices(6, 3, border)):
        alone = net(x[:, window])
        alone = alone[0] if extras else alone
        torch.testing.assert_close(sr[:, index], alone, rtol=0, atol=1e-6)


@torch.no_grad()
def test_images_by_hand():
    net, x = ToyImage(), clip()
    sr = FramesAsBatch(net)(x)
    for index in range(6):
        torch.testing.assert_close(sr[:, index], net(x[:, index]), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("adapter", "toy", "setting"), ADAPTED)
def test_some_at_once(adapter, toy, setting):
    net, x = toy(), clip()
    expected = adapter(net)(x)
    some = adapter(net, **{setting: 5})
    with torch.no_grad():
        torch.testing.assert_close(some(x), expected.detach(), rtol=0, atol=1e-6)
    recorder = Recorder()
    recorder.spec = net.spec if adapter is SlidingWindow else NetSpec(1, 1)
    some = adapter(recorder, **{setting: 5})
    with torch.no_grad():
        assert torch.equal(some(x), x)
    assert recorder.batches == [5, 5, 2]
    some(x)  # with a gradient, all at once
    assert recorder.batches[3:] == [12]


@torch.no_grad()
def test_mean_and_std_surround_the_net():
    x = clip()
    mean, std = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.1, 0.2, 0.3])
    seen = []

    class Keep(ToyImage):
        def forward(self, image):
            seen.append(image)
            return image

    adapter = FramesAsBatch(Keep(), mean=mean.tolist(), std=std.tolist())
    torch.testing.assert_close(adapter(x), x, rtol=0, atol=1e-6)
    expected = (x.flatten(0, 1) - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    torch.testing.assert_close(seen[0], expected)
    assert adapter.state_dict().keys() == {"net.conv.weight", "net.conv.bias"}


@torch.no_grad()
def test_upsampling_is_cubic_as_in_matlab():
    require_host("basicsr")
    from fca2_plugin.compat import prepare_basicsr

    prepare_basicsr()
    from basicsr.utils.matlab_functions import imresize

    x = clip(1, 1, 12, 12)
    sr = FramesAsBatch(Recorder(), upsample=4)(x)[0, 0]
    expected = imresize(x[0, 0], 4)
    inside = (slice(None), slice(8, -8), slice(8, -8))  # MATLAB mirrors the border
    torch.testing.assert_close(sr[inside], expected[inside], rtol=0, atol=1e-5)
    assert (sr - F.interpolate(x[0], scale_factor=4, mode="bicubic")[0]).abs().max() > 1e-2


def test_specs():
    needs = NetSpec(2, 5, center_only=True, size_multiple=16, min_size=30)
    assert SlidingWindow(ToyCenter(), spec=needs).spec == NetSpec(2, size_multiple=16, min_size=30)
    assert SlidingWindow(ToyCenter(), upsample=4, spec=needs).spec == NetSpec(
        8, size_multiple=4, min_size=8
    )
    assert SlidingWindow(ToyCenter(), upsample=3, spec=needs).spec.size_multiple == 16
    assert FramesAsBatch(ToyImage()).spec == NetSpec(scale=None)
    assert FCA2Net(vsr=FramesAsBatch(ToyImage(spec=NetSpec(4, 1)))).spec.scale == 4


@pytest.mark.parametrize("around", [lambda adapter: adapter, lambda adapter: FCA2Net(vsr=adapter)])
def test_frames_are_padded_to_what_the_inner_net_asks_for(around):
    seen = []

    class Picky(ToyCenter):
        def forward(self, window):
            seen.append(window.shape[-2:])
            return super().forward(window)

    net = Picky()
    net.spec = NetSpec(4, 5, center_only=True, size_multiple=8, min_size=20)
    assert around(SlidingWindow(net))(clip(1, 2, 13, 25)).shape == (1, 2, 3, 52, 100)
    assert seen == [(24, 32)]


@pytest.mark.parametrize("adapter", [SlidingWindow, FramesAsBatch])
@pytest.mark.parametrize("shape", [(1, 3, 4, 4), (12, 1, 4, 4), (12, 5, 3, 4, 4), (12, 3, 4)])
def test_answers_of_another_shape(adapter, shape):
    net = AnswerVSR(*shape)
    net.spec = NetSpec(4, 5)
    with pytest.raises(
        ValueError, match=r"AnswerVSR returned \(.*expected one image each, \(12, 3"
    ):
        adapter(net)(clip())


def test_an_answer_that_is_no_tensor():
    class Wrong(nn.Module):
        def forward(self, x):
            return {"sr": x}

    with pytest.raises(ValueError, match="Wrong returned dict for an input"):
        FramesAsBatch(Wrong())(clip())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"num_frames": 4}, "num_frames=4 does not fit ToyCenter, which takes 5; leave num_frames"),
        ({"border": "mirror"}, "unknown border 'mirror'"),
        ({"windows_at_once": 0}, "windows_at_once must be at least 1, or None"),
        ({"upsample": 0}, "upsample must be 1 .off., 2, 4, ..., got 0"),
        ({"mean": [0.5]}, r"mean=\[0.5\] does not have three values, for R, G and B"),
        ({"std": [1.0] * 4}, "std=.* does not have three values"),
        ({"spec": NetSpec(4, 6)}, "a window of 6 frames has no middle"),
        ({"spec": NetSpec(4)}, "the window of ToyCenter is unknown; set num_frames"),
    ],
)
def test_refused_settings(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        SlidingWindow(ToyCenter(), **settings)
    if "frames_at_once" not in settings:
        with pytest.raises(
            ValueError, match="frames_at_once must be at least 1, or None for all; got -1"
        ):
            FramesAsBatch(ToyImage(), frames_at_once=-1)


def test_fca2_names_the_adapter():
    image = ToyImage(spec=NetSpec(4, 1))
    with pytest.raises(ValueError, match="ToyImage takes images, .*vsr of type FCA2FramesAsBatch"):
        FCA2Net(vsr=image)
    with pytest.raises(ValueError, match="ToyCenter takes 5 frames and returns the middle one, .*"):
        FCA2Net(vsr=ToyCenter())
    unknown = ToyCenter(6)
    del unknown.spec
    with pytest.raises(ValueError, match="for a window into FCA2SlidingWindow"):
        FCA2Net(vsr=unknown)(clip())


def test_take_config():
    built = []

    def build(config):
        built.append(config)
        return ToyImage(config["scale"])

    specs = {"ToyImage": lambda net: NetSpec(7, 1, size_multiple=2)}
    make = take_config(FramesAsBatch, build, specs)
    adapter = make({"scale": 2}, frames_at_once=3)
    assert (built, adapter.at_once) == ([{"scale": 2}], 3)
    assert adapter.spec == NetSpec(7, size_multiple=2)
    net = ToyImage()
    assert make(net).net is net
    assert len(built) == 1
    settings = ["net", "frames_at_once", "upsample", "mean", "std"]
    assert list(inspect.signature(make).parameters) == settings
    for wrong in ("frame_at_once", "spec"):
        with pytest.raises(TypeError, match=f"FCA2FramesAsBatch has no setting '{wrong}'"):
            make(net, **{wrong: 1})
