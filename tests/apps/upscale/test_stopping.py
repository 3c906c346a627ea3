"""Ctrl-C and SIGTERM end at once, also in the middle of a chunk, with one line."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fca2_plugin.apps.upscale import UpscaleOptions, upscale
from fca2_plugin.apps.upscale.pulse import Pulse
from fca2_plugin.apps.upscale.work import WorkFolder
from fca2_plugin.inference.runner import ClipRunner
from tests.apps.upscale.films import Enlarge, film

SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from torch import nn
from fca2_plugin.cli import main
from fca2_plugin.apps.upscale import run
from fca2_plugin.inference.runner import ClipRunner
from tests.apps.upscale.films import Enlarge

class Layer(nn.Module):
    def forward(self, lq):
        if lq.shape[1] == 8:
            print("in a chunk", flush=True)
            time.sleep(0.2)
        return lq

class Slow(Enlarge):
    def __init__(self):
        super().__init__(2)
        self.layers = nn.Sequential(*[Layer() for _ in range(600)])
    def forward(self, lq):
        return super().forward(self.layers(lq))

run.load_runner = lambda *arguments, **options: ClipRunner(Slow(), "slow")
sys.exit(main(["upscale", *sys.argv[1:]]))
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_the_middle_of_a_chunk(tmp_path, sent):
    source, out = film(tmp_path / "in.mp4", 11), tmp_path / "out.mp4"
    options = ["--no-cuts", "--tile", "0", "--chunk", "8", "--context", "0", "--segment", "8"]
    job = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SLOW, str(source), str(out), *options, "--quiet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert job.stdout.readline() == "in a chunk\n"
    begun = time.monotonic()
    job.send_signal(sent)
    _, said = job.communicate(timeout=110)
    assert time.monotonic() - begun < 90  # the chunk takes two minutes
    assert job.returncode == 130
    assert said == f"interrupted: {out}: no part was finished yet\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4"]


class Interrupted(Enlarge):
    def __init__(self, calls):
        super().__init__(2)
        self.calls = calls

    def forward(self, lq):
        if lq.shape[-2] == 48:
            self.calls -= 1
            if not self.calls:
                raise KeyboardInterrupt
        return super().forward(lq)


def test_what_is_finished_is_said(tmp_path):
    source, out = film(tmp_path / "in.mp4", 8), tmp_path / "out.mp4"
    options = UpscaleOptions(cuts=False, segment=2, chunk=2, context=0, tile=0)
    with pytest.raises(KeyboardInterrupt, match="the finished parts are kept, and --resume con"):
        upscale(source, out, network=Interrupted(4), options=options)
    assert WorkFolder(out).has_segments()


def test_progress_inside_a_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr("fca2_plugin.apps.upscale.pulse.TELL_SECONDS", 0)
    source = film(tmp_path / "in.mp4", 8, (192, 256))
    seen = []
    options = UpscaleOptions(cuts=False, chunk=8, context=0, tile=64, encoder_preset="ultrafast")
    upscale(source, tmp_path / "out.mp4", network=Enlarge(1), options=options, progress=seen.append)
    shares = [state.share for state in seen if state.stage == "upscale"]
    assert shares == sorted(shares)
    before_the_first_frame = [s.share for s in seen if s.stage == "upscale" and not s.done]
    assert len(set(before_the_first_frame)) >= 10
    assert shares[-1] == 1
    assert all(s.seconds_left is not None for s in seen if s.stage == "upscale")


def test_hooks_go_when_it_ends():
    network = Enlarge(2)
    with Pulse(Path("in.mp4"), ClipRunner(network, "enlarge"), 1, print):
        assert network._forward_pre_hooks
    assert not network._forward_pre_hooks
