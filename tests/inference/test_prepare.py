"""Precision, memory layout, compiler and graphs: the same result as float32, run eagerly."""

from unittest.mock import MagicMock

import pytest
import torch
from torch import nn

from fca2_plugin.inference import prepare as acceleration
from fca2_plugin.inference.prepare import eager, prepare, replays
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.nets import CleaningNet, CompactVSRNet, FCA2Net, FrameAutoencoder
from fca2_plugin.nets.zoo import ENHANCERS, build_enhancer
from tests.conftest import require_host

HALF_PSNR = 40  # dB, against float32, of untrained weights, which pass noise on undamped


def wrapped(seed: int = 0) -> FCA2Net:
    """FCA² with flow in the autoencoder and in the VSR network."""
    torch.manual_seed(seed)
    return FCA2Net(
        FrameAutoencoder(mid_channels=8, num_blocks=1),
        CompactVSRNet(mid_channels=8, num_blocks=1),
        CleaningNet(mid_channels=8, num_blocks=1),
    ).eval()


@pytest.fixture
def clip():
    """Smooth, as footage is."""
    small = torch.rand(9, 3, 8, 12, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(small, scale_factor=4, mode="bicubic").clamp(0, 1)[None]


@torch.inference_mode()
def outputs(settings: InferenceSettings, clip: torch.Tensor, build=wrapped) -> tuple:
    """Of the same network, as it is and as the settings say."""
    return build()(clip), prepare(build(), settings)(clip.to(settings.find_device())).cpu()


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(-10 * torch.log10((a - b).square().mean()))


def test_channels_last_changes_nothing(clip):
    expected, result = outputs(InferenceSettings("cpu", channels_last=True), clip)
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-5)


def test_channels_last_with_every_kind_of_convolution():
    net = prepare(build_enhancer("cf-stif"), InferenceSettings("cpu", channels_last=True))
    with torch.inference_mode():
        assert net(torch.rand(1, 2, 1, 16, 16)).isfinite().all()


@pytest.mark.parametrize("dtype", ["float32", "bf16", "fp16"])
def test_graphs_go_around_any_precision(dtype, monkeypatch):
    monkeypatch.setattr(InferenceSettings, "find_device", lambda self: torch.device("cpu"))
    settings = InferenceSettings("cuda", dtype, cuda_graphs=True)
    net = prepare(nn.Identity(), settings)
    assert replays(net) and replays(prepare(net, settings))
    assert not isinstance(net.forward.run, acceleration._Graphs)


def test_memory_that_runs_out_during_capture_is_said_to(monkeypatch):
    def run(x):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    for name in ("Stream", "stream", "current_stream", "CUDAGraph", "graph"):
        monkeypatch.setattr(torch.cuda, name, MagicMock())
    monkeypatch.setattr(acceleration, "WARM_PASSES", 0)
    with pytest.raises(torch.cuda.OutOfMemoryError):
        acceleration._Graphs(run)(torch.rand(1))


def test_bfloat16_is_close_and_comes_back_as_float32(clip):
    expected, result = outputs(InferenceSettings("cpu", "bf16"), clip)
    assert result.dtype == torch.float32 and not torch.equal(result, expected)
    assert psnr(result, expected) > HALF_PSNR


def test_flow_stays_in_float32_and_convolutions_do_not(clip):
    net = prepare(wrapped(), InferenceSettings("cpu", "bf16"))
    seen: dict[str, set] = {}

    def note(name):
        return lambda module, inputs, output: seen.setdefault(name, set()).add(output.dtype)

    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(note(name))
    with torch.inference_mode():
        net(clip)
    flow = {name for name in seen if "spynet" in name or "flow" in name}
    assert {name.split(".")[0] for name in flow} == {"autoencoder", "vsr"}
    assert all(seen[name] == {torch.float32} for name in flow)
    assert all(seen[name] == {torch.bfloat16} for name in set(seen) - flow)


def test_preparing_shared_parts_again_is_harmless(clip):
    settings = InferenceSettings("cpu", "bf16")
    net = prepare(wrapped(), settings)
    baseline = prepare(FCA2Net(vsr=net.vsr), settings)
    alone = prepare(FCA2Net(vsr=wrapped().vsr), settings)
    with torch.inference_mode():
        assert torch.equal(baseline(clip), alone(clip))
        once = net(clip)
        assert torch.equal(prepare(net, settings)(clip), once)


@pytest.mark.parametrize("name", ENHANCERS)
def test_enhancement_networks_in_bfloat16(name):
    torch.manual_seed(0)
    net = build_enhancer(name).eval()
    clip = torch.rand(1, 3, 1, 24, 24)
    window = net.windows(3)[0]
    with torch.inference_mode():
        expected, frame = net(clip), net.step(clip[:, window, 0], None, True)[0]
        prepare(net, InferenceSettings("cpu", "bf16"))
        result, (step, _) = net(clip), net.step(clip[:, window, 0], None, True)
    assert result.dtype == step.dtype == torch.float32
    assert min(psnr(result, expected), psnr(step, frame)) > HALF_PSNR


@pytest.mark.mmagic
@pytest.mark.basicsr
@pytest.mark.parametrize("host", ["mmagic", "basicsr"])
def test_the_hosts_networks_in_bfloat16(host):
    require_host(host)
    from fca2_plugin.apps.benchmark import Choice, build_pair

    clip = torch.rand(1, 2, 3, 33, 33)
    for vsr in ("basicvsr-pp", "edvr"):  # warping and deformable convolution
        choice = Choice(vsr=vsr, host=host, tiny=True, num_passes=0)
        with torch.inference_mode():
            expected = build_pair(choice)["baseline"](clip)
            settings = InferenceSettings("cpu", "bf16", channels_last=True)
            result = prepare(build_pair(choice)["baseline"], settings)(clip)
        assert psnr(result, expected) > HALF_PSNR, vsr


@pytest.mark.slow
def test_compiled_is_eager():
    clip = torch.rand(1, 2, 3, 16, 16)

    def build() -> FCA2Net:
        torch.manual_seed(0)
        return FCA2Net(cleaning=CleaningNet(mid_channels=4, num_blocks=1, num_passes=2))

    expected, result = outputs(InferenceSettings("cpu", compile=True), clip, build)
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-5)


def test_what_is_compiled_is_what_loops_call():
    net = wrapped()
    regions = list(acceleration._regions(net))
    assert net.vsr.spynet in regions and net.vsr.back in regions
    assert net.autoencoder.decoder in regions and net.vsr not in regions
    inside = [id(p) for region in regions for p in region.parameters()]
    assert sorted(inside) == sorted(map(id, net.parameters()))  # everything, and once


def test_nothing_that_compiles(monkeypatch):
    monkeypatch.setattr(acceleration.shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match=r"torch.compile needs a C\+\+ compiler on a CPU"):
        prepare(wrapped(), InferenceSettings("cpu", compile=True))


def test_run_operator_by_operator_for_a_while():
    net = nn.Identity()
    net.forward = acceleration._Graphs(lambda x: x + 1)
    assert replays(net)
    with eager(net):
        assert not replays(net) and net(1) == 2
    assert replays(net)


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("settings", "least"),
    [
        (InferenceSettings("cuda", cuda_graphs=True), 80),
        (InferenceSettings("cuda", "bf16", channels_last=True), HALF_PSNR),
        (InferenceSettings("cuda", "fp16", cuda_graphs=True), HALF_PSNR),
        (InferenceSettings("cuda", "bf16", compile=True), HALF_PSNR),
    ],
)
def test_on_a_gpu(settings, least, clip, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    expected, result = outputs(settings, clip)
    assert psnr(result, expected) > least


@pytest.mark.gpu
def test_a_graph_is_captured_once_for_each_shape(clip):
    net = prepare(wrapped(), InferenceSettings("cuda", cuda_graphs=True))
    with torch.inference_mode():
        first, second = clip.cuda(), clip.cuda().flip(-1)
        results = [net(first), net(second)]
        assert len(net.forward.captured) == 1
        with eager(net):
            for one, result in zip((first, second), results, strict=True):
                torch.testing.assert_close(result, net(one), rtol=0, atol=1e-4)
        net(first[:, :5])
        assert len(net.forward.captured) == 2


@pytest.mark.gpu
def test_a_network_that_cannot_be_captured():
    class Asks(nn.Module):
        def forward(self, x):
            return x if x.sum().item() else -x

    net = prepare(Asks(), InferenceSettings("cuda", cuda_graphs=True))
    with pytest.raises(ValueError, match="cannot be captured as a CUDA graph"):
        net(torch.rand(1, 2, device="cuda"))
