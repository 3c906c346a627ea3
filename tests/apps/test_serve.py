"""``fca2 serve``: the page over HTTP, as a program, and in a browser where there is one."""

import importlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fca2_plugin.apps.serve import open_server
from fca2_plugin.apps.upscale import UpscaleOptions
from fca2_plugin.cli import main
from fca2_plugin.codec import probe, read_video
from fca2_plugin.inference.runner import ClipRunner
from fca2_plugin.inference.settings import InferenceSettings
from tests.apps.browser import find, open_browser
from tests.apps.upscale.films import Enlarge, ffmpeg, film
from tests.conftest import require_host

require_host("gradio")
gradio_client = importlib.import_module("gradio_client")

CPU = InferenceSettings("cpu")
FAST = UpscaleOptions(cuts=False, encoder_preset="ultrafast", chunk=4, context=0, tile=0, crf=4)


class Held(Enlarge):
    """Waits in its first frame until it may go on."""

    def __init__(self) -> None:
        super().__init__(2)
        self.may_go, self.is_asked = threading.Event(), threading.Event()
        self.inner = torch.nn.Identity()

    def forward(self, lq: torch.Tensor) -> torch.Tensor:
        self.is_asked.set()
        assert self.may_go.wait(60)
        return super().forward(self.inner(lq))


@contextmanager
def serving(**settings):
    """A new server, and a client of it."""
    settings = {"options": FAST, **settings}
    if "network" not in settings:
        settings = {"weights": "bicubic", **settings}
    with open_server(**settings) as server:
        yield server, client_of(server)


def client_of(server, **settings):
    return gradio_client.Client(server.url, verbose=False, **settings)


@pytest.fixture(scope="module")
def client():
    with serving() as (_, made):
        yield made


def upscaled(client, path, weights="bicubic", preview=0, start=0, **choices):
    """The result's path, the slider's two images, and what is said."""
    given = gradio_client.handle_file(str(path))
    result, images, _, said = client.predict(
        given, weights, preview, start, api_name="/upscale", **choices
    )
    return Path(result), [np.asarray(Image.open(image)) for image in images], said


def test_a_video_is_upscaled_and_compared(client, tmp_path):
    source = film(tmp_path / "in.mp4", 12, languages=["deu"], cuts=[6])
    result, (before, after), said = upscaled(client, source)
    found = probe(result)
    assert (result.name, found.width, found.height, found.num_frames) == ("in_x4.mp4", 256, 192, 12)
    assert said.startswith("**in_x4.mp4**: 256x192, 12 frames in ")
    assert before.shape == after.shape == (192, 256, 3)
    frames = np.stack(list(read_video(result))).astype(int)
    for place, number in ((0, 0), (25, 3), (70, 8), (100, 11)):
        images = client.predict(place, api_name="/compare")
        before, after = (np.asarray(Image.open(image)).astype(int) for image in images)
        errors = np.abs(frames - after).mean((1, 2, 3))
        assert errors.argmin() == number and errors[number] < 2
        assert np.abs(before - after).mean() < 6  # the same frame of the source, enlarged


def test_a_part_in_another_height(client, tmp_path):
    source = film(tmp_path / "in.mp4", 12, languages=["deu"])
    choices = {"start": 0.1, "end": 0.3, "height": 96, "strength": 0.5, "deinterlace": True}
    result, (before, after), said = upscaled(client, source, **choices)
    found = probe(result)
    assert (result.name, found.width, found.height) == ("in_96p.mp4", 128, 96)
    assert len(list(read_video(result))) == 6
    assert before.shape == after.shape == (96, 128, 3)
    assert "nothing was deinterlaced" in said


def test_a_preview_shows_both_sides(client, tmp_path):
    source = film(tmp_path / "in.mkv", 20, cuts=[10])
    result, (before, after), _ = upscaled(client, source, preview=0.2, start=0.4)
    found = probe(result)
    assert (result.name, found.width, found.height) == ("in_preview.mkv", 512, 192)
    frames = np.stack(list(read_video(result))).astype(int)
    assert len(frames) == 6
    assert before.shape == after.shape == (192, 256, 3)
    errors = np.abs(frames - np.hstack([before, after])).mean((1, 2, 3))
    assert errors.argmin() == 3 and errors[3] < 4


def test_a_turned_film_stands_upright(client, tmp_path):
    plain = film(tmp_path / "plain.mp4", 4)
    ffmpeg("-display_rotation", 90, "-i", plain, "-c", "copy", tmp_path / "in.mp4")
    _, (before, after), _ = upscaled(client, tmp_path / "in.mp4")
    assert before.shape == after.shape == (256, 192, 3)


def test_weights_of_the_same_size(tmp_path):
    with serving(weights="enhance_stdf") as (_, client):
        result, (_, after), _ = upscaled(client, film(tmp_path / "a.mp4", 3), "enhance_stdf")
        assert (result.name, after.shape) == ("a_x1.mp4", (48, 64, 3))


def test_mistakes_are_one_sentence(client, tmp_path):
    (tmp_path / "bad.mp4").write_text("no video " * 99)
    with pytest.raises(Exception, match="^bad.mp4 is not a video that can be read"):
        upscaled(client, tmp_path / "bad.mp4")
    with pytest.raises(Exception, match="choose a video first"):
        client.predict(None, "bicubic", 0, 0, api_name="/upscale")
    source = film(tmp_path / "in.mp4", 3)
    with pytest.raises(Exception, match="there is no frame from second 9 on"):
        upscaled(client, source, preview=1, start=9)
    assert upscaled(client, source)[0].name == "in_x4.mp4"  # and the next one is fine


def test_a_fault_shows_in_the_terminal(client, tmp_path, monkeypatch, capfd):
    def fail(*args, **kwargs):
        raise ZeroDivisionError("one over nothing")

    monkeypatch.setattr("fca2_plugin.apps.serve.upscale", fail)
    with pytest.raises(Exception, match=r"this is a bug in fca2 \(one over nothing\)"):
        upscaled(client, film(tmp_path / "in.mp4", 2))
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_one_after_the_other_and_a_stop(tmp_path):
    network = Held()
    source = gradio_client.handle_file(str(film(tmp_path / "in.mp4", 3)))
    with serving(network=ClipRunner(network, "held", CPU)) as (server, first):
        second = client_of(server)
        running = first.submit(source, "held", 0, 0, api_name="/upscale")
        assert network.is_asked.wait(60)
        waiting = second.submit(source, "held", 0, 0, api_name="/upscale")
        second.predict(api_name="/stop")  # its own job does not run: the other one goes on
        first.predict(api_name="/stop")
        network.may_go.set()
        with pytest.raises(Exception, match="stopped"):
            running.result(60)
        assert Path(waiting.result(60)[0]).name == "in_x2.mp4"
    assert not network._forward_pre_hooks and not network.inner._forward_pre_hooks


def test_the_end_does_not_wait_for_a_job(tmp_path):
    network = Held()
    source = gradio_client.handle_file(str(film(tmp_path / "in.mp4", 3)))
    with serving(network=ClipRunner(network, "held", CPU), work_dir=tmp_path / "work") as (_, made):
        made.submit(source, "held", 0, 0, api_name="/upscale")
        assert network.is_asked.wait(60)
        threading.Timer(0.5, network.may_go.set).start()
    assert not list((tmp_path / "work").rglob("*_x2.mp4"))


def test_files_stay_in_a_work_folder_and_nothing_leaves_the_machine(tmp_path):
    asked = []
    is_watching = True  # a hook stays for good

    def watch(event, arguments):
        if is_watching and event == "socket.getaddrinfo":
            asked.append(str(arguments[0]))
        if is_watching and event == "socket.connect" and isinstance(arguments[1], tuple):
            asked.append(str(arguments[1][0]))

    sys.addaudithook(watch)
    source = film(tmp_path / "in.mp4", 2)
    environment = dict(os.environ)
    with serving(work_dir=tmp_path / "work") as (_, client):
        upscaled(client, source)
    is_watching = False
    assert asked and {*asked} <= {"127.0.0.1", "localhost", "::1"}
    assert [p.name for p in (tmp_path / "work" / "results").rglob("*.mp4")] == ["in_x4.mp4"]
    assert os.environ == environment


def test_other_machines_need_a_password(tmp_path):
    with pytest.raises(ValueError, match="host 0.0.0.0 is open to other machines; set a password"):
        with open_server(weights="bicubic", host="0.0.0.0"):
            pass
    with open_server(weights="bicubic", options=FAST, password="sesame") as server:
        with pytest.raises(gradio_client.exceptions.AuthenticationError, match="Please login"):
            client_of(server)
        with pytest.raises(ValueError, match="Could not login"):
            client_of(server, auth=("fca2", "please"))
        allowed = client_of(server, auth=("fca2", "sesame"))
        assert upscaled(allowed, film(tmp_path / "in.mp4", 2))[0].name == "in_x4.mp4"


def test_other_names_get_no_answer(client):
    for name, status in (("localhost", 200), ("127.0.0.1:1", 200), ("evil.example", 400)):
        request = urllib.request.Request(client.src, headers={"Host": name})
        try:
            assert urllib.request.urlopen(request).status == status
        except urllib.error.HTTPError as error:
            assert error.code == status


def test_too_large_an_upload_is_refused(tmp_path):
    source = film(tmp_path / "in.mp4", 2)
    with serving(max_gib=100 / 2**30) as (_, client), pytest.raises(Exception, match="413|exceed"):
        upscaled(client, source)


def test_servers_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(work_dir=tmp_path / "work"):
            for settings, message in (
                (
                    {"port": port},
                    f"the server cannot listen at 127.0.0.1, port {port} .*; choose anoth",
                ),
                ({"work_dir": tmp_path / "work"}, "another process is writing to"),
                ({"work_dir": tmp_path / "file"}, "cannot be written"),
                ({"max_gib": 0}, "the upload limit .--max-size. must be above 0"),
                ({"weights": "bicubik"}, r"did you mean 'bicubic'\?"),
                ({"network": Enlarge(2)}, "exclude each other"),
            ):
                with pytest.raises(ValueError, match=message):
                    with open_server(**{"weights": "bicubic", **settings}):
                        pass


def test_without_gradio_there_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert main(["serve"]) == 2
    assert re.search(r"gradio is needed here, .* pip install .*gradio>=6", capsys.readouterr().err)


def test_it_prints_its_address_and_ends_cleanly(tmp_path):
    command = [sys.executable, "-W", "ignore", "-m", "fca2_plugin.cli", "serve"]
    process = subprocess.Popen(
        [*command, "--weights", "bicubic", "--device", "cpu"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        # a background job of a shell, which a test run may be, ignores it, and hands that on
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127.0.0.1:\d+/", url), url + process.stderr.read()
        assert process.stdout.readline() == "open this address in a browser; press Ctrl-C to stop\n"
        assert "FCA" in urllib.request.urlopen(url).read().decode()
        assert list(tmp_path.glob("fca2-serve-*"))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out.strip(), err) == (0, "ending", "")
        assert not list(tmp_path.glob("fca2-serve-*"))
    finally:
        process.kill()
        process.communicate()


def test_a_person_in_a_browser(tmp_path):
    """Chooses a file, enhancement and back, and starts; nothing comes from outside."""
    source = film(tmp_path / "in.mp4", 8, (96, 128))
    with open_browser(tmp_path / "profile") as tab, serving() as (server, _):
        tab.call("Network.enable")
        tab.look(1280, 900)
        tab.open(server.url)
        tab.wait(f"{find('#source input[type=file]')} && {find('#start')}")
        tab.choose_files("#source input[type=file]", source)
        tab.wait("document.body.innerText.includes('in.mp4')")
        for number, name in ((1, "enhance"), (0, "bicubic")):
            tab.ask(f"document.querySelectorAll('#task input')[{number}].click()")
            tab.wait(f"{find('#weights input')}.value.startsWith('{name}')")
        tab.ask(f"{find('#start')}.click()")
        tab.wait("document.querySelectorAll('#slider img').length >= 2", 120)
        tab.wait("document.querySelector('#slider img').naturalWidth === 512")
        tab.wait("document.body.innerText.includes('in_x4.mp4')")
        assert tab.ask("document.body.innerText.includes('512x384, 8 frames')")
        tab.screenshot(tmp_path / "page.png")
        assert Image.open(tmp_path / "page.png").width == 1280
        outside = [
            url for url in tab.requested if not url.startswith((server.url, "data:", "blob:"))
        ]
        assert outside == []
