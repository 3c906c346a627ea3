"""fca2 evaluate from end to end: results, floors, networks, trees, raw video."""

import hashlib
import json
import math
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
import torch
from rich.console import Console
from torch import nn

from fca2_plugin import cli
from fca2_plugin._files import file_sha256
from fca2_plugin.apps.evaluate import evaluate
from fca2_plugin.apps.scores import evaluation_table
from fca2_plugin.apps.scoring import Scorer
from fca2_plugin.cli import evaluate as command
from fca2_plugin.codec import write_yuv
from fca2_plugin.data import (
    DOWNSAMPLERS,
    bicubic_upsample,
    build_clips,
    demo_clips,
    find_clips,
    read_frames,
    write_frames,
)
from fca2_plugin.geometry import displacement
from fca2_plugin.inference import load as loading
from fca2_plugin.inference.load import Loaded
from fca2_plugin.inference.phase import find_phase
from fca2_plugin.inference.run import to_clip, to_frames
from fca2_plugin.inference.shipped import load_shipped
from fca2_plugin.inference.weights_list import list_shipped
from fca2_plugin.metrics import METRICS, PROTOCOLS, get_protocol, psnr, ssim
from fca2_plugin.nets import FCA2Net
from fca2_plugin.nets.codes import Codes
from fca2_plugin.nets.spec import NetSpec
from fca2_plugin.ops.frame_groups import window_groups
from fca2_plugin.ops.grouping import ChannelGrouping
from fca2_plugin.ops.resize import bicubic_enlarge, displace
from tests.codec.footage import moving_clip
from tests.conftest import require_host


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """Two test clips of 5 frames, 64x96, uncompressed and at two CRFs."""
    root = tmp_path_factory.mktemp("encoded") / "demo"
    return build_clips(demo_clips(1, 2, 5, (64, 96)), root, crfs=(25, 35))


def noisy(frames, seed=0):
    noise = np.random.default_rng(seed).normal(0, 8, frames[0].shape)
    return [np.clip(frame + noise, 0, 255).astype(np.uint8) for frame in frames]


@pytest.fixture
def results(tree, tmp_path):
    for index, clip in enumerate(find_clips(tree / "test" / "gt")):
        write_frames(tmp_path / "sr" / clip.name, noisy(read_frames(clip), index))
    return tmp_path / "sr"


def expected(sr_root, gt_root):
    return {
        gt.name: [
            (psnr(a, b), ssim(a, b)) for a, b in zip(read_frames(sr), read_frames(gt), strict=True)
        ]
        for sr, gt in zip(find_clips(sr_root), find_clips(gt_root), strict=True)
    }


def test_the_command_line_on_folders(tree, results, tmp_path, capsys):
    path, gt = tmp_path / "result.json", tree / "test" / "gt"
    arguments = ["--sr", str(results), "--gt", str(gt), "--protocol", "cvsr-y", "--json", str(path)]
    assert cli.main(["evaluate", *arguments]) == 0
    result = json.loads(path.read_text())
    frames = expected(results, gt)
    assert result["clips"].keys() == frames.keys()
    for name, scores in frames.items():
        clip = result["clips"][name]
        assert clip["num_frames"] == 5 and clip["first_frame"] == clip["identical_frames"] == 0
        assert clip["frames"]["psnr"] == pytest.approx([p for p, _ in scores])
        assert clip["frames"]["ssim"] == pytest.approx([s for _, s in scores])
        assert clip["psnr"] == pytest.approx(fmean(p for p, _ in scores))
    assert result["psnr"] == pytest.approx(fmean(c["psnr"] for c in result["clips"].values()))
    assert result["ssim"] == pytest.approx(fmean(c["ssim"] for c in result["clips"].values()))
    assert (result["kind"], result["schema"], result["conditions"]) == ("evaluate", 1, {})
    assert (result["method"], result["dataset"]) == ("sr", "gt")
    assert (
        result["protocol"]["channel"] == "y" and result["protocol"]["ssim_window"] == "gaussian-11"
    )
    assert result["source"]["sr"] == result["frames_dir"] == str(results)
    assert result["ms_per_frame"] is None
    assert f"{result['psnr']:.2f}" in capsys.readouterr().out
    assert [p.name for p in tmp_path.iterdir()] == ["sr", "result.json"] or len(
        list(tmp_path.iterdir())
    ) == 2


def test_protocols_drop_frames(tree, results):
    clip = find_clips(tree / "test" / "gt")[0]
    result = evaluate(
        sr=results / clip.name, gt=tree / "test" / "gt" / clip.name, protocol="comisr"
    )
    (entry,) = result["clips"].values()
    protocol = get_protocol("comisr")
    middle = protocol.score(noisy(read_frames(clip))[2], read_frames(clip)[2])
    assert entry["frames"]["psnr"] == [middle[0]] and entry["first_frame"] == 2
    assert entry["num_frames"] == 5


def test_every_condition_of_a_tree(tree):
    result = evaluate(data=tree, floor="bicubic", jobs=2)
    assert list(result["conditions"]) == ["raw", "crf25", "crf35"]
    for name, kind in (("raw", "lq"), ("crf35", "lq_crf35")):
        lq, gt = (find_clips(tree / "test" / k) for k in (kind, "gt"))
        scores = [
            fmean(
                psnr(bicubic_upsample(a), b)
                for a, b in zip(read_frames(x), read_frames(y), strict=True)
            )
            for x, y in zip(lq, gt, strict=True)
        ]
        condition = result["conditions"][name]
        assert condition["psnr"] == pytest.approx(fmean(scores))
        assert [clip["psnr"] for clip in condition["clips"].values()] == pytest.approx(scores)
    assert result["psnr"] == pytest.approx(fmean(c["psnr"] for c in result["conditions"].values()))
    first = next(iter(result["clips"]))
    assert result["clips"][first]["psnr"] == pytest.approx(
        fmean(c["clips"][first]["psnr"] for c in result["conditions"].values())
    )
    assert (result["method"], result["dataset"]) == ("bicubic", "demo")
    assert result["source"]["degradation"] == "gaussian" and result["ms_per_frame"] > 0
    psnrs = [c["psnr"] for c in result["conditions"].values()]
    assert psnrs == sorted(psnrs, reverse=True)
    one = evaluate(data=tree, floor="bicubic", conditions=["crf35"])
    assert one["psnr"] == pytest.approx(psnrs[-1])
    assert one["clips"] == one["conditions"]["crf35"]["clips"]
    console = Console(record=True, width=100)
    console.print(evaluation_table(result))
    assert f"{result['psnr']:.2f}" in console.export_text()


def test_saved_frames_are_results_again(tree, tmp_path):
    saved = tmp_path / "out"
    made = evaluate(data=tree, floor="bicubic", save=saved)
    assert made["frames_dir"] == str(saved)
    assert made["conditions"]["crf25"]["frames_dir"] == str(saved / "crf25")
    read = evaluate(data=tree, sr=saved)
    assert read["psnr"] == made["psnr"]
    with pytest.raises(ValueError, match="out is not empty; choose another folder for --save"):
        evaluate(data=tree, floor="bicubic", save=saved)


def test_bicubic_finds_the_scale_of_plain_folders(tree):
    folders = {"lq": tree / "test" / "lq", "gt": tree / "test" / "gt"}
    result = evaluate(**folders, floor="bicubic")
    assert result["psnr"] == evaluate(data=tree, floor="bicubic", conditions=["raw"])["psnr"]
    assert result["source"]["scale"] == 4
    assert evaluate(**folders, floor="bicubic", degradation="duf")["psnr"] < result["psnr"]


def test_identical_frames_are_infinite_as_in_the_hosts(tree, tmp_path):
    clip = find_clips(tree / "test" / "gt")[0]
    frames = read_frames(clip)
    write_frames(tmp_path / clip.name, [*noisy(frames)[:4], frames[4]])
    path = tmp_path / "result.json"
    evaluate(sr=tmp_path / clip.name, gt=tree / "test" / "gt" / clip.name, json_path=path)
    result = json.loads(path.read_text())
    (entry,) = result["clips"].values()
    assert result["psnr"] == entry["psnr"] == entry["frames"]["psnr"][4] == math.inf
    assert entry["identical_frames"] == 1 and entry["ssim"] < 1


def test_the_input_itself(tree, tmp_path):
    gt = find_clips(tree / "test" / "gt")[0]
    write_frames(tmp_path / gt.name, noisy(read_frames(gt)))
    folders = {"lq": tmp_path / gt.name, "gt": tree / "test" / "gt" / gt.name}
    assert (
        evaluate(**folders, floor="none")["psnr"]
        == evaluate(sr=folders["lq"], gt=folders["gt"])["psnr"]
    )
    with pytest.raises(ValueError, match="the LQ is 24x16 and the ground truth 96x64"):
        evaluate(lq=tree / "test" / "lq", gt=tree / "test" / "gt", floor="none")
    with pytest.raises(ValueError, match="is 4 times smaller than its .* use --method bicubic"):
        evaluate(data=tree, floor="none")


def test_more_metrics(tree, results):
    result = evaluate(sr=results, gt=tree / "test" / "gt", metrics=["psnr", "tof", "warp"])
    for clip in result["clips"].values():
        assert len(clip["frames"]["tof"]) == len(clip["frames"]["warp_dis"]) == 4
        assert clip["tof"] == pytest.approx(fmean(clip["frames"]["tof"]))
    assert result["warp_dis"] > 0


def test_mfqe_reports_gains(tmp_path):
    gt = [frame[..., 1] for frame in moving_clip(3, 48, 64)]
    lq = [np.clip(p.astype(int) + 9 * (-1) ** i, 0, 255).astype(np.uint8) for i, p in enumerate(gt)]
    sr = [np.clip(p.astype(int) + 3, 0, 255).astype(np.uint8) for p in gt]
    for kind, planes in (("gt", gt), ("lq", lq), ("sr", sr)):
        (tmp_path / kind).mkdir()
        write_yuv(tmp_path / kind, "Walk", planes)
    folders = {kind: tmp_path / kind for kind in ("gt", "lq", "sr")}
    result = evaluate(**folders, protocol="mfqe")
    gains = [psnr_of(a, c) - psnr_of(b, c) for a, b, c in zip(sr, lq, gt, strict=True)]
    assert result["clips"]["Walk"]["frames"]["delta_psnr"] == pytest.approx(gains)
    assert result["delta_psnr"] == pytest.approx(result["psnr"] - result["psnr_input"])
    assert result["delta_ssim_1e4"] == pytest.approx(1e4 * (result["ssim"] - result["ssim_input"]))
    assert "delta_psnr" not in evaluate(sr=folders["sr"], gt=folders["gt"], protocol="mfqe")
    with pytest.raises(ValueError, match="Walk, frame 0: the input equals the ground truth"):
        evaluate(gt=folders["gt"], lq=folders["gt"], sr=folders["sr"], protocol="mfqe")
    with pytest.raises(ValueError, match="cvsr-y compares RGB frames or videos, but Walk contains"):
        evaluate(**folders)
    with pytest.raises(ValueError, match="mfqe compares luma, but the metrics tof, warp needs RGB"):
        evaluate(**folders, protocol="mfqe", metrics=["warp", "tof"])


def psnr_of(a, b):
    return 10 * math.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


class Nearest(nn.Module):
    def forward(self, clip):
        return clip.repeat_interleave(4, -1).repeat_interleave(4, -2)


def stand_in(monkeypatch, network):
    def load(config, checkpoint, phase=None, fca2=None):
        name, sha256 = Path(config).stem, file_sha256(Path(checkpoint))
        return Loaded(network, name, find_phase(network, phase), sha256)

    monkeypatch.setattr(loading, "load_config_network", load)


@pytest.fixture
def nearest(tmp_path, monkeypatch):
    """A config and checkpoint that stand for a network; loading them is the hosts' tests' part."""
    stand_in(monkeypatch, Nearest())
    checkpoint = tmp_path / "nearest.pth"
    checkpoint.write_bytes(b"weights")
    return {"config": "nearest.py", "checkpoint": checkpoint}


def test_a_network(tree, nearest):
    result = evaluate(data=tree, conditions=["raw"], chunk=2, **nearest)
    gt, lq = (read_frames(find_clips(tree / "test" / k)[0]) for k in ("gt", "lq"))
    ours = next(iter(result["clips"].values()))
    assert ours["psnr"] == pytest.approx(
        fmean(psnr(x.repeat(4, 0).repeat(4, 1), y) for x, y in zip(lq, gt, strict=True))
    )
    assert result["method"] == "nearest" and result["ms_per_frame"] > 0
    sha256 = hashlib.sha256(nearest["checkpoint"].read_bytes()).hexdigest()
    assert result["source"]["checkpoint_sha256"] == sha256
    assert (result["source"]["chunk"], result["source"]["context"]) == (2, 0)
    assert result["params"] == 0 and result["device"].startswith("c")


class Cubic(nn.Module):
    """Bicubic as a network that was trained on one phase."""

    def __init__(self, phase):
        super().__init__()
        self.spec = NetSpec(scale=4)
        self.phase = phase

    def forward(self, clip):
        return bicubic_enlarge(clip.flatten(0, 1), 4, self.phase).unflatten(0, clip.shape[:2])


def test_a_network_of_another_phase_is_found_out_and_aligned(tree, nearest, monkeypatch, capsys):
    ways = {"data": tree, "conditions": ["raw"], **nearest}
    stand_in(monkeypatch, Cubic("centred"))
    right = evaluate(**ways)
    assert [note[:12] for note in right["notes"]] == ["the position"]  # and nothing to move
    stand_in(monkeypatch, Cubic("first"))
    beside = evaluate(**ways)
    assert right["psnr"] - beside["psnr"] > 1
    assert "moved by +1.5 pixels" in beside["notes"][1] and "would gain" in beside["notes"][1]
    aligned = evaluate(**ways, phase="first")
    assert aligned["notes"] == [
        "nearest was trained on LQ pixels that are 'first' in their blocks, but here they are "
        "'centred'; its results are moved by +1.5 pixels so that they fit."
    ]
    assert aligned["psnr"] == pytest.approx(right["psnr"], abs=0.2)
    assert aligned["source"]["phase"] == "first"
    files = ["--config", "nearest.py", "--checkpoint", str(nearest["checkpoint"])]
    line = ["evaluate", "--data", str(tree), "--conditions", "raw", *files, "--phase"]
    assert cli.main([*line, "first"]) == 0 and "note: nearest was tr" in capsys.readouterr().out
    assert cli.main([*line, "frist"]) == 2
    assert "unknown phase 'frist'" in capsys.readouterr().err


def test_a_network_that_ships(tree, capsys, tmp_path):
    path = tmp_path / "small.json"
    arguments = ["--data", str(tree), "--conditions", "raw", "--device", "cpu", "--json", str(path)]
    assert cli.main(["evaluate", "--weights", "small", *arguments]) == 0
    result = json.loads(path.read_text())
    net, clip = load_shipped("small"), find_clips(tree / "test" / "lq")[0]
    with torch.inference_mode():
        sr = net(to_clip(read_frames(clip), "cpu"))
        moved = -displacement(net.spec.phase, "centred", 4)
        frames = to_frames(displace(sr, moved))
    gt = read_frames(find_clips(tree / "test" / "gt")[0])
    assert next(iter(result["clips"].values()))["psnr"] == pytest.approx(
        fmean(psnr(a, b) for a, b in zip(frames, gt, strict=True)), abs=1e-3
    )
    assert (result["method"], result["source"]["weights"]) == ("small", "small")
    assert result["source"]["checkpoint_sha256"] == list_shipped()["small"].sha256
    with pytest.raises(ValueError, match="enhance_stdf enlarges x1, but the LQ is 4 times smaller"):
        evaluate(data=tree, weights="enhance_stdf")
    with pytest.raises(ValueError, match="unknown weights 'smal' .did you mean 'small'"):
        evaluate(data=tree, weights="smal")
    with pytest.raises(ValueError, match="give one of --sr, .* --weights, and --method"):
        evaluate(data=tree, weights="small", floor="bicubic")


def test_a_killed_run_goes_on(tree, nearest, tmp_path, monkeypatch):
    path, seen = tmp_path / "result.json", []
    whole = evaluate(data=tree, **nearest)
    call = Scorer.__call__

    def killed(self, pair, tick=None):
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(pair.label)
        return call(self, pair, tick)

    monkeypatch.setattr(Scorer, "__call__", killed)
    with pytest.raises(KeyboardInterrupt):
        evaluate(data=tree, json_path=path, save=tmp_path / "out", **nearest)
    assert not path.exists() and len(seen) == 3
    counted = []
    monkeypatch.setattr(
        Scorer, "__call__", lambda s, p, t=None: seen.append(p.label) or call(s, p, t)
    )
    resumed = evaluate(
        data=tree,
        json_path=path,
        save=tmp_path / "out",
        progress=lambda done, total, clip: counted.append((done, total)),
        **nearest,
    )
    assert len(seen) == len(set(seen)) == 6  # none twice
    assert counted[0] == (15, 30) and counted[-1] == (30, 30)
    assert resumed["psnr"] == whole["psnr"]
    assert not list(tmp_path.glob(".*"))


def test_other_weights_begin_anew(tree, nearest, tmp_path):
    settings = {"data": tree, "json_path": tmp_path / "result.json", **nearest}
    evaluate(**settings)
    measured = (tmp_path / "result.json").read_text()
    (tmp_path / ".result.json.partial").write_text(
        json.dumps(
            {"settings": json.loads(measured)["source"], "clips": {"raw a": "of another run"}}
        )
    )
    evaluate(**settings)
    assert (
        json.loads((tmp_path / "result.json").read_text())["psnr"] == json.loads(measured)["psnr"]
    )
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
@pytest.mark.mmagic
def test_a_checkpoint_against_mmagics_test_loop_and_metrics(tree, tmp_path, monkeypatch):
    require_host("mmagic")
    from fca2_plugin.compat import prepare_mmagic

    prepare_mmagic()
    from mmagic.evaluation.metrics import psnr as host_psnr
    from mmagic.evaluation.metrics import ssim as host_ssim
    from mmagic.registry import MODELS
    from mmengine.registry import init_default_scope

    from fca2_plugin.mmagic import runner
    from tests.mmagic import runs

    monkeypatch.chdir(tmp_path)
    settings = runs.options(tree) | {
        "val_dataloader.dataset.data_prefix": {"img": "test/lq_crf35", "gt": "test/gt"}
    }
    settings["val_dataloader.dataset.num_input_frames"] = 5
    settings["val_evaluator.metrics"] = [
        {"type": kind, "convert_to": "Y"} for kind in ("PSNR", "SSIM")
    ]
    cfg = runs.load(tmp_path, "tiny", runs.wrapped(), settings)
    cfg.test_dataloader, cfg.test_evaluator = cfg.val_dataloader, cfg.val_evaluator
    cfg.dump(tmp_path / "flat.py")
    torch.manual_seed(0)
    init_default_scope("mmagic")  # an earlier test may have left another one
    torch.save({"state_dict": MODELS.build(cfg.model).state_dict()}, tmp_path / "net.pth")
    theirs = runner.test(cfg, tmp_path / "net.pth")
    assert (
        cli.main(
            ["evaluate", "--config", "flat.py", "--checkpoint", "net.pth", "--json", "ours.json"]
            + ["--save", "out"]
            + ["--lq", str(tree / "test" / "lq_crf35"), "--gt", str(tree / "test" / "gt")]
        )
        == 0
    )
    ours = json.loads((tmp_path / "ours.json").read_text())
    # the loop compares what the network returned, before it is rounded to a picture
    psnr_key, ssim_key = (next(k for k in theirs if k.endswith(m)) for m in ("PSNR", "SSIM"))
    assert ours["psnr"] == pytest.approx(theirs[psnr_key], abs=1e-2)
    assert ours["ssim"] == pytest.approx(theirs[ssim_key], abs=1e-3)
    pictures = list(
        zip(find_clips(tmp_path / "out"), find_clips(tree / "test" / "gt"), strict=True)
    )
    for name, measure, tolerance in (("psnr", host_psnr, 1e-4), ("ssim", host_ssim, 1e-5)):
        for sr, gt in pictures:
            values = [
                measure(a, b, convert_to="Y", channel_order="rgb")
                for a, b in zip(read_frames(sr), read_frames(gt), strict=True)
            ]
            assert ours["clips"][gt.name]["frames"][name] == pytest.approx(values, abs=tolerance)


@pytest.mark.basicsr
def test_a_checkpoint_gets_what_basicsrs_test_loop_gives_it(tree, tmp_path, monkeypatch):
    require_host("basicsr")
    from fca2_plugin.basicsr import runner
    from tests.basicsr import runs

    monkeypatch.chdir(tmp_path)
    y = {"crop_border": 0, "test_y_channel": True}
    metrics = {name: {"type": f"calculate_{name}", **y} for name in ("psnr", "ssim")}
    cfg = runs.load(tmp_path, runs.options(tree, val__metrics=metrics))
    torch.manual_seed(0)
    network = runner.build_network(cfg["network_g"])
    torch.save({"params": network.state_dict()}, tmp_path / "net.pth")
    theirs = runner.test(cfg, tmp_path / "net.pth")
    ours = evaluate(
        config=tmp_path / "run.yml",
        checkpoint=tmp_path / "net.pth",
        lq=tree / "test" / "lq_crf25",
        gt=tree / "test" / "gt",
    )
    assert ours["psnr"] == pytest.approx(theirs["Vid4/psnr"], abs=1e-4)
    assert ours["ssim"] == pytest.approx(theirs["Vid4/ssim"], abs=1e-5)


def test_the_help_names_what_there_is():
    assert command.METRICS == METRICS
    assert command.PROTOCOLS == tuple(PROTOCOLS)
    assert command.DEGRADATIONS == tuple(DOWNSAMPLERS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "choose what to measure"),
        ({"sr": "a", "floor": "bicubic"}, "choose what to measure"),
        ({"sr": "a"}, "give the ground truth with --gt, or a tree"),
        ({"sr": "a", "gt": "b", "data": "c"}, "give the ground truth with --gt, or a tree"),
        ({"sr": "a", "data": "c", "lq": "d"}, "--data contains its own LQ"),
        ({"sr": "a", "gt": "b", "split": "test"}, "choose parts of --data; add"),
        ({"floor": "bicubic", "gt": "b"}, "needs input frames; add --lq"),
        ({"floor": "bicubik", "gt": "b"}, "unknown method 'bicubik' .did you mean 'bicubic'"),
        ({"sr": "a", "gt": "b", "save": "c"}, "--save stores the frames that a network"),
        ({"sr": "a", "gt": "b", "protocol": "rbg"}, "unknown protocol 'rbg'"),
        ({"sr": "a", "gt": "b", "metrics": ["pnsr"]}, "unknown metric 'pnsr'"),
        (
            {"floor": "bicubic", "gt": "b", "lq": "c", "degradation": "comsir"},
            "unknown degradation",
        ),
    ],
)
def test_arguments_that_do_not_go_together(arguments, message):
    with pytest.raises(ValueError, match=message):
        evaluate(**arguments)


def test_wrong_input(tree, results, tmp_path):
    gt = tree / "test" / "gt"
    with pytest.raises(FileNotFoundError, match="there is no folder or video absent"):
        evaluate(sr="absent", gt=gt)
    with pytest.raises(ValueError, match="is a folder; expected the name of a file to write"):
        evaluate(sr=results, gt=gt, json_path=tmp_path)
    with pytest.raises(ValueError, match="unknown condition 'crf26' .did you mean 'crf25'"):
        evaluate(data=tree, floor="bicubic", conditions=["crf26"])
    with pytest.raises(ValueError, match="jobs must be at least 1, got 0"):
        evaluate(data=tree, floor="bicubic", jobs=0)
    short = tmp_path / "short"
    write_frames(short / "a", moving_clip(4, 64, 64))
    with pytest.raises(ValueError, match="a has 4 frames, but the protocol comisr leaves out 2 at"):
        evaluate(sr=short, gt=short, protocol="comisr")


def test_a_frame_that_cannot_be_compared_is_named(tmp_path):
    write_frames(tmp_path / "clip", moving_clip(6, 40, 64))
    with pytest.raises(ValueError, match="clip, frame 2: the crop .* needs at least 48x48 pixels"):
        evaluate(sr=tmp_path / "clip", gt=tmp_path / "clip", protocol="comisr")


class Brighter(nn.Module):
    """An autoencoder that brightens."""

    grouping = ChannelGrouping(9, 3)
    min_frames = 3
    takes_groups = True
    phase = None

    def num_codes(self, num_frames):
        return 3 * num_frames // 7

    def encode(self, x, groups=None):
        self.groups = groups
        return Codes(x, None)

    def decode(self, codes):
        return codes.images + 0.1


@pytest.fixture
def brighter(tmp_path, monkeypatch):
    network = FCA2Net(autoencoder=Brighter(), grouping="adaptive")
    stand_in(monkeypatch, network)
    checkpoint = tmp_path / "net.pth"
    checkpoint.touch()
    frames = [frame // 2 for frame in moving_clip(8, 32, 48)]  # so that nothing clips
    frames[5:] = [127 - frame for frame in frames[5:]]  # a cut
    write_frames(tmp_path / "lq" / "walk", frames)
    lq = tmp_path / "lq"
    return {"gt": lq, "lq": lq, "config": "b.py", "checkpoint": checkpoint, "protocol": "rgb"}


def test_an_autoencoder_with_its_inputs_statistics_and_without(brighter):
    with_them = evaluate(**brighter)
    without = evaluate(**brighter, color_correction="none")
    assert with_them["psnr"] > 60 and "color_correction" not in with_them["source"]
    assert without["psnr"] == pytest.approx(20 * math.log10(255 / 25.5), abs=0.3)
    assert without["source"]["color_correction"] == "none"


def test_adaptive_groups_stand_in_the_result(brighter):
    plans = evaluate(**brighter)["clips"]["walk"]["plans"]
    assert [plan["first_frame"] for plan in plans] == [0] and plans[0]["cuts"] == [5]
    assert sum(plans[0]["sizes"]) == 8
    runs = evaluate(**brighter, chunk=7, context=0)["clips"]["walk"]["plans"]
    assert [plan["first_frame"] for plan in runs] == [0, 7]


@pytest.mark.parametrize("chunk", [None, 10])
def test_key_frames_follow_the_types_in_the_manifest(tree, tmp_path, monkeypatch, chunk):
    """The network gets the plan of the whole clip, also in pieces of it."""
    network = FCA2Net(autoencoder=Brighter(), join_codes=True, color_correction=None)
    stand_in(monkeypatch, network)
    (tmp_path / "net.pth").touch()
    asked = []
    plan = network.plan_ahead
    monkeypatch.setattr(network, "plan_ahead", lambda *a: asked.append(a) or plan(*a))
    data = tmp_path / "set"
    for kind in ("gt", "lq_crf25"):
        write_frames(data / kind / "walk", moving_clip(14, 32, 48))
    types = "IBBBPBBBPBBBPP"
    clip = {"split": "", "name": "walk", "types": {"lq_crf25": types}}
    manifest = {"arguments": {"scale": 1, "degradation": "gaussian"}, "clips": [clip]}
    (data / "manifest.json").write_text(json.dumps(manifest))
    settings = {"config": "b.py", "checkpoint": tmp_path / "net.pth", "protocol": "rgb"}
    evaluate(data=data, **settings, chunk=chunk, context=chunk and 2)
    assert asked == [(14, types)]
    groups = plan(14, types)
    first = 0 if chunk is None else 10  # of the last window, with two frames of context
    assert network.autoencoder.groups == window_groups(groups, first, 14)


def test_another_colour_correction_needs_one(tree, nearest, brighter):
    with pytest.raises(ValueError, match="unknown color_correction 'frames' .did you mean 'frame'"):
        evaluate(**brighter, color_correction="frames")
    with pytest.raises(ValueError, match="changes how a network works; add --config with"):
        evaluate(gt="a", sr="b", color_correction="none")


def test_a_network_without_colour_correction(tree, nearest):
    with pytest.raises(ValueError, match="needs FCA² with its autoencoder, but nearest.py builds"):
        evaluate(data=tree, **nearest, color_correction="none")
