"""ONNX files: equal in onnxruntime at any size, listed in a manifest; or one sentence why not."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.ops import deform_conv2d

from fca2_plugin import cli
from fca2_plugin.apps.export import MANIFEST, export_network, export_onnx
from fca2_plugin.apps.export.graph import difference, open_graph
from fca2_plugin.nets import CleaningNet, FCA2Net, FrameAutoencoder, GuidedAutoencoder
from tests.conftest import require_host, run_python
from tests.nets.toys import ToyVSR

for module in ("onnx", "onnxscript", "onnxruntime"):
    require_host(module)

CONFIGS = Path(__file__).parents[3] / "configs"
SIZE = (24, 16)


class Named(nn.Module):
    """A clip through a function."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, lq):
        return self.function(lq)


def by_part(manifest):
    return {graph["part"]: graph for graph in manifest["graphs"]}


def run_graph(path, **inputs):
    return open_graph(path).run(None, {name: x.numpy() for name, x in inputs.items()})


def test_fca2_becomes_graphs_that_follow_one_another(tmp_path):
    torch.manual_seed(0)
    net = FCA2Net(
        FrameAutoencoder(mid_channels=8, num_blocks=1, flow_mode=None),
        ToyVSR(2),
        CleaningNet(8, 1),
    )
    manifest = export_network(net, tmp_path, SIZE)
    graphs = by_part(manifest)
    assert list(graphs) == ["cleaning", "encoder", "vsr", "decoder", "network"]
    assert not manifest["not_exported"] and manifest["frames"] == 7
    for graph in graphs.values():
        assert graph["max_difference"] <= manifest["tolerance"] == 1e-4
        assert graph["sha256"] == sha256((tmp_path / graph["file"]).read_bytes()).hexdigest()
        assert {"height", "width"} <= set(graph["free_axes"]), graph["part"]
    assert manifest["max_difference_in_a_row"] < 1e-4

    # a size that the exporter never saw, and two chunks as one batch
    lq = torch.rand(2, 7, 3, 21, 35)
    with torch.no_grad():
        (clean,) = run_graph(tmp_path / "cleaning.onnx", lq=lq)
        assert difference([clean], net.clean(lq)) < 1e-5
        clean = torch.from_numpy(clean)
        codes = run_graph(tmp_path / "encoder.onnx", clean=clean)
        assert difference(codes, net.encode(clean)[0]) < 1e-5
        (sr,) = run_graph(tmp_path / "network.onnx", lq=lq[:1])
        assert difference([sr], net(lq[:1])) < 1e-5


@pytest.mark.slow
def test_a_guided_autoencoder_passes_its_guide_on(tmp_path):
    torch.manual_seed(0)
    autoencoder = GuidedAutoencoder(
        clean_channels=4, clean_blocks=1, mid_channels=4, num_blocks=1, scale=2
    )
    for parameter in autoencoder.parameters():  # its networks start at zero
        nn.init.normal_(parameter, std=0.05)
    net = FCA2Net(
        autoencoder, ToyVSR(2), chunk_frames=3, grouping="adaptive", color_correction=None
    )
    manifest = export_network(net, tmp_path, SIZE)
    passed = ["guide_frames", "guide_flow", "guide_difference"]
    assert list(by_part(manifest)["encoder"]["outputs"]) == ["codes", *passed]
    assert list(by_part(manifest)["decoder"]["inputs"]) == ["sr_codes", *passed]
    assert manifest["grouping"] == "fixed, not adaptive" and net.grouping == "adaptive"
    assert manifest["max_difference_in_a_row"] < 1e-4


def test_a_deformable_convolution_is_onnx_own(tmp_path):
    weight = torch.randn(3, 3, 3, 3)

    def deform(lq):
        offset = 3 * torch.cat(6 * [lq[:, 0]], dim=1)
        out = deform_conv2d(lq[:, 1], offset, weight, padding=1, mask=offset[:, :9].sigmoid())
        return out[:, None]

    manifest = export_network(Named(deform), tmp_path, SIZE, frames=2)
    assert by_part(manifest)["network"]["max_difference"] < 1e-5
    assert b"DeformConv" in (tmp_path / "network.onnx").read_bytes()


def test_a_size_that_tracing_takes_for_a_constant_makes_a_graph_for_one_size(tmp_path):
    manifest = export_network(Named(lambda lq: lq * float(lq.shape[-1])), tmp_path, SIZE)
    graph = by_part(manifest)["network"]
    assert graph["free_axes"] == [] and graph["inputs"]["lq"] == [1, 7, 3, 16, 24]


def branches(lq):
    if lq.mean() > 2:
        return lq
    return 2 * lq


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (
            branches,
            r"on the values of its data \(export/test_export.py:\d+: `if lq.mean\(\) > 2:`\)",
        ),
        (torch.special.i0, r"operator \w+.bessel_i0 does not exist in ONNX"),
        (
            lambda lq: lq + torch.rand(lq.shape),
            "onnxruntime and torch give different results: at 24x16 pix",
        ),
    ],
)
def test_what_cannot_be_exported_says_why(function, reason, tmp_path):
    manifest = export_network(Named(function), tmp_path, SIZE, frames=1)
    assert not manifest["graphs"] and not list(tmp_path.iterdir())
    assert re.search(reason, manifest["not_exported"]["network"])


def test_a_host_s_network_that_cannot_be_exported_leaves_the_parts_of_fca2(tmp_path):
    autoencoder = FrameAutoencoder(mid_channels=4, num_blocks=1, flow_mode=None, trunk_frames=None)
    manifest = export_network(FCA2Net(autoencoder, Named(branches)), tmp_path, SIZE)
    assert list(by_part(manifest)) == ["encoder", "decoder"]
    assert set(manifest["not_exported"]) == {"vsr", "network"}
    assert "max_difference_in_a_row" not in manifest
    with pytest.raises(
        ValueError, match="the cleaning cannot be exported: it branches on the values"
    ):
        export_network(FCA2Net(cleaning=Named(branches)), tmp_path, SIZE)


@pytest.mark.parametrize("frames", [0, 5])
def test_a_wrong_number_of_frames(frames, tmp_path):
    net = FCA2Net(FrameAutoencoder(mid_channels=4, num_blocks=1, flow_mode=None))
    with pytest.raises(
        ValueError, match="frames must be at least 1|works on chunks of 7 frames, but"
    ):
        export_network(net, tmp_path, SIZE, frames)


@pytest.mark.parametrize(
    "config", ["mmagic/tiny/tiny_fca2-cleaning.py", "basicsr/tiny/tiny_fca2-cleaning.yml"]
)
def test_the_command_writes_a_whole_folder_or_none(config, tmp_path, capsys, monkeypatch):
    require_host(config.split("/")[0])
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "onnx"
    command = ["export", "--config", str(CONFIGS / config), "--out", str(out)]
    assert cli.main([*command, "--tolerance", "1e-12"]) == 2
    assert "the cleaning cannot be exported: onnxruntime and torch give" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert cli.main([*command, "--size", "24x16"]) == 0
    printed = capsys.readouterr().out
    assert "cleaning.onnx: difference" in printed and "the weights are random" in printed
    manifest = json.loads((out / MANIFEST).read_text())
    assert sorted(path.name for path in out.iterdir()) == ["cleaning.onnx", MANIFEST]
    assert by_part(manifest)["cleaning"]["free_axes"] == ["batch", "frames", "height", "width"]
    assert cli.main(command) == 2
    assert f"{out} exists; name a folder that does not" in capsys.readouterr().err


@pytest.mark.slow
def test_a_network_that_ships(tmp_path, capsys):
    out = tmp_path / "out"
    command = ["export", "--weights", "small", "--out", str(out), "--size", "16x16"]
    assert cli.main([*command, "--frames", "2"]) == 0
    assert "random" not in capsys.readouterr().out
    manifest = json.loads((out / MANIFEST).read_text())
    assert manifest["weights"] == "small" and manifest["config"] is None
    assert [graph["file"] for graph in manifest["graphs"]] == ["network.onnx"]


def test_wrong_settings(tmp_path, capsys):
    with pytest.raises(ValueError, match="size=4x16 is too small; expected at least 8x8"):
        export_onnx("x.py", None, tmp_path / "out", size=(4, 16))
    for networks in ([], ["--config", "x.py", "--weights", "small"]):
        assert cli.main(["export", *networks, "--out", "o"]) == 2
        assert "expected one network: --config FILE with" in capsys.readouterr().err
    with pytest.raises(ValueError, match="expected one network"):
        export_onnx(None, "x.pth", tmp_path / "out", weights="small")


def test_the_operators_are_known_whatever_was_imported_before():
    run_python(
        "import torch, fca2_plugin.apps.export.graph; torch.ops.torchvision.deform_conv2d.default"
    )
