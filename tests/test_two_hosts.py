"""One model, two hosts: the same weights compute the same, and a checkpoint goes both ways.

MMagic's and BasicSR's own BasicVSR, BasicVSR++, IconVSR, EDVR, TOFlow, RRDB, EDSR and SwinIR agree
bit for bit in output and gradients, TOFlow and EDSR once what one host leaves to the data is set.
What differs, and where it is met:

* inputs of up to 32 pixels: BasicSR's SPyNet has no last level, so FCA² pads there and not on
  MMagic;
* sizes that are no multiple of SwinIR's window: MMagic's pads itself, and FCA² pads on both hosts;
* SRResNet: an activation after each enlargement in BasicSR only, so it is not converted;
* BasicVSR++ of BasicSR alone takes every clip after a mirrored one for mirrored, until
  ``compat.basicsr_mirror`` makes it look afresh;
* the schedules: MMagic counts from 0 and BasicSR from 1 when it un-freezes the flow network;
* the measure: MMagic tests the averaged weights when its hook keeps some, BasicSR's training the
  averaged ones with ``FCA2Model``.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from fca2_plugin import cli
from fca2_plugin.checkpoints import load_part
from fca2_plugin.data import build_clips, demo_clips
from fca2_plugin.keymaps import translate
from tests.conftest import require_host
from tests.nets.families import SWINIR

for host in ("mmagic", "basicsr"):
    require_host(host)

import fca2_plugin.basicsr  # noqa: E402
import fca2_plugin.mmagic  # noqa: E402, F401

from basicsr.losses import build_loss  # noqa: E402  # isort: skip
from basicsr.models import build_model  # noqa: E402  # isort: skip
from mmagic.registry import MODELS  # noqa: E402  # isort: skip
from mmagic.structures import DataSample  # noqa: E402  # isort: skip
from mmengine.optim import build_optim_wrapper  # noqa: E402  # isort: skip
from mmengine.registry import init_default_scope  # noqa: E402  # isort: skip

from fca2_plugin.basicsr import runner as basicsr_runner  # noqa: E402
from fca2_plugin.basicsr.host_nets import build_host_net  # noqa: E402
from fca2_plugin.basicsr.pipeline import forget_logger  # noqa: E402
from fca2_plugin.mmagic import runner as mmagic_runner  # noqa: E402
from tests.basicsr import runs as basicsr_runs  # noqa: E402
from tests.mmagic import runs as mmagic_runs  # noqa: E402

pytestmark = [pytest.mark.mmagic, pytest.mark.basicsr]

RGB = dict(in_channels=3, out_channels=3)
IN_OUT = dict(num_in_ch=3, num_out_ch=3)
#: Settings on MMagic, settings on BasicSR, and the shape of an input.
NETS = {
    "BasicVSR": (
        dict(type="BasicVSRNet", mid_channels=8, num_blocks=1),
        dict(type="BasicVSR", num_feat=8, num_block=1),
        (1, 3, 3, 40, 50),
    ),
    "BasicVSR++": (
        dict(type="BasicVSRPlusPlusNet", mid_channels=16, num_blocks=1),
        dict(type="BasicVSRPlusPlus", mid_channels=16, num_blocks=1),
        (1, 2, 3, 64, 65),
    ),
    "IconVSR": (
        dict(type="IconVSRNet", mid_channels=64, num_blocks=1),
        dict(type="IconVSR", num_feat=64, num_block=1),
        (1, 5, 3, 36, 39),
    ),
    "EDVR": (
        dict(
            type="EDVRNet",
            **RGB,
            mid_channels=8,
            num_blocks_extraction=1,
            num_blocks_reconstruction=1,
        ),
        dict(type="EDVR", num_feat=8, num_extract_block=1, num_reconstruct_block=1),
        (1, 5, 3, 12, 16),
    ),
    "EDVR without TSA": (
        dict(
            type="EDVRNet",
            **RGB,
            mid_channels=8,
            num_frames=3,
            num_blocks_extraction=1,
            num_blocks_reconstruction=1,
            center_frame_idx=1,
            with_tsa=False,
        ),
        dict(
            type="EDVR",
            num_feat=8,
            num_frame=3,
            num_extract_block=1,
            num_reconstruct_block=1,
            with_tsa=False,
        ),
        (1, 3, 3, 12, 16),
    ),
    "TOFlow": (dict(type="TOFlowVSRNet"), dict(type="TOFlow"), (1, 7, 3, 32, 48)),
    "RRDB": (
        dict(type="RRDBNet", **RGB, mid_channels=8, num_blocks=1, growth_channels=4),
        dict(type="RRDBNet", **IN_OUT, num_feat=8, num_block=1, num_grow_ch=4),
        (1, 3, 13, 17),
    ),
    "RRDB x2": (
        dict(
            type="RRDBNet",
            **RGB,
            mid_channels=8,
            num_blocks=1,
            growth_channels=4,
            upscale_factor=2,
        ),
        dict(type="RRDBNet", **IN_OUT, num_feat=8, num_block=1, num_grow_ch=4, scale=2),
        (1, 3, 14, 18),
    ),
    "EDSR": (
        dict(type="EDSRNet", **RGB, mid_channels=8, num_blocks=1),
        dict(type="EDSR", **IN_OUT, num_feat=8, num_block=1, img_range=1.0),
        (1, 3, 13, 17),
    ),
    "SwinIR": (
        dict(type="SwinIRNet", **SWINIR),
        dict(type="SwinIR", **SWINIR),
        (1, 3, 16, 24),
    ),
}
SRRESNET = (
    dict(type="MSRResNet", **RGB, mid_channels=8, num_blocks=1),
    dict(type="MSRResNet", **IN_OUT, num_feat=8, num_block=1),
)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CHARBONNIER = dict(type="CharbonnierLoss", loss_weight=1.0, reduction="mean")
WRAPPED = dict(type="FCA2Net", stage="joint", preset="tiny")


class Normalized(nn.Module):
    """MMagic's TOFlow with what the data pipeline does for it."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
        return self.net((x - mean) / std) * std + mean


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    init_default_scope("mmagic")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCAL_RANK", "0")
    yield
    forget_logger()


def share(one: nn.Module, other: nn.Module) -> None:
    """Draw weights that leave no offset and no flow at zero, and give them to both hosts'."""
    for parameter in one.parameters():
        nn.init.normal_(parameter, std=0.03)
    other.load_state_dict(translate(one.state_dict(), "basicsr").state, strict=True)


def twins(mmagic: Mapping, basicsr: Mapping) -> tuple[nn.Module, nn.Module]:
    """The same network on both hosts."""
    torch.manual_seed(0)
    one, other = MODELS.build(dict(mmagic)), build_host_net(basicsr)
    share(one, other)
    return one, other


def wrapped(name: str) -> tuple[dict, dict]:
    """Configs of FCA² around the same network on both hosts."""
    nets = NETS[name][:2]
    if name == "EDVR":
        nets = [dict(type="FCA2SlidingWindow", net=net) for net in nets]
    return tuple(dict(WRAPPED, vsr=net) for net in nets)


def draw(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def renamed(net: nn.Module, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Values of MMagic's parameters under BasicSR's names."""
    return translate({**net.state_dict(), **values}, "basicsr").state


def gradients_agree(one: nn.Module, other: nn.Module) -> bool:
    expected = renamed(one, {name: p.grad for name, p in one.named_parameters()})
    return all(torch.equal(p.grad, expected[name]) for name, p in other.named_parameters())


@pytest.mark.parametrize("name", NETS)
def test_the_hosts_networks_agree_bit_for_bit(name):
    mmagic, basicsr, shape = NETS[name]
    one, other = twins(mmagic, basicsr)
    back = translate(other.state_dict(), "mmagic").state
    assert back.keys() == one.state_dict().keys()
    run = Normalized(one) if name == "TOFlow" else one
    run.eval(), other.eval()
    x = draw(*shape)
    results = run(x), other(x)
    assert torch.equal(*results)
    assert results[0].std() > 1e-3
    for result in results:
        (result * draw(*result.shape)).mean().backward()
    assert gradients_agree(one, other)


@pytest.mark.parametrize("name", ["BasicVSR", "BasicVSR++", "IconVSR", "EDVR"])
def test_a_part_loads_from_the_other_hosts_file(name, tmp_path):
    mmagic, basicsr, _ = NETS[name]
    nets = MODELS.build(dict(mmagic)), build_host_net(basicsr)
    for one, other in (nets, nets[::-1]):
        for parameter in other.parameters():
            parameter.data.normal_()
        torch.save({"params": other.state_dict()}, tmp_path / "other.pth")
        load_part(one, tmp_path / "other.pth", "vsr")
        assert one.state_dict().keys() != other.state_dict().keys()
        back = tmp_path / "back.pth"
        torch.save({"state_dict": one.state_dict()}, back)
        before = {key: value.clone() for key, value in other.state_dict().items()}
        load_part(other, back, "vsr")
        assert all(torch.equal(before[key], value) for key, value in other.state_dict().items())


def test_a_part_of_another_network_is_listed(tmp_path):
    torch.save({"params": build_host_net(NETS["BasicVSR"][1]).state_dict()}, tmp_path / "b.pth")
    net = MODELS.build(dict(NETS["BasicVSR++"][0]))
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with pytest.raises(ValueError, match="b.pth does not contain the weights of this vsr: missing"):
        load_part(net, tmp_path / "b.pth", "vsr")
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())


def test_srresnet_is_not_the_same_network():
    one, other = MODELS.build(dict(SRRESNET[0])), build_host_net(SRRESNET[1])
    with pytest.raises(ValueError, match="SRResNet cannot be converted"):
        translate(one.state_dict(), "basicsr")
    names = zip(other.state_dict(), one.state_dict().values(), strict=True)
    other.load_state_dict(dict(names))
    x = draw(1, 3, 8, 8)
    assert not torch.allclose(one(x), other(x), atol=1e-3)


@pytest.mark.parametrize("name", ["BasicVSR", "BasicVSR++", "EDVR"])
def test_fca2_agrees_bit_for_bit(name):
    one, other = twins(*wrapped(name))
    size = 64 if name == "BasicVSR++" else 40
    lq, gt = draw(1, 7, 3, size, size), draw(1, 7, 3, 4 * size, 4 * size)
    losses = MODELS.build(dict(CHARBONNIER)), build_loss(dict(CHARBONNIER))
    values = []
    for net, loss in zip((one, other), losses, strict=True):
        sr = net(lq)
        values.append((sr, loss(sr, gt)))
        values[-1][1].backward()
    assert torch.equal(values[0][0], values[1][0])
    assert torch.equal(values[0][1], values[1][1])
    assert gradients_agree(one, other)


def mmagic_model(generator: Mapping) -> nn.Module:
    return MODELS.build(
        dict(
            type="BasicVSR",
            generator=dict(generator),
            pixel_loss=dict(CHARBONNIER),
            data_preprocessor=dict(type="DataPreprocessor", mean=[0.0] * 3, std=[255.0] * 3),
        )
    )


def basicsr_model(folder: Path, network: Mapping, is_train: bool = True, **path: object):
    """The model that BasicSR's scripts build, from the options they hand over."""
    options = basicsr_runs.options(folder, train__ema_decay=0, train__fix_flow=None)
    options["train"]["flow_lr_mul"] = 1
    options.update(network_g=dict(network), is_train=is_train, dist=False, num_gpu=0)
    options["path"].update(path)
    return build_model(options)


@pytest.mark.parametrize("name", ["BasicVSR", "EDVR"])
def test_one_step_of_the_real_models(name, tmp_path):
    """MMagic's ``BasicVSR`` with its optimiser wrapper, and ``FCA2Model``, from integer pixels."""
    lq, gt = ((255 * draw(1, 7, 3, side, side)).round() for side in (40, 160))
    generator, network = wrapped(name)
    torch.manual_seed(0)
    one, other = mmagic_model(generator), basicsr_model(tmp_path, network)
    share(one.generator, other.net_g)
    before = {key: value.clone() for key, value in other.net_g.state_dict().items()}

    optimizer = dict(type="Adam", lr=1e-3, betas=(0.9, 0.99))
    wrapper = build_optim_wrapper(one, dict(type="OptimWrapper", optimizer=optimizer))
    batch = {"inputs": list(lq), "data_samples": [DataSample(gt_img=gt[0])]}
    logged = one.train_step(batch, wrapper)
    other.feed_data({"lq": lq / 255, "gt": gt / 255})
    other.optimize_parameters(1)

    assert other.log_dict["l_pix"] == logged["loss"].item()
    after = renamed(one.generator, {})
    for key, value in other.net_g.state_dict().items():
        assert torch.equal(value, after[key]), key
    moved = [key for key in before if not torch.equal(before[key], after[key])]
    assert {key.split(".")[0] for key in moved} == {"cleaning", "autoencoder", "vsr"}


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clips") / "data"
    build_clips(demo_clips(2, 1, 7, (64, 64)), folder)
    names = sorted(path.name for path in (folder / "train/gt").iterdir())
    (folder / "meta_info.txt").write_text("".join(f"{name} 1 (h,w,3)\n" for name in names))
    return folder


@torch.no_grad()
def test_trained_in_mmagic_used_in_basicsr(clips, tmp_path):
    text = mmagic_runs.wrapped("BasicVSRNet")
    cfg = mmagic_runs.load(tmp_path, "trained", text, mmagic_runs.options(clips))
    with torch.enable_grad():
        trained = mmagic_runner.train(cfg).model.generator.eval()
    source, target = tmp_path / "trained/iter_2.pth", tmp_path / "converted.pth"
    assert cli.main(["convert", str(source), str(target), "--to", "basicsr"]) == 0
    network = basicsr_runs.wrapped()
    model = basicsr_model(clips, network, False, pretrain_network_g=str(target))
    lq = draw(1, 7, 3, 40, 44)
    model.feed_data({"lq": lq})
    model.test()
    assert torch.equal(model.output, trained(lq))


def test_trained_in_basicsr_used_in_mmagic(clips, tmp_path):
    """Both the weights and their average go over; MMagic's tools use the average."""
    cfg = basicsr_runs.load(tmp_path, basicsr_runs.options(clips))
    trained = basicsr_runner.train(cfg)
    source = tmp_path / "experiments/run/models/net_g_latest.pth"
    target = tmp_path / "converted.pth"
    assert cli.main(["convert", str(source), str(target), "--to", "mmagic"]) == 0

    text = mmagic_runs.wrapped("BasicVSRNet")
    cfg = mmagic_runs.load(tmp_path, "used", text, mmagic_runs.options(clips))
    model = MODELS.build(cfg.model)
    content = torch.load(target, weights_only=True)
    model.load_state_dict(content["state_dict"], strict=True)
    lq = draw(1, 7, 3, 40, 44)
    with torch.no_grad():
        averaged = trained.net_g_ema.eval()(lq)
        assert torch.equal(model.generator.eval()(lq), averaged)
        assert torch.equal(mmagic_runner.load_generator(cfg, target)(lq), averaged)
        learning = {
            key.removeprefix("module."): value
            for key, value in content["ema_state_dict"].items()
            if key != "steps"
        }
        model.load_state_dict(learning, strict=True)
        assert torch.equal(model.generator(lq), trained.net_g.eval()(lq))

    back = tmp_path / "back.pth"
    assert cli.main(["convert", str(target), str(back), "--to", "basicsr"]) == 0
    for key in ("params", "params_ema"):
        one, other = (torch.load(path, weights_only=True)[key] for path in (source, back))
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)

    # MMagic's own run starts from it, its hook for averages included
    settings = {**mmagic_runs.options(clips), "load_from": str(target), "train_cfg.max_iters": 1}
    hooks = [dict(type="EMAHook")]
    cfg = mmagic_runs.load(tmp_path, "goes_on", text, {**settings, "custom_hooks": hooks})
    assert mmagic_runner.train(cfg).iter == 1
