"""FCA² around trained networks, untrained: what comes out, and what cannot be wrapped."""

import pytest
import torch
from torch import nn

import fca2_plugin
from fca2_plugin import cli
from fca2_plugin.checkpoints import load_part
from fca2_plugin.data import build_clips, demo_clips
from fca2_plugin.inference.load import load_runner
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.inference.wrap import wrap
from fca2_plugin.nets import (
    BasicVSRNet,
    CompactVSRNet,
    FramesAsBatch,
    NetSpec,
    SlidingWindow,
    STDFNet,
)
from fca2_plugin.nets.build import NEUTRAL_PRESETS, PRESETS
from fca2_plugin.nets.staged import StagedFCA2Net
from fca2_plugin.ops.resize import bicubic_enlarge
from tests.conftest import require_host
from tests.nets.toys import RecordingVSR, ToyCenter, ToyImage, ToyVSR

PIECES = ["--device", "cpu"]


class Bicubic(nn.Module):
    def forward(self, lq):
        return bicubic_enlarge(lq.flatten(0, 1), 4).unflatten(0, lq.shape[:2])


@pytest.mark.parametrize("preset", NEUTRAL_PRESETS)
@torch.no_grad()
def test_key_frames_are_the_networks_own_results(preset):
    torch.manual_seed(0)
    lq, network = torch.rand(1, 14, 3, 16, 24), RecordingVSR()
    faster = fca2_plugin.wrap(network, preset)
    sr = faster(lq)
    (codes,) = network.seen
    assert faster.vsr is network and not faster.training and codes.shape[1] < 14
    keys = [i for i in range(14) if any(torch.equal(code, lq[0, i]) for code in codes[0])]
    assert len(keys) == codes.shape[1]  # untrained, a code is a frame as it is
    torch.testing.assert_close(sr[:, keys], network(codes))
    # and a network that adds nothing to bicubic stays that on every frame
    torch.testing.assert_close(wrap(Bicubic(), preset)(lq), Bicubic()(lq), rtol=0, atol=1e-5)


def test_the_network_stays_as_it_is_when_fca2_learns():
    faster = wrap(ToyVSR())
    faster.train()(torch.rand(1, 7, 3, 8, 8)).mean().backward()
    assert all(parameter.grad is None for parameter in faster.vsr.parameters())
    assert faster.stage == "adapt"


def test_the_phase_reaches_the_decoder():
    assert wrap(ToyVSR()).autoencoder.phase == "centred"
    assert wrap(ToyVSR(), phase="first").autoencoder.phase == "first"
    assert wrap(CompactVSRNet(4, 1, phase="first")).spec == NetSpec(scale=4, phase="first")
    with pytest.raises(ValueError, match="phase='centred' contradicts the VSR network"):
        wrap(CompactVSRNet(4, 1, phase="first"), phase="centred")


def test_networks_for_windows_and_images_get_their_adapter():
    images = ToyImage(spec=NetSpec(scale=4, num_frames=1))
    assert isinstance(wrap(images).vsr, FramesAsBatch)
    window = ToyCenter()
    assert isinstance(wrap(window).vsr, SlidingWindow) and wrap(window).vsr.net is window


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - set(NEUTRAL_PRESETS)))
def test_presets_that_must_be_trained_first(preset):
    with pytest.raises(ValueError, match=f"'{preset}' starts from random .* use fast and tiny_"):
        wrap(ToyVSR(), preset)


def test_what_cannot_be_wrapped():
    with pytest.raises(ValueError, match="did you mean 'fast'"):
        wrap(ToyVSR(), "fats")
    with pytest.raises(ValueError, match="already an FCA2Net"):
        wrap(wrap(ToyVSR()))
    for scale_1 in (STDFNet(1), STDFNet(1, in_channels=3)):
        with pytest.raises(ValueError, match="STDFNet does not enlarge RGB videos"):
            wrap(scale_1)
    with pytest.raises(TypeError, match="wrap got a dict"):
        wrap({})


def test_weights_of_the_network_alone_are_enough(tmp_path):
    plain = BasicVSRNet(4, 1)
    torch.save({"state_dict": {f"generator.{k}": v for k, v in plain.state_dict().items()}},
               tmp_path / "plain.pth")  # fmt: skip
    around = dict(preset="tiny_fast", stage="adapt")
    net = StagedFCA2Net(BasicVSRNet(4, 1), **around)
    with pytest.warns(UserWarning, match="the VSR network only, so FCA² around it is untrained"):
        load_part(net, tmp_path / "plain.pth", "generator")
    same = all(torch.equal(net.vsr.state_dict()[k], v) for k, v in plain.state_dict().items())
    assert same and not net.autoencoder.fusion[-1].weight.any()
    for preset, key in (("tiny", "cleaning"), ("tiny_fast", "autoencoder")):
        trained_whole = StagedFCA2Net(BasicVSRNet(4, 1), stage="joint", preset=preset)
        with pytest.raises(ValueError, match=rf"missing {key}.* set stage='adapt' or use --fca2"):
            load_part(trained_whole, tmp_path / "plain.pth", "generator")
    # the hosts' own loaders, inside their model
    model = nn.ModuleDict({"generator": StagedFCA2Net(BasicVSRNet(4, 1), **around)})
    weights = torch.load(tmp_path / "plain.pth", weights_only=True)["state_dict"]
    with pytest.warns(UserWarning, match="untrained"):
        model.load_state_dict(weights, strict=True)
    vsr = model["generator"].vsr.state_dict()
    assert all(torch.equal(vsr[key], value) for key, value in plain.state_dict().items())
    broken = dict(list(weights.items())[1:])
    with pytest.raises(RuntimeError, match="Missing key"), pytest.warns(UserWarning):
        model.load_state_dict(broken, strict=True)


def test_mmengines_loader_takes_them_too():
    require_host("mmagic")
    from mmengine.runner.checkpoint import load_state_dict

    from fca2_plugin.mmagic.host_nets import build_host_net
    from fca2_plugin.mmagic.wrapper import fca2_wrapper

    net = dict(type="BasicVSRNet", mid_channels=8, num_blocks=1, spynet_pretrained=None)
    loss = dict(type="CharbonnierLoss")
    base = dict(type="BasicVSR", generator=net, pixel_loss=loss)
    plain = build_host_net(base)  # what the user has trained
    model = fca2_wrapper(base, preset="fast", stage="adapt")
    with pytest.warns(UserWarning, match="untrained"):
        load_state_dict(model, plain.state_dict(), strict=True)
    lq = torch.rand(1, 7, 3, 64, 64)
    with torch.inference_mode():
        expected = wrap(plain.generator)(lq)
        torch.testing.assert_close(model.generator.eval()(lq), expected)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return build_clips(
        demo_clips(1, 1, 7, (64, 96)), tmp_path_factory.mktemp("t") / "demo", crfs=(25,)
    )


CONFIGS = {
    "mmagic": ("tiny.py", "model = dict(type='BasicVSR', generator=dict(type='BasicVSRNet', "
               "mid_channels=8, num_blocks=1, spynet_pretrained=None), pixel_loss=dict("
               "type='CharbonnierLoss'))\n"),
    "basicsr": ("tiny.yml", "network_g: {type: BasicVSR, num_feat: 8, num_block: 1}\n"),
}  # fmt: skip


@pytest.mark.parametrize("host", CONFIGS)
def test_a_config_and_a_checkpoint_on_the_command_line(host, tree, tmp_path, capsys):
    require_host(host)
    from fca2_plugin.inference.load import load_config_network, load_network

    name, text = CONFIGS[host]
    config, checkpoint = tmp_path / name, tmp_path / "k.pth"
    config.write_text(text)
    torch.manual_seed(0)
    torch.save(load_network(config, None).state_dict(), checkpoint)
    files = ["--config", str(config), "--checkpoint", str(checkpoint)]
    data = ["--data", str(tree), "--conditions", "raw", *PIECES]
    assert cli.main(["evaluate", *data, *files, "--fca2"]) == 0
    assert "tiny in FCA² fast" in capsys.readouterr().out
    assert cli.main(["evaluate", *data, *files, "--fca2", "released"]) == 2
    assert "starts from random weights" in capsys.readouterr().err
    assert cli.main(["evaluate", *data, "--weights", "small", "--fca2"]) == 2
    assert "--fca2 needs a config and its checkpoint" in capsys.readouterr().err
    loaded = load_config_network(config, checkpoint, "first", "tiny_fast")
    assert loaded.network.autoencoder.phase == loaded.phase.phase == "first"
    runner = load_runner(config, checkpoint, settings=InferenceSettings("cpu"), fca2="fast")
    assert isinstance(runner.network, StagedFCA2Net) and runner.scale == 4
    assert runner(torch.rand(1, 3, 3, 16, 16)).shape == (1, 3, 3, 64, 64)
    with pytest.raises(ValueError, match="--fca2 needs a config and its checkpoint"):
        load_runner(weights="small", fca2="fast")


def test_a_module_is_measured_too(tree):
    from fca2_plugin.apps.evaluate import evaluate

    result = evaluate(data=tree, conditions=["raw"], network=wrap(Bicubic(), "tiny_fast"), name="x")
    alone = evaluate(data=tree, conditions=["raw"], network=Bicubic())
    assert result["psnr"] == pytest.approx(alone["psnr"], abs=1e-3)
    assert alone["method"] == "Bicubic"
    assert result["method"] == "x" and len(result["source"]["checkpoint_sha256"]) == 64
    with pytest.raises(ValueError, match="give one of"):
        evaluate(data=tree, network=Bicubic(), floor="bicubic")
