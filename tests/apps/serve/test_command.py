"""``fca2 serve`` as a program."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from fca2_plugin.cli import main
from tests.apps.upscale.films import film


def test_it_prints_its_address_and_ends_cleanly(tmp_path):
    command = [sys.executable, "-m", "fca2_plugin.cli", "serve", "--preset", "bicubic"]
    process = subprocess.Popen(
        [*command, "--device", "cpu"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        # a background job of a shell, which a test run may be, ignores it, and hands that on
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        url = process.stdout.readline().strip()
        found = re.fullmatch(r"http://127.0.0.1:(\d+)/\?token=(\S+)", url)
        assert found, url + process.stderr.read()
        assert process.stdout.readline() == "open this address in a browser; Ctrl-C ends\n"
        assert "Upscale a video" in urllib.request.urlopen(url).read().decode()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/")
        body = film(tmp_path / "in.mp4", 2).read_bytes()
        request = urllib.request.Request(
            f"http://127.0.0.1:{found[1]}/api/jobs?name=in.mp4&token={found[2]}", body, method="PUT"
        )
        assert urllib.request.urlopen(request).status == 201
        assert list(tmp_path.glob("fca2-serve-*"))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out.strip(), err) == (0, "ending", "")
        assert not list(tmp_path.glob("fca2-serve-*"))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def own_signals():
    previous = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, previous)


def test_kill_ends_it_as_cleanly_and_a_folder_stays(tmp_path, own_signals, capsys):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def kill_when_it_answers():
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                time.sleep(0.3)  # from listening to serving
                return os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=kill_when_it_answers).start()
    work = tmp_path / "work"
    assert main(["serve", "--port", str(port), "--work-dir", str(work)]) == 0
    out = capsys.readouterr().out
    assert f"http://127.0.0.1:{port}/?token=" in out
    assert "note: no network was chosen: preset small was taken" in out
    assert out.endswith("ending\n")
    assert work.is_dir()


def test_a_mistake_is_one_sentence(own_signals, capsys):
    assert main(["serve", "--preset", "bicubik"]) == 2
    assert "unknown preset 'bicubik' (did you mean 'bicubic'?)" in capsys.readouterr().err
