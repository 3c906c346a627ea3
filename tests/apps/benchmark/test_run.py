"""``fca2 benchmark``: what comes back, sweeps that go on, real networks, bad input."""

import json
import subprocess

import pytest
from rich.console import Console

from fca2_plugin.apps import benchmark
from fca2_plugin.apps.benchmark import Choice, Setting, run, sweep
from fca2_plugin.apps.benchmark.command import benchmark_command
from fca2_plugin.inference.settings import InferenceSettings
from fca2_plugin.nets import CleaningNet, FCA2Net, FrameAutoencoder
from tests.nets.toys import ToyVSR

QUIET = Console(quiet=True)
SMALL = Setting(
    frames=3, size=(16, 12), repeats=1, inference=InferenceSettings("cpu"), memory=False
)


@pytest.fixture
def pair(monkeypatch):
    """Toy networks in place of a host's."""
    vsr = ToyVSR(4)
    autoencoder = FrameAutoencoder(mid_channels=4, num_blocks=1, flow_mode=None, trunk_frames=None)
    cleaning = CleaningNet(mid_channels=4, num_blocks=1, num_passes=2)
    pair = {
        "baseline": FCA2Net(vsr=vsr),
        "wrapped": FCA2Net(autoencoder=autoencoder, vsr=vsr, cleaning=cleaning),
    }
    for module in (sweep, run):
        monkeypatch.setattr(module, "build_pair", lambda choice: pair)
    return pair


def test_what_comes_back(pair, tmp_path):
    path = tmp_path / "new" / "b.json"
    result = benchmark_command(Choice(), SMALL, json_path=path, console=QUIET)
    assert json.loads(path.read_text()) == result
    assert (result["kind"], result["schema"]) == ("benchmark", 2)
    assert result["shape"] == [1, 3, 3, 12, 16] and result["size"] == [16, 12]
    assert (result["n_subs"], result["n_ovls"], result["num_passes"]) == (9, 3, 2)
    for name in ("baseline", "wrapped"):
        values = result[name]
        assert values["ms_per_frame"] > 0 and values["iqr_ms_per_frame"] == 0
        assert values["params"] == sum(p.numel() for p in pair[name].parameters())
        assert values["peak_mib"] is None
    times = [result[name]["ms_per_frame"] for name in ("baseline", "wrapped")]
    assert result["speed_ratio"] == pytest.approx(times[0] / times[1])
    assert result["host"] == "mmagic" and result["preset"] == "released"


def test_a_table_for_the_terminal(pair):
    console = Console(record=True, width=100)
    benchmark_command(Choice(), SMALL, console=console)
    text = console.export_text()
    assert "3 of 16×12" in text and "ToyVSR" in text and "1.00×" in text
    assert "wrapped, vsr" in text and "baseline, all" in text


def test_commit_is_what_git_says():
    root = run.Path(run.__file__).parents[3]
    head = subprocess.run(
        ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    assert (run.commit() or "").removesuffix("-dirty") == head


def test_a_sweep_goes_on_where_it_was_killed(pair, tmp_path, monkeypatch):
    monkeypatch.setattr(sweep, "SWEEPS", {"frames": (1, 2, 4), "size": (8, 16)})
    path = tmp_path / "sweep.json"
    timed = []

    def killed_at_two(choice, setting, **kwargs):
        timed.append(setting.frames)
        if timed == [1, 2]:
            raise KeyboardInterrupt
        return run.run_benchmark(choice, setting, **kwargs)

    monkeypatch.setattr(sweep, "run_benchmark", killed_at_two)
    arguments = {"sweep": "frames", "json_path": path, "console": QUIET}
    with pytest.raises(KeyboardInterrupt):
        benchmark_command(Choice(), SMALL, **arguments)
    assert [p["frames"] for p in json.loads(path.read_text())["points"]] == [1]
    result = benchmark_command(Choice(), SMALL, **arguments)
    assert timed == [1, 2, 2, 4]
    assert [p["frames"] for p in result["points"]] == [1, 2, 4]
    assert json.loads(path.read_text()) == result
    assert benchmark_command(Choice(), SMALL, **arguments) == result and len(timed) == 4

    with pytest.raises(ValueError, match=r"sweep.json does not belong to this sweep"):
        benchmark_command(Choice(n_subs=6), SMALL, **arguments)
    with pytest.raises(ValueError, match="does not belong to this sweep"):
        benchmark_command(Choice(), SMALL, **{**arguments, "sweep": "size"})


def test_a_sweep_over_sizes_is_square_and_drawn(pair, tmp_path, monkeypatch):
    monkeypatch.setattr(sweep, "SWEEPS", {"size": (8, 16)})
    result = benchmark_command(
        Choice(),
        SMALL,
        sweep="size",
        json_path=tmp_path / "s.json",
        plot_dir=tmp_path / "plots",
        console=QUIET,
    )
    assert [p["shape"][-2:] for p in result["points"]] == [[8, 8], [16, 16]]
    plots = sorted(path.name for path in (tmp_path / "plots").iterdir())
    assert plots == ["size_memory.png", "size_time.png"]


def test_the_paper_s_sweeps():
    assert benchmark.SWEEPS["frames"] == (10, 50, 100, 200)
    assert benchmark.SWEEPS["size"][0] == 64 and benchmark.SWEEPS["size"][-1] == 224


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"frames": 0}, "frames must be at least 1, got 0"),
        ({"repeats": 0}, "repeats must be at least 1, got 0"),
        ({"inference": InferenceSettings("cqu")}, "device 'cqu' cannot be used here"),
    ],
)
def test_a_bad_setting(setting, message):
    with pytest.raises(ValueError, match=message):
        Setting(**setting)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sweep": "frames"}, "add --json FILE"),
        ({"plot_dir": "x"}, "--plot draws the points of a sweep"),
        ({"sweep": "frame", "json_path": "x.json"}, "unknown sweep 'frame' .did you mean 'frames'"),
        ({"json_path": "."}, "is a folder; expected the name of a file"),
        ({"json_path": "file/b.json"}, r"file/b.json cannot be written \(.+\); choose a folder"),
    ],
)
def test_options_that_do_not_go_together(pair, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    paths = {k: run.Path(v) if k != "sweep" else v for k, v in arguments.items()}
    with pytest.raises(ValueError, match=message):
        benchmark_command(Choice(), SMALL, console=QUIET, **paths)
