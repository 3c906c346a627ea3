"""The bound by true codes, and sweeps over groups."""

import json
import sys

import numpy as np
import pytest
from rich.console import Console

from fca2_plugin.apps.benchmark import Choice, Setting, sweep
from fca2_plugin.apps.benchmark.command import benchmark_command
from fca2_plugin.apps.report import write_results
from fca2_plugin.data import build_clips, demo_clips, find_clips, read_frames
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.metrics import psnr
from fca2_plugin.nets import CompactVSRNet, FCA2Net
from fca2_plugin.nets.build import build_parts
from tools import groups_bound
from tools.groups_bound import bound_pairs, bound_psnr

QUIET = Console(quiet=True)
SMALL = Setting(
    frames=7, size=(16, 12), repeats=1, inference=InferenceSettings("cpu"), memory=False
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("encoded") / "demo"
    return build_clips(demo_clips(1, 1, 9, (64, 96)), root, crfs=(35,))


def build(preset: str = "tiny_fast", **grouping) -> FCA2Net:
    parts = build_parts("joint", preset, grouping)
    return FCA2Net(vsr=CompactVSRNet(mid_channels=4, num_blocks=1), **parts)


def test_fewer_codes_and_more_coding_lower_the_bound(tree):
    pairs = bound_pairs(tree)
    assert set(pairs) == {"raw", "crf35"}
    few, many = build(n_subs=21, n_ovls=0), build(n_subs=9, n_ovls=6)
    assert bound_psnr(few, pairs["raw"]) < bound_psnr(many, pairs["raw"])
    assert bound_psnr(many, pairs["crf35"]) < bound_psnr(many, pairs["raw"])


def test_the_bound_is_of_frames_between_key_frames(tree, monkeypatch):
    """With a decoder that paints black, it is the PSNR of black there."""
    net = build()
    monkeypatch.setattr(net.autoencoder, "decode", lambda codes: 0 * codes.images[:, [0] * 7])
    (pair,) = bound_pairs(tree)["raw"]
    (gt,) = find_clips(tree / "test" / "gt")
    keys = {group.key for group in net.plan_ahead(7)}
    frames = [read_frames(gt)[f] for f in range(7) if f not in keys]
    expected = np.mean([psnr(np.zeros_like(frame), frame) for frame in frames])
    assert bound_psnr(net, [pair]) == pytest.approx(expected)


def test_no_bound(tree, monkeypatch):
    pairs = bound_pairs(tree)["raw"]
    assert bound_psnr(build("tiny"), pairs) is None
    net = build()
    net.chunk_frames = 10
    assert bound_psnr(net, pairs) is None  # no clip holds a chunk


def test_a_sweep_gets_its_bounds(tree, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sweep, "SWEEPS", {"groups": ((9, 3), (21, 0))})
    built = []

    def build_pair(choice):
        built.append((choice.n_subs, choice.n_ovls))
        wrapped = build(n_subs=choice.n_subs, n_ovls=choice.n_ovls)
        return {"baseline": FCA2Net(vsr=wrapped.vsr), "wrapped": wrapped}

    for module in (groups_bound, sweep):
        monkeypatch.setattr(module, "build_pair", build_pair)
    path, console = tmp_path / "g.json", Console(record=True, width=120)
    arguments = {"sweep": "groups", "json_path": path}
    plots = tmp_path / "plots"
    result = benchmark_command(Choice(), SMALL, **arguments, plot_dir=plots, console=console)
    assert built == [(9, 3), (21, 0)]
    assert [(p["n_subs"], p["n_ovls"], p["codes"]) for p in result["points"]] == [
        (9, 3, 3),
        (21, 0, 1),
    ]
    assert result["points"][1]["mac_ratio"] < result["points"][0]["mac_ratio"]
    assert "21/0" in console.export_text()
    assert (plots / "groups_tradeoff.png").stat().st_size > 1000

    monkeypatch.setattr(sys, "argv", ["groups_bound.py", str(path), str(tree)])
    assert groups_bound.main() == 0
    assert "21/0: frames between key frames, from true codes: " in capsys.readouterr().out
    bounds = [point["bound_psnr"] for point in json.loads(path.read_text())["points"]]
    assert [set(bound) for bound in bounds] == 2 * [{"raw", "crf35"}]
    assert bounds[1]["raw"] < bounds[0]["raw"] and len(built) == 4
    benchmark_command(Choice(), SMALL, **arguments, console=QUIET)
    assert [p["bound_psnr"] for p in json.loads(path.read_text())["points"]] == bounds
    page, _ = write_results([path], tmp_path / "report")
    assert "Over groups" in page.read_text()


def test_bounds_are_for_groups(tree, tmp_path):
    (tmp_path / "s.json").write_text('{"sweep": "size"}')
    with pytest.raises(ValueError, match="s.json has no groups; expected a file of fca2 bench"):
        groups_bound.add_bounds(tmp_path / "s.json", tree)
