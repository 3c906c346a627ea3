"""A job that is killed goes on, and writes the very same file."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from fca2_plugin.apps.upscale import UpscaleOptions, plan_upscale, upscale
from fca2_plugin.apps.upscale.work import WorkFolder
from fca2_plugin.cli import main
from tests.apps.upscale.films import Enlarge, film

OPTIONS = UpscaleOptions(segment=4, cuts=False)
SLOWLY = """
import json, sys, time
from tests.apps.upscale.films import Enlarge
from fca2_plugin.apps.upscale import UpscaleOptions, upscale

class Slow(Enlarge):
    def forward(self, lq):
        time.sleep(0.05 * (lq.shape[-2] == 48))
        return super().forward(lq)

Slow.__name__ = Slow.__qualname__ = "Enlarge"
source, out = sys.argv[1:]
options = UpscaleOptions(segment=4, cuts=False, chunk=2, context=0, resume=True)
upscale(source, out, network=Slow(2), options=options)
"""


def start(source, out):
    return subprocess.Popen([sys.executable, "-W", "ignore", "-c", SLOWLY, str(source), str(out)])


def test_killed_twice_it_writes_the_same_file(tmp_path):
    source = film(tmp_path / "in.mp4", 16, languages=["deu"])
    options = replace(OPTIONS, chunk=2, context=0)
    expected = upscale(source, tmp_path / "whole.mp4", network=Enlarge(2), options=options).out
    out = tmp_path / "out.mp4"
    work = WorkFolder(out)
    for wanted in (1, 3):
        job = start(source, out)
        while job.poll() is None and len(list(work.path.glob("segment-*.mkv"))) < wanted:
            time.sleep(0.005)
        os.kill(job.pid, signal.SIGKILL)
        job.wait()
        assert not out.exists()
        assert len(list(work.path.glob("segment-*.mkv"))) in (wanted, wanted + 1)
    upscale(source, out, network=Enlarge(2), options=replace(options, resume=True))
    assert out.read_bytes() == expected.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "out.mp4", "whole.mp4"]


class Stops(Enlarge):
    """Fails after some calls."""

    def __init__(self, calls, error):
        super().__init__(2)
        self.calls, self.error = calls, error

    def __repr__(self):  # its fingerprint is that of another
        return "Stops"

    def forward(self, lq):
        if lq.shape[-2] == 48:
            self.calls -= 1
            if self.calls < 0:
                raise self.error
        return super().forward(lq)


def stop(source, out, options=OPTIONS, calls=3):
    options = replace(options, chunk=options.chunk or 2, context=0)
    with pytest.raises(KeyboardInterrupt):
        upscale(source, out, network=Stops(calls, KeyboardInterrupt()), options=options)
    return options


def test_what_is_finished_is_not_made_again(tmp_path):
    source, out = film(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    options = stop(source, out)
    seen = []
    network = Stops(100, None)
    result = upscale(
        source, out, network=network, options=replace(options, resume=True), progress=seen.append
    )
    assert result.resumed_frames == 4
    steps = [(state.done, state.total) for state in seen if state.stage == "upscale"]
    assert list(dict.fromkeys(steps))[-8:] == [(done, 8) for done in range(1, 9)]
    assert not [state for state in seen if state.stage == "scan"]  # what it found is kept, too
    again = upscale(source, out, network=network, options=replace(options, resume=True))
    note = f"{out} is complete, so there is nothing to do; --overwrite makes it again"
    assert again.notes == (note,)


def test_a_stopped_job_is_neither_lost_nor_mixed_up(tmp_path):
    source, out = film(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    options = stop(source, out)
    network = Stops(100, None)
    with pytest.raises(
        ValueError, match="an interrupted job for this result is in .*; continue it with --res"
    ):
        upscale(source, out, network=network, options=options)
    resumed = replace(options, resume=True)
    for changed, message in (
        (replace(resumed, crf=30), "encoder options was .*crf.*18.* and is .*30"),
        (replace(resumed, chunk=3), "chunk was 2 and is 3"),
        (replace(resumed, segment=5), "segment was 4 and is 5"),
    ):
        with pytest.raises(ValueError, match=message):
            upscale(source, out, network=network, options=changed)
    with pytest.raises(ValueError, match="network was .* and is .*; use the same settings again"):
        upscale(source, out, network=Enlarge(2), options=resumed)
    os.utime(source, (1, 1))
    with pytest.raises(ValueError, match="source changed was"):
        upscale(source, out, network=network, options=resumed)
    assert WorkFolder(out).has_segments()
    result = upscale(source, out, network=network, options=replace(options, overwrite=True))
    assert result.resumed_frames == 0


def test_a_kill_after_the_last_step_leaves_nothing_to_do(tmp_path):
    source, out = film(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    options = stop(source, out)
    out.write_bytes(b"whole")  # renamed, and killed before the folder was gone
    upscale(source, out, network=Stops(100, None), options=replace(options, resume=True))
    assert out.read_bytes() == b"whole"
    assert not WorkFolder(out).path.exists()


def test_a_job_that_replaces_a_result_goes_on(tmp_path):
    source, out = film(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    options = replace(OPTIONS, chunk=2, context=0)
    expected = upscale(source, tmp_path / "x.mp4", network=Stops(100, None), options=options).out
    out.write_bytes(b"old")
    stop(source, out, replace(OPTIONS, overwrite=True))
    assert out.read_bytes() == b"old"
    options = replace(options, resume=True)
    result = upscale(source, out, network=Stops(100, None), options=options)
    assert result.resumed_frames == 4
    assert out.read_bytes() == expected.read_bytes()


def test_an_error_before_the_first_segment_leaves_no_folder(tmp_path):
    source, out = film(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    stop(source, out, calls=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4"]


@pytest.mark.parametrize("how", ["resume", "overwrite"])
def test_two_jobs_do_not_write_the_same_result(tmp_path, how):
    source, out = film(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    options = replace(OPTIONS, chunk=2, context=0)

    class Second(Stops):
        def forward(self, lq):
            if lq.shape[-2] == 48:
                network = Stops(9, None)
                upscale(source, out, network=network, options=replace(options, **{how: True}))
            return super().forward(lq)

    with pytest.raises(ValueError, match="another process is writing to"):
        upscale(source, out, network=Second(9, None), options=options)


def test_several_processes_share_a_file(tmp_path):
    source = film(tmp_path / "in.mp4", 16, languages=["deu"])
    out, alone = tmp_path / "out.mp4", tmp_path / "alone.mp4"
    common = ["upscale", str(source), "--weights", "bicubic", "--segment", "3", "--json-lines"]
    assert main([*common, str(alone)]) == 0
    with socket.create_server(("localhost", 0)) as server:
        port = server.getsockname()[1]
    jobs = []
    for rank in "01":  # as torchrun starts them
        place = {"MASTER_ADDR": "localhost", "MASTER_PORT": str(port)}
        ranks = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2"}
        command = [sys.executable, "-W", "ignore", "-m", "fca2_plugin.cli", *common, str(out)]
        environment = {**os.environ, **place, **ranks}
        jobs.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    lines = [
        json.loads(line) for job in jobs for line in job.communicate(timeout=300)[0].splitlines()
    ]
    assert [job.returncode for job in jobs] == [0, 0]
    assert out.read_bytes() == alone.read_bytes()
    totals = {line["total"] for line in lines if line.get("stage") == "upscale"}
    assert totals == {7, 9}  # three segments each, the last of one frame


def test_the_plan_writes_nothing(tmp_path):
    source = film(tmp_path / "in.mp4")
    plan_upscale(source, tmp_path / "out.mp4", network=Enlarge(2), options=OPTIONS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4"]
