"""BasicSR's networks for windows and for images work inside FCA², and train in its pipeline."""

import pytest
import torch
from torch import nn

from fca2_plugin.basicsr import runner
from fca2_plugin.nets import NetSpec
from tests.basicsr import runs
from tests.conftest import require_host
from tests.nets.families import SWINIR, check_family, tof_input

require_host("basicsr")

import fca2_plugin.basicsr  # noqa: E402, F401
from fca2_plugin.basicsr.host_nets import HOST_SPECS, build_host_net  # noqa: E402

pytestmark = pytest.mark.basicsr

RGB = dict(num_in_ch=3, num_out_ch=3)
SMALL = dict(**RGB, num_feat=8, num_block=1)
EDVR = dict(type="EDVR", num_feat=8, num_extract_block=1, num_reconstruct_block=1)
WINDOWS = {
    "EDVR": EDVR,
    "EDVR without TSA": dict(**EDVR, num_frame=3, with_tsa=False),
    "DUF": dict(type="DUF", num_layer=16),
}
IMAGES = {
    "SRVGG": dict(type="SRVGGNetCompact", num_feat=8, num_conv=1),
    "RRDB": dict(type="RRDBNet", **SMALL, num_grow_ch=4),
    "SwinIR": dict(type="SwinIR", **SWINIR),
    "EDSR": dict(type="EDSR", **SMALL),
    "RCAN": dict(type="RCAN", **SMALL, num_group=1, squeeze_factor=4),
    "SRResNet": dict(type="MSRResNet", num_feat=8, num_block=1),
    "ECBSR": dict(
        type="ECBSR", **RGB, num_block=1, num_channel=8, with_idt=False, act_type="prelu", scale=4
    ),
}


def fca2(adapter: str, **settings: object) -> nn.Module:
    torch.manual_seed(0)
    vsr = dict(type=adapter, **settings)
    return build_host_net(dict(type="FCA2Net", stage="joint", preset="tiny", vsr=vsr))


@pytest.mark.parametrize("family", WINDOWS)
def test_windows(family):
    check_family(fca2("FCA2SlidingWindow", net=WINDOWS[family]))


@pytest.mark.parametrize("family", IMAGES)
def test_images(family):
    check_family(fca2("FCA2FramesAsBatch", net=IMAGES[family]))


def test_tof_takes_enlarged_frames():
    net = fca2("FCA2SlidingWindow", net=dict(type="TOFlow"), upsample=4)
    assert net.vsr.spec.size_multiple == 4
    check_family(net, tof_input)


def test_specs_are_read_from_the_networks():
    def spec(**config: object) -> NetSpec:
        net = build_host_net(config)
        return HOST_SPECS[config["type"]](net)

    assert spec(**dict(EDVR, num_frame=7)) == NetSpec(4, 7, center_only=True, size_multiple=4)
    blur = dict(EDVR, hr_in=True, with_predeblur=True)
    assert spec(**blur) == NetSpec(1, 5, center_only=True, size_multiple=16)
    for scale, multiple in ((1, 4), (2, 2), (4, 1)):
        assert spec(**IMAGES["RRDB"], scale=scale) == NetSpec(scale, 1, size_multiple=multiple)
    assert spec(**IMAGES["EDSR"] | {"upscale": 3}).scale == 3
    # SwinIR takes the whole image as one window when that is smaller
    assert spec(**IMAGES["SwinIR"] | {"img_size": 4}).size_multiple == 4
    assert spec(type="RIDNet", in_channels=3, mid_channels=16, out_channels=3).scale == 1
    plain = dict(type="BasicVSRPlusPlus", mid_channels=16, num_blocks=1)
    assert spec(**plain) == NetSpec(min_size=64)
    large = NetSpec(1, size_multiple=4, min_size=256)
    assert spec(**plain, is_low_res_input=False) == large


def test_names_with_and_without_the_hosts_suffix():
    for name in ("SRVGGNetCompact", "SRVGGNetCompact_basicsr"):
        assert type(build_host_net(dict(IMAGES["SRVGG"], type=name))).__name__ == "SRVGGNetCompact"


def test_refusals():
    with pytest.raises(ValueError, match="EDVR takes 5 frames .*vsr of type FCA2SlidingWindow"):
        build_host_net(dict(type="FCA2Net", stage="joint", preset="tiny", vsr=EDVR))
    with pytest.raises(TypeError, match="FCA2FramesAsBatch has no setting 'frames_at_one'"):
        fca2("FCA2FramesAsBatch", net=IMAGES["EDSR"], frames_at_one=2)
    with pytest.raises(ValueError, match="unknown network type 'RRDBnet' .did you mean 'RRDBNet'"):
        fca2("FCA2FramesAsBatch", net=dict(type="RRDBnet"))
    with pytest.raises(TypeError, match="EDVR has no setting 'mid_channels'"):
        fca2("FCA2SlidingWindow", net=dict(type="EDVR", mid_channels=8))
    with pytest.raises(TypeError, match="the network is 'EDVR'; expected .type: BasicVSR, ..."):
        fca2("FCA2SlidingWindow", net="EDVR")


@pytest.mark.parametrize(
    ("adapter", "net", "settings"),
    [
        ("FCA2SlidingWindow", EDVR, {"border": "replicate", "windows_at_once": 2}),
        ("FCA2FramesAsBatch", IMAGES["SRVGG"], {"frames_at_once": 2}),
    ],
)
def test_training(adapter, net, settings, clips, tmp_path):
    cfg = runs.options(clips)
    vsr = dict(type=adapter, net=net, **settings)
    cfg["network_g"] = dict(type="FCA2Net", stage="joint", preset="tiny", vsr=vsr)
    model = runner.train(runs.load(tmp_path, cfg))
    assert type(model.net_g.vsr.net).__name__ == net["type"]
    saved = runs.read_weights(tmp_path / "experiments/run")
    assert saved.keys() == model.net_g.state_dict().keys()
    assert any(key.startswith("vsr.net.") for key in saved)


def test_a_misspelt_setting_of_an_adapter(clips, tmp_path):
    cfg = runs.options(clips)
    vsr = dict(type="FCA2SlidingWindow", net=EDVR, bordr="circle")
    cfg["network_g"] = dict(type="FCA2Net", stage="joint", preset="tiny", vsr=vsr)
    with pytest.raises((ValueError, TypeError), match="bordr.* .did you mean 'border'"):
        runner.train(runs.load(tmp_path, cfg))
