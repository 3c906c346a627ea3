"""What every network promises, checked over a table of small variants of all of them."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fca2_plugin import nets
from fca2_plugin.nets import (
    ADAPTERS,
    NETS,
    BasicVSRNet,
    CFSTIFNet,
    CleaningNet,
    COMISRNet,
    CompactFlowNet,
    CompactSRNet,
    CompactVSRNet,
    DCADNet,
    FCA2Net,
    FrameAutoencoder,
    FramesAsBatch,
    FrontEnd,
    FTVSRNet,
    GuidedAutoencoder,
    MFQE2Net,
    MFQE2PairNet,
    MFQENet,
    RFDANet,
    SlidingWindow,
    STDFNet,
    TGAFNet,
)
from fca2_plugin.nets.fitted import StreamsFrames
from fca2_plugin.nets.staged import StagedFCA2Net
from tests.nets.toys import ToyCenter, ToyImage, ToyVSR

FRONT = ("cleaning", "autoencoder")
STREAMING = BasicVSRNet, CompactVSRNet, FCA2Net, FrontEnd, FramesAsBatch, SlidingWindow
STARTS = 16
SMALL_FLOW = {"num_levels": 2, "widths": (4,), "kernel_size": 3}
MEAN = (0.5, 0.4, 0.3)


@dataclass(frozen=True)
class Case:
    """A network to build and what is known of it."""

    name: str
    build: Callable[[], nn.Module]
    parameters: int
    scale: int = 1
    frozen: tuple[str, ...] = ()
    longest: int = 15  # frames; less where a flow network at the result's size takes its time
    channels: int = 3
    train_differs: bool = False  # from evaluation: clips of a batch meet, or groups are others
    falls_to: float = 0.9  # of the loss
    steps: int = 10  # in which it does
    lr: float = 5e-3


def stdf(**settings) -> STDFNet:
    return STDFNet(mid_channels=4, fused_channels=4, qe_channels=4, num_layers=3, **settings)


def autoencoder(flow_mode: str | None = None, **settings) -> FrameAutoencoder:
    small = {"mid_channels": 8, "num_blocks": 1, "trunk_frames": None}
    return FrameAutoencoder(flow_mode=flow_mode, **{**small, **settings})


def guided(**settings) -> GuidedAutoencoder:
    """Woken up: fresh from ``__init__`` its networks correct nothing."""
    net = GuidedAutoencoder(**{"clean_channels": 4, "mid_channels": 4, **settings})
    for tail in (net.cleaner[-1], net.fusion[-1]):
        torch.nn.init.normal_(tail.weight, std=0.1)
    return net


def ftvsr(band_channels: int) -> FTVSRNet:
    return FTVSRNet(4, 1, 2, band_channels=band_channels, num_band_blocks=1)


def fca2(flow_mode: str | None = None, **settings) -> FCA2Net:
    return FCA2Net(autoencoder(flow_mode), ToyVSR(), CleaningNet(8, 1), **settings)


#: Settings that do not meet (where colours are corrected, how groups lie, the flow) come in pairs,
#: not in every combination.
CASES = [
    Case("cleaning", lambda: CleaningNet(8, 1), 1_611),
    Case("cleaning-once", lambda: CleaningNet(4, 2, num_passes=1), 815),
    Case("autoencoder", autoencoder, 4_464),
    Case("autoencoder-concat", lambda: autoencoder(flow_mode="concat"), 1_445_052, lr=1e-3),
    Case("autoencoder-recurrent", lambda: autoencoder(flow_mode="recurrent"), 1_449_969),
    Case("autoencoder-trunk", lambda: autoencoder(trunk_frames=7), 21_279),
    Case("autoencoder-trunk-3", lambda: autoencoder(trunk_frames=3), 17_811),
    Case("autoencoder-image-codes", lambda: autoencoder(image_codes=True), 4_464),
    Case(
        "autoencoder-all",
        lambda: autoencoder(flow_mode="recurrent", trunk_frames=7, image_codes=True),
        1_466_784,
    ),
    Case("autoencoder-6/2", lambda: autoencoder("concat", n_subs=6, n_ovls=2), 1_444_617, lr=1e-3),
    Case("autoencoder-12/4", lambda: autoencoder(n_subs=12, n_ovls=4), 4_899),
    Case("guided", guided, 7_015),
    Case("guided-15/3", lambda: guided(n_subs=15), 7_015),
    Case("guided-scale-2", lambda: guided(scale=2), 3_943),
    Case("fca2", fca2, 7_419, 4),
    Case("fca2-concat", lambda: fca2("concat", color_correction="lr_domain"), 1_448_007, 4),
    Case(
        "fca2-recurrent",
        lambda: fca2("recurrent", chunk_frames=None, color_correction="mean", color_at="both"),
        1_452_924,
        4,
    ),
    # a frozen autoencoder that never learned hides what the network does
    Case(
        "fca2-frozen", lambda: fca2(frozen=FRONT), 7_419, 4, frozen=FRONT, falls_to=0.999, steps=20
    ),
    Case("fca2-staged", lambda: StagedFCA2Net(ToyVSR(), stage="joint", preset="tiny"), 17_185, 4),
    Case("fca2-guided", lambda: FCA2Net(guided(), ToyVSR(), color_correction=None), 8_359, 4),
    Case(
        "fca2-guided-joined",
        lambda: FCA2Net(guided(), ToyVSR(), join_codes=True),
        8_359,
        4,
        steps=20,
    ),
    Case(
        "fca2-adaptive",
        lambda: FCA2Net(guided(), ToyVSR(), color_correction=None, grouping="adaptive"),
        8_359,
        4,
        train_differs=True,
    ),
    Case(
        "fca2-guided-scale-2",
        lambda: FCA2Net(guided(), ToyVSR(2)),
        7_351,
        2,
        falls_to=0.95,
        steps=20,
    ),
    Case("fca2-fast", lambda: StagedFCA2Net(ToyVSR(), preset="tiny_fast"), 28_447, 4),
    Case(
        "fca2-scale-2",
        lambda: FCA2Net(autoencoder(), ToyVSR(2), color_correction=None),
        4_800,
        2,
    ),
    Case("fca2-stage-autoencoder", lambda: FCA2Net(autoencoder()), 4_464),
    Case("fca2-stage-cleaning", lambda: FCA2Net(cleaning=CleaningNet(8, 1)), 1_611),
    Case("autoencoder-small-flow", lambda: autoencoder("concat", spynet=SMALL_FLOW), 5_484),
    Case("compact-flow", CompactFlowNet, 64_264, steps=20),
    Case("compact-sr", lambda: CompactSRNet(4, 2), 2_196, 4),
    Case("compact-vsr", lambda: CompactVSRNet(4, 1), 67_288, 4),
    Case("basicvsr", lambda: BasicVSRNet(4, 1), 1_490_163, 4),
    Case("comisr", lambda: COMISRNet(8, 1, 4), 34_795, 4),
    Case("comisr-warmup", lambda: COMISRNet(8, 1, 4, warmup_frames=2), 34_795, 4),
    Case("ftvsr", lambda: ftvsr(1), 1_781_883, 4, longest=3),
    Case("ttvsr", lambda: ftvsr(0), 1_444_411, 4),
    Case("fca2-ftvsr", lambda: FCA2Net(autoencoder(), ftvsr(0)), 1_448_875, 4),
    Case("window", lambda: SlidingWindow(ToyCenter()), 6_528, 4),
    Case("window-circle", lambda: SlidingWindow(ToyCenter(3), border="circle"), 3_936, 4),
    Case("window-upsample", lambda: SlidingWindow(ToyCenter(7, 1), upsample=2), 570, 2),
    Case("images", lambda: FramesAsBatch(ToyImage()), 1_344, 4),
    Case("images-mean", lambda: FramesAsBatch(ToyImage(2), mean=MEAN, std=MEAN), 336, 2),
    Case(
        "fca2-window",
        lambda: FCA2Net(autoencoder(), SlidingWindow(ToyCenter()), color_at="encoder"),
        10_992,
        4,
    ),
    Case(
        "fca2-images",
        lambda: FCA2Net(autoencoder(), FramesAsBatch(ToyImage()), color_at="both"),
        5_808,
        4,
        steps=20,
    ),
    Case("front", lambda: FrontEnd(stdf(radius=1, in_channels=3), ToyVSR()), 13_798, 4),
    Case("fca2-front", lambda: FCA2Net(vsr=FrontEnd(CleaningNet(4, 1), ToyVSR())), 1_863, 4),
    Case("fca2-no-autoencoder", lambda: FCA2Net(None, ToyVSR(), CleaningNet(8, 1)), 2_955, 4),
    Case("dcad", lambda: DCADNet(1, 4, 3), 225, channels=1),
    Case("dcad-rgb", lambda: DCADNet(3, 4, 3), 371),
    Case("mfqe", lambda: MFQENet(2, 4), 4_358, channels=1),
    Case("mfqe2", lambda: MFQE2Net(2, 2), 2_954, channels=1, train_differs=True),
    Case("mfqe2-plain", lambda: MFQE2Net(2, 2, dense=False), 2_806, channels=1),
    Case("mfqe2-pair", lambda: MFQE2PairNet(2, 2), 5_908, channels=1, train_differs=True),
    Case("stdf", lambda: stdf(radius=1), 5_954, channels=1),
    Case("stdf-rgb", lambda: stdf(radius=2, in_channels=3), 18_880),
    Case("rfda", lambda: RFDANet(1, 4, 4, 16, 1), 21_966, channels=1),
    Case("cf-stif", lambda: CFSTIFNet(1, 2, 4), 11_548, channels=1),
    Case("tgafnet", lambda: TGAFNet(1, 4), 16_474, channels=1),
    Case("tgafnet-printed", lambda: TGAFNet(1, 4, True, False), 12_716, channels=1),
    Case("fca2-enhancer", lambda: FCA2Net(autoencoder(), stdf(radius=1), DCADNet(1, 4, 3)), 10_643),
]
sweep = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def build(case: Case, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return case.build()


def clip(case: Case, t: int, h: int = 16, w: int = 16, n: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(t)
    return torch.rand(n, t, case.channels, h, w, generator=generator)


def test_the_table_covers_every_net():
    defined = set()
    for module in pkgutil.iter_modules(nets.__path__, f"{nets.__name__}."):
        module = importlib.import_module(module.name)
        for value in (getattr(module, name) for name in module.__all__):
            if isinstance(value, type) and issubclass(value, nn.Module):
                if not inspect.isabstract(value):
                    defined.add(value)
    covered = {type(case.build()) for case in CASES}
    assert defined == covered
    assert {*NETS.values(), *ADAPTERS.values(), FCA2Net, StagedFCA2Net} == covered


def test_names_are_registered_once():
    names = {**NETS, **ADAPTERS}
    assert len(set(names.values())) == len(names) == len(NETS) + len(ADAPTERS)
    assert all(name.startswith("FCA2") for name in names)


@sweep
def test_parameter_count(case):
    assert sum(p.numel() for p in build(case).parameters()) == case.parameters


@pytest.mark.slow
@sweep
@torch.no_grad()
def test_every_length(case):
    net = build(case)
    for t in range(1, case.longest + 1):
        sr = net(clip(case, t, 8, 8))
        assert sr.shape == (1, t, case.channels, 8 * case.scale, 8 * case.scale), t
        assert sr.isfinite().all(), t


@sweep
@pytest.mark.parametrize(("h", "w"), [(13, 17), (33, 6), (2, 3)])
@torch.no_grad()
def test_odd_sizes(case, h, w):
    sr = build(case)(clip(case, 4, h, w, n=2))
    assert sr.shape == (2, 4, case.channels, h * case.scale, w * case.scale)
    assert sr.isfinite().all()


def wake(net: nn.Module) -> None:
    """Move every parameter off zero: what starts there hides the parameters before it."""
    with torch.no_grad():
        for parameter in net.parameters():
            if not parameter.any():
                parameter.normal_(std=0.05)


@sweep
def test_gradient_to_every_parameter(case):
    """Not of zeros; a unit that rests from one start has to learn from another."""
    resting = None
    for seed in range(STARTS):
        net = build(case, seed)
        wake(net)
        net(clip(case, 7)).square().mean().backward()
        found = set()
        for name, parameter in net.named_parameters():
            if name.split(".")[0] in case.frozen:
                assert parameter.grad is None, name
            else:
                assert parameter.grad is not None, name
                assert parameter.grad.isfinite().all(), name
                found |= set() if parameter.grad.any() else {name}
        resting = found if resting is None else resting & found
        if not resting:
            break
    assert not resting


@pytest.mark.parametrize(
    "case",
    # a frozen cleaning network ends the graph
    [case for case in CASES if "cleaning" not in case.frozen],
    ids=lambda case: case.name,
)
def test_gradient_to_the_input(case):
    x = clip(case, 7).requires_grad_()
    build(case)(x).square().mean().backward()
    assert x.grad.isfinite().all()
    assert all(frame.any() for frame in x.grad[0])


@sweep
def test_input_unchanged(case):
    net = build(case)
    for t in (2, 7):
        x = clip(case, t)
        before = x.clone()
        net(x).sum().backward()
        assert torch.equal(x, before)


@sweep
@torch.no_grad()
def test_clips_of_a_batch_do_not_meet(case):
    net = build(case).train(not case.train_differs)
    first, second = clip(case, 9), 1 - clip(case, 9)
    both = net(torch.cat([first, second]))
    alone = torch.cat([net(first), net(second)])
    torch.testing.assert_close(both, alone, rtol=1e-4, atol=1e-5)


@sweep
@torch.no_grad()
def test_same_answer_twice(case):
    net, x = build(case).train(not case.train_differs), clip(case, 8)
    first = net(x)
    assert torch.equal(net(x), first)
    assert torch.equal(net.eval()(x), first)


@sweep
@torch.no_grad()
def test_frames_one_by_one(case):
    net, x = build(case).eval(), clip(case, 6, n=2)
    assert isinstance(net, StreamsFrames) == isinstance(net, STREAMING)
    if isinstance(net, StreamsFrames):
        whole = net(x)
        for keep in (slice(None), slice(2, 4), slice(5, None)):
            frames = torch.stack(list(net.stream_frames(x, keep=keep)), dim=1)
            torch.testing.assert_close(frames, whole[:, keep], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@sweep
@torch.no_grad()
def test_bfloat16(case):
    """Under autocast, and with weights and frames in bfloat16 throughout."""
    net, x = build(case).eval(), clip(case, 5)
    expected = net(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = net(x)
    pure = net.bfloat16()(x.bfloat16())
    assert pure.dtype == torch.bfloat16
    for sr in (mixed, pure):
        assert (sr.float() - expected).abs().max() < 0.05 * expected.abs().max()


@sweep
@torch.no_grad()
def test_state_dict_round_trip(case):
    net, other, x = build(case), build(case, seed=1), clip(case, 5)
    expected = net(x)
    assert not torch.equal(other(x), expected)
    other.load_state_dict(net.state_dict(), strict=True)
    assert torch.equal(other(x), expected)


@pytest.mark.slow
@sweep
def test_a_few_steps_lower_the_loss(case):
    """By much, towards the input at half its brightness, which no network gives to begin with."""
    net, x = build(case), clip(case, min(7, case.longest))
    size = (case.channels, 16 * case.scale, 16 * case.scale)
    target = F.interpolate(x, size=size, mode="nearest") / 2
    learning = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(learning, case.lr)
    losses = []
    for _ in range(case.steps):
        loss = F.mse_loss(net(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < case.falls_to * losses[0], losses
