"""The command, and real networks of both hosts through it."""

import json
import sys
import threading
from pathlib import Path

import pytest
import torch

import fca2_plugin
from fca2_plugin.apps.upscale.files import pair_files
from fca2_plugin.cli import main
from fca2_plugin.inference.bicubic import Bicubic
from fca2_plugin.inference.weights_list import list_weights
from tests.apps.upscale.films import film, packets, times
from tests.conftest import require_host

FAST = ["--speed", "ultrafast"]


def fca2(*arguments):
    return main(["upscale", *map(str, arguments)])


def test_it_says_what_it_made(tmp_path, capsys):
    source = film(tmp_path / "in.mp4", languages=["deu"])
    out = tmp_path / "out.mkv"
    assert fca2(source, out, "--weights", "bicubic", *FAST) == 0
    said = capsys.readouterr().out
    assert "BT.601" in said
    assert "12 frames of 256x192" in said
    assert len(times(out)) == 12


def test_without_a_network_the_one_that_ships_is_taken_and_said(tmp_path, capsys):
    source = film(tmp_path / "in.mp4", 3)
    assert fca2(source, tmp_path / "out.mp4", *FAST) == 0
    said = capsys.readouterr().out
    assert (
        "no network was chosen: the weights small are used, which suit a CPU; you can choose "
        "the networks that ship (--weights NAME): bicubic (x4)" in said
    )
    assert "enhance_stdf (x1)" in said
    assert "3 frames of 256x192" in said


def test_the_help_lists_what_ships(capsys):
    with pytest.raises(SystemExit):
        fca2("--help")
    said = capsys.readouterr().out
    for name, about in list_weights().items():
        assert f"  {name:16} {about}\n" in said


def test_quiet_is_quiet(tmp_path, capsys):
    source = film(tmp_path / "in.mp4", 3)
    assert fca2(source, tmp_path / "out.mp4", "--weights", "bicubic", "--quiet", *FAST) == 0
    assert capsys.readouterr() == ("", "")


def test_json_is_an_object_a_line(tmp_path, capsys):
    source = film(tmp_path / "in.mp4", 6)
    arguments = [source, tmp_path / "out.mp4", "--weights", "bicubic", "--json-lines", *FAST]
    assert fca2(*arguments, "--dry-run") == 0
    assert fca2(*arguments) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    plan = next(line for line in lines if line["event"] == "plan")
    assert plan["network"] == "bicubic, 4 times larger"
    steps = [(x["stage"], x["done"], x["total"]) for x in lines if x["event"] == "progress"]
    assert ("upscale", 6, 6) in steps
    assert steps[-1] == ("join", 6, 6)
    assert all(x["fps"] > 0 for x in lines if x.get("stage") == "upscale")
    assert lines[-1]["event"] == "result"
    assert lines[-1]["num_frames"] == 6


def test_a_dry_run_prints_the_plan_and_writes_nothing(tmp_path, capsys):
    source = film(tmp_path / "in.mp4", 30, cuts=[11], languages=["deu"])
    out = tmp_path / "out.mp4"
    options = ["--chunk", 5, "--tile", 32, "--segment", 10, "--memory-budget", 2]
    assert fca2(source, out, "--weights", "bicubic", "--dry-run", *options) == 0
    said = " ".join(capsys.readouterr().out.split())
    for expected in (
        "30 frames of 64x48 yuv420p, 1.00 s, 30 fps",
        "audio 1 aac deu default",
        "30 frames of 256x192",
        "libx264 yuv420p crf=18",
        "frame 11, 0.37 s",
        "chunks of 5 frames",
        "tiles of 32 pixels, 16 shared",
        "2.0 GiB may be used",
    ):
        assert expected in said
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_names_that_ffmpeg_takes_for_something_else(tmp_path, monkeypatch):
    """What stands before a colon is a protocol to it, and a percent sign a number."""
    monkeypatch.chdir(tmp_path)
    film(tmp_path / "plain.mp4", 2)
    for name, result in (("One: two.mp4", "a:b.mkv"), ("100%d.mp4", "%03d.mp4")):
        (tmp_path / name).write_bytes((tmp_path / "plain.mp4").read_bytes())
        assert fca2(name, result, "--weights", "bicubic", "--quiet", *FAST) == 0
        assert len(times(tmp_path / result)) == 2


def test_several_files_and_folders(tmp_path, capsys):
    folder = tmp_path / "films"
    folder.mkdir()
    film(folder / "a.mp4", 2)
    film(folder / "b.mkv", 2)
    (folder / "notes.txt").write_text("no video")
    other = film(tmp_path / "c.mp4", 2)
    out = tmp_path / "large"
    assert fca2(folder, other, out, "--weights", "bicubic", "--quiet", *FAST) == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.mp4", "b.mkv", "c.mp4"]
    assert pair_files([other], out) == [(other, out / "c.mp4")]
    recorded = tmp_path / "d.avi"  # a container that is not written
    recorded.touch()
    assert pair_files([recorded], out) == [(recorded, out / "d.mkv")]
    for sources, target, message in (
        ([folder], tmp_path / "one.mp4", "one.mp4 is the name of one file; give a folder for 2"),
        ([other, other], out, "two videos have the name c.mp4"),
        ([tmp_path / "large" / "x"], out, "there is no video file"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            pair_files(sources, target)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty contains no video"):
        pair_files([tmp_path / "empty"], out)


def test_mistakes_end_with_one_sentence(tmp_path, capsys):
    source = film(tmp_path / "in.mp4", 2)
    out = tmp_path / "out.mp4"
    for arguments, message in (
        ([source, out, "--config", "c.py"], "error: c.py without a checkpoint has random weights"),
        ([source, out, "--weights", "x"], "error: unknown weights 'x'"),
        (
            [source, out, "--weights", "bicubic", "--encoder-options", "crf"],
            "error: encoder option 'crf' has no value; expected KEY=VALUE",
        ),
    ):
        assert fca2(*arguments) == 2
        said = capsys.readouterr().err
        assert said.startswith(message)
        assert said.count("\n") == 1
    assert not out.exists()


CONFIGS = ["mmagic/tiny/tiny_fca2-basicvsr.py", "basicsr/tiny/tiny_fca2-basicvsr.yml"]
PLAIN = ["mmagic/tiny/tiny_basicvsr.py", "basicsr/tiny/tiny_basicvsr.yml"]
ENHANCERS = ["mmagic/tiny/tiny_tgafnet.py", "basicsr/tiny/tiny_stdf.yml"]


@pytest.mark.parametrize("config", [*CONFIGS, *PLAIN, *ENHANCERS])
def test_a_config_of_either_host_with_its_checkpoint(tmp_path, monkeypatch, config, capsys):
    host = config.split("/")[0]
    require_host(host)
    from fca2_plugin.inference.load import load_network

    path = f"configs/{config}"
    torch.manual_seed(0)
    network = load_network(path, None)
    for parameter in network.parameters():  # some start at zero
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.01)
    checkpoint = tmp_path / "net.pth"
    torch.save({"state_dict" if host == "mmagic" else "params": network.state_dict()}, checkpoint)
    source = film(tmp_path / "in.mp4", 5, (32, 32), languages=["deu"])
    out = tmp_path / "out.mp4"
    given = ["--config", path, "--checkpoint", checkpoint, "--no-cuts", *FAST]
    assert fca2(source, out, *given, "--quiet") == 0
    assert times(out) == times(source)
    assert packets(out, "audio") == packets(source, "audio")
    if config in CONFIGS:
        sizes = ["--chunk", 7, "--tile", 0]  # nothing to measure
        assert fca2(source, tmp_path / "x.mp4", *given, *sizes, "--dry-run") == 0
        assert "5 frames in 1 parts, encoded into 3 codes" in capsys.readouterr().out
    torch.save({"params": {"other": torch.zeros(1)}}, checkpoint)
    assert fca2(source, tmp_path / "x.mp4", *given) == 2
    assert "does not contain the weights of this" in capsys.readouterr().err


def test_few_functions_lie_between_the_command_and_the_network(tmp_path, monkeypatch):
    """Whoever looks for the place where a video meets a network finds it."""
    package = str(Path(fca2_plugin.__file__).parent)
    roads = []

    def ours(frame):
        names = []
        while frame is not None:
            if frame.f_code.co_filename.startswith(package):
                names.append(frame.f_code.co_name)
            frame = frame.f_back
        return names[::-1]

    stream_frames = Bicubic.stream_frames

    def look(network, lq, **wanted):
        stacks = sys._current_frames()
        starter = ours(stacks[threading.main_thread().ident])  # of the network's thread
        roads.append([*starter, *ours(sys._getframe(1))])
        return stream_frames(network, lq, **wanted)

    monkeypatch.setattr(Bicubic, "stream_frames", look)
    source = film(tmp_path / "in.mp4", 3)
    options = ["--tile", "0", "--chunk", "3", "--context", "0"]
    assert fca2(source, tmp_path / "out.mp4", "--weights", "bicubic", *options, *FAST) == 0
    assert roads
    for road in roads:
        assert road[0] == "main" and "upscale" in road and road[-1] == "stream"
        assert len(road) <= 16, road
