"""The bound by true codes, and sweeps over groups."""

import json

import numpy as np
import pytest
from rich.console import Console

from fca2_plugin.apps.benchmark import Choice, Setting, bound, command, run, sweep
from fca2_plugin.apps.benchmark.bound import bound_pairs, bound_psnr
from fca2_plugin.apps.benchmark.command import benchmark_command
from fca2_plugin.apps.report import write_results
from fca2_plugin.data import build_clips, demo_clips, find_clips, read_frames
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.metrics import psnr
from fca2_plugin.nets import CompactVSRNet, FCA2Net
from fca2_plugin.nets.build import build_parts

QUIET = Console(quiet=True)
SMALL = Setting(frames=7, size=(16, 12), repeats=1, inference=InferenceSettings("cpu"))


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


def test_a_sweep_over_groups(tree, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "SWEEPS", {"groups": ((9, 3), (21, 0))})
    built = []

    def build_pair(choice):
        built.append((choice.n_subs, choice.n_ovls))
        wrapped = build(n_subs=choice.n_subs, n_ovls=choice.n_ovls)
        return {"baseline": FCA2Net(vsr=wrapped.vsr), "wrapped": wrapped}

    for module in (command, sweep, run):
        monkeypatch.setattr(module, "build_pair", build_pair)
    path, console = tmp_path / "g.json", Console(record=True, width=120)
    arguments = {"sweep": "groups", "json_path": path, "peak_memory": False}
    result = benchmark_command(
        Choice(), SMALL, **arguments, data=tree, plot_dir=tmp_path / "plots", console=console
    )
    assert built == [(9, 3), (21, 0)]
    assert [(p["n_subs"], p["n_ovls"], p["codes"]) for p in result["points"]] == [
        (9, 3, 3),
        (21, 0, 1),
    ]
    assert [set(p["bound_psnr"]) for p in result["points"]] == 2 * [{"raw", "crf35"}]
    assert result["points"][1]["mac_ratio"] < result["points"][0]["mac_ratio"]
    said = console.export_text()
    assert "wrapped 21/0" in said and "true codes" in said and "raw" in said
    assert (tmp_path / "plots" / "groups_tradeoff.png").stat().st_size > 1000
    again = benchmark_command(Choice(), SMALL, **arguments, data=tree, console=QUIET)
    assert again == json.loads(path.read_text()) and len(built) == 2
    with pytest.raises(ValueError, match="does not belong to this sweep"):
        benchmark_command(Choice(), SMALL, **arguments, console=QUIET)
    page, _ = write_results([path], tmp_path / "report")
    assert "Over groups" in page.read_text()


def test_data_is_for_groups(tree, tmp_path):
    with pytest.raises(
        ValueError, match="--data is used by --sweep groups only; give both, or leave --data out"
    ):
        benchmark_command(Choice(), SMALL, data=tree, console=QUIET)
    with pytest.raises(FileNotFoundError):
        benchmark_command(
            Choice(), SMALL, sweep="groups", json_path=tmp_path / "g", data=tmp_path / "x"
        )
    assert bound._FRAMES % 7 == 0
