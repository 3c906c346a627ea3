"""MMagic's networks for windows and for images work inside FCA², and train in its Runner."""

import pytest
import torch
from torch import nn

from fca2_plugin.mmagic import runner
from fca2_plugin.nets import FramesAsBatch, NetSpec, SlidingWindow
from tests.conftest import require_host
from tests.mmagic import runs
from tests.nets.families import SWINIR, check_family, tof_input

require_host("mmagic")

from mmagic.registry import MODELS  # noqa: E402

from fca2_plugin.mmagic.host_nets import HOST_SPECS, find_adapter  # noqa: E402

pytestmark = pytest.mark.mmagic

RGB = dict(in_channels=3, out_channels=3)
SMALL = dict(**RGB, mid_channels=8, num_blocks=1)
EDVR = dict(
    type="EDVRNet", **RGB, mid_channels=8, num_blocks_extraction=1, num_blocks_reconstruction=1
)
TDAN = dict(type="TDANNet", mid_channels=8, num_blocks_before_align=1, num_blocks_after_align=1)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WINDOWS = {
    "EDVR": EDVR,
    "EDVR without TSA": dict(**EDVR, num_frames=3, center_frame_idx=1, with_tsa=False),
    "TDAN": TDAN,
}
IMAGES = {
    "RRDB": dict(type="RRDBNet", **SMALL, growth_channels=4),
    "SwinIR": dict(type="SwinIRNet", **SWINIR),
    "EDSR": dict(type="EDSRNet", **SMALL),
    "SRResNet": dict(type="MSRResNet", **SMALL),
    "RDN": dict(type="RDNNet", **SMALL, channel_growth=8),
    "SRCNN": dict(type="SRCNNNet", channels=(3, 8, 8, 3)),
}


def fca2(adapter: str, **settings: object) -> nn.Module:
    torch.manual_seed(0)
    vsr = dict(type=adapter, **settings)
    return MODELS.build(dict(type="FCA2Net", stage="joint", preset="tiny", vsr=vsr))


@pytest.mark.parametrize("family", WINDOWS)
def test_windows(family):
    check_family(fca2("FCA2SlidingWindow", net=WINDOWS[family]))


@pytest.mark.parametrize("family", IMAGES)
def test_images(family):
    check_family(fca2("FCA2FramesAsBatch", net=IMAGES[family]))


def test_tof_takes_enlarged_and_normalized_frames():
    net = fca2("FCA2SlidingWindow", net=dict(type="TOFlowVSRNet"), upsample=4, mean=MEAN, std=STD)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    check_family(net, lambda x: (tof_input(x) - mean) / std, lambda x: x * std + mean)


def test_specs_are_read_from_the_networks():
    deep = dict(EDVR, num_frames=7, center_frame_idx=3)
    window = NetSpec(4, 7, center_only=True, size_multiple=4)
    assert HOST_SPECS["EDVRNet"](MODELS.build(deep)) == window
    for factor, multiple in ((1, 4), (2, 2), (4, 1)):
        rrdb = MODELS.build(dict(IMAGES["RRDB"], upscale_factor=factor))
        assert HOST_SPECS["RRDBNet"](rrdb) == NetSpec(factor, 1, size_multiple=multiple)
    rdn = MODELS.build(dict(IMAGES["RDN"], upscale_factor=3))
    assert HOST_SPECS["RDNNet"](rdn).scale == 3
    small, large = (
        MODELS.build(dict(type="BasicVSRPlusPlusNet", mid_channels=16, is_low_res_input=low))
        for low in (True, False)
    )
    assert HOST_SPECS["BasicVSRPlusPlusNet"](small) == NetSpec(min_size=64)
    assert HOST_SPECS["BasicVSRPlusPlusNet"](large) == NetSpec(1, size_multiple=4, min_size=256)
    assert set(HOST_SPECS) <= set(MODELS.module_dict)
    assert (find_adapter("TDANNet"), find_adapter("BasicVSRNet")) == ("FCA2SlidingWindow", None)


def test_the_hosts_first_weights_reach_the_inner_net():
    """EDVR initialises its fusion in ``init_weights``, called by MMEngine when training starts."""
    net = fca2("FCA2SlidingWindow", net=EDVR)
    bias = net.vsr.net.fusion.feat_fusion.conv.bias
    bias.data.fill_(1.0)
    net.init_weights()
    assert not bias.any()
    alone = MODELS.build(dict(type="FCA2FramesAsBatch", net=dict(IMAGES["SRCNN"])))
    alone.init_weights()  # has none of its own
    assert isinstance(alone, FramesAsBatch)


@pytest.mark.parametrize(
    ("adapter", "net"), [("FCA2SlidingWindow", EDVR), ("FCA2FramesAsBatch", IMAGES["EDSR"])]
)
def test_training(adapter, net, clips, tmp_path):
    text = "\n".join(
        [
            f"_base_ = {runs.BASES['BasicVSRNet']!r}",
            runs.IMPORTS,
            f"vsr = dict(type={adapter!r}, net={net!r})",
            "model = dict(type='FCA2Wrapper', _delete_=True, stage='joint', preset='tiny', model=",
            "    dict(type='BasicVSR', generator=vsr, pixel_loss={{_base_.model.pixel_loss}},",
            "         data_preprocessor={{_base_.model.data_preprocessor}}))",
        ]
    )
    settings = {k: v for k, v in runs.options(clips).items() if not k.startswith("model")}
    finished = runner.train(runs.load(tmp_path, "run", text, settings))
    generator = finished.model.generator
    assert isinstance(generator.vsr, SlidingWindow | FramesAsBatch)
    assert type(generator.vsr.net).__name__ == net["type"]
    saved = runs.read_weights(tmp_path / "run" / "iter_2.pth", "vsr")
    assert saved.keys() == generator.vsr.state_dict().keys()
    assert "net.conv_first.weight" in saved


LOSS = dict(type="L1Loss")


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (
            dict(type="EDVR", generator=EDVR),
            r"EDVRNet works on windows, .*write model=dict\(type='BasicVSR', generator=dict\("
            r"type='FCA2SlidingWindow', net=dict\(type='EDVRNet', ...\)\), pixel_loss=...\)",
        ),
        (dict(type="TDAN", generator=TDAN), "TDANNet works on windows"),
        (
            dict(type="BaseEditModel", generator=IMAGES["EDSR"]),
            "EDSRNet works on images, but .*type='FCA2FramesAsBatch', net=.* of a BasicVSR config",
        ),
        (
            dict(type="TDAN", generator=dict(type="FCA2SlidingWindow", net=TDAN)),
            "TDAN uses data and a loss for the middle frame of a window, but FCA2Wrapper works on",
        ),
    ],
)
def test_the_wrapper_shows_the_config_to_write(model, sentence):
    with pytest.raises(TypeError, match=sentence):
        MODELS.build(dict(type="FCA2Wrapper", model=dict(model, pixel_loss=LOSS)))


def test_the_slot_names_the_adapter():
    with pytest.raises(ValueError, match="EDVRNet takes 5 frames .*vsr of type FCA2SlidingWindow"):
        MODELS.build(dict(type="FCA2Net", stage="joint", preset="tiny", vsr=EDVR))
    with pytest.raises(ValueError, match="takes 7 frames and was built with center_frame_idx=2; e"):
        fca2("FCA2SlidingWindow", net=dict(EDVR, num_frames=7))
    with pytest.raises(TypeError, match="FCA2SlidingWindow has no setting 'num_frame' .did you"):
        fca2("FCA2SlidingWindow", net=EDVR, num_frame=5)
